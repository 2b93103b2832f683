"""One time step of a network with a memory."""

from typing import Generic, Protocol, TypeVar, runtime_checkable

from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.nn.scan import State

State_co = TypeVar("State_co", covariant=True)


@runtime_checkable
class Observed(Protocol[State_co]):
    """What a cell tells of a time step, this among other things."""

    @property
    def output(self) -> Tensor:
        """The controller's hidden activation beside the read vectors, [B, output_size]."""

    @property
    def state(self) -> State_co:
        """The state after the step."""


class MemoryCell(nn.Module, Generic[State]):
    """One time step of a network with a memory. A cell says what it does in `observe`."""

    input_size: int
    output_size: int

    def initial_state(self, batch_size: int) -> State:
        """Return the state before the first step."""
        raise NotImplementedError

    def observe(self, inputs: Float[Tensor, "B I"], state: State) -> Observed[State]:
        """Advance by one time step, as `forward`, and tell what the cell did."""
        raise NotImplementedError

    def forward(self, inputs: Float[Tensor, "B I"], state: State | None = None) -> tuple[Float[Tensor, "B F"], State]:
        """Advance by one time step.

        Args:
            inputs: [B, I].
            state: the state before the step; None starts afresh.

        Returns:
            The controller's hidden activation beside the read vectors, [B, output_size], and the new state.
        """
        step = self.observe(inputs, self.initial_state(inputs.shape[0]) if state is None else state)
        return step.output, step.state
