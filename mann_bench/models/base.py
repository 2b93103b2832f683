"""What every model is: a Lightning module from inputs [T, B, I] to logits [T, B, O]."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import Protocol
from mann_bench.nn.scan import recomputing_scan, scan


class NonFiniteError(ArithmeticError):
    """Training met a loss or gradient that is not finite.

    Attributes:
        culprit: ``loss``, or the name of the first parameter whose gradient is not finite.
    """

    def __init__(self, culprit: str) -> None:
        super().__init__(f"{culprit} is not finite")
        self.culprit = culprit


class SequenceModule(pl.LightningModule, ABC):
    """A model of the suite. Authors write `forward`; its options are the keyword-only parameters of `__init__`.

    It trains under any `pytorch_lightning.Trainer` with a `SequenceTask` as its datamodule; the loss is the
    task's, optimiser and gradient clipping are those of `protocol`.

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.

    Attributes:
        protocol: how it is trained; the runner sets the run's.
        gradient_norm: global norm of the last step's gradient before it was clipped; None before training.
    """

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__()
        self.input_size, self.output_size = input_size, output_size
        self.protocol = Protocol()
        self.gradient_norm: Tensor | None = None

    @abstractmethod
    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step of every sequence."""

    def initial_state(self, batch_size: int) -> Any:
        """Return what the model carries from step to step, as nested tuples of tensors; by default nothing."""
        return ()

    def state_bytes(self) -> int:
        """Bytes of state a sequence, counted from the tensors of `initial_state`."""
        return sum(t.numel() * t.element_size() for t in _tensors(self.initial_state(1)))

    def details(self) -> dict[str, OptionValue]:
        """Return what the record should state about the model that its options do not tell; by default nothing."""
        return {}

    def training_step(self, batch: Any, batch_index: int) -> Tensor:
        """Return the mean loss of the batch, in nats a sequence."""
        loss: Tensor = self.trainer.datamodule.loss(self(batch.inputs), batch).mean()  # type: ignore[attr-defined]
        if not torch.isfinite(loss):
            raise NonFiniteError("loss")
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the protocol's optimiser over all parameters."""
        protocol, parameters = self.protocol, list(self.parameters())
        if protocol.optimizer == "rmsprop":
            return torch.optim.RMSprop(parameters, lr=protocol.learning_rate, momentum=protocol.momentum, foreach=True)
        return torch.optim.Adam(parameters, lr=protocol.learning_rate, fused=True)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the global gradient norm as the protocol says; refuse to step on a norm that is not finite."""
        bound = self.protocol.gradient_clip_norm or float("inf")
        try:
            # This raises before it scales: after scaling by NaN every gradient would look like the culprit.
            self.gradient_norm = nn.utils.clip_grad_norm_(self.parameters(), bound, error_if_nonfinite=True)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:
            raise NonFiniteError(self._first_non_finite_gradient()) from None

    def _first_non_finite_gradient(self) -> str:
        for name, parameter in self.named_parameters():
            if parameter.grad is not None and not parameter.grad.isfinite().all():
                return name
        return "gradient norm"


class Observation(NamedTuple):
    """What a memory did in one time step, for traces and diagnostics. R read heads, K write heads, N slots."""

    read_weightings: Float[Tensor, "B R N"]
    write_weightings: Float[Tensor, "B K N"]
    memory: Float[Tensor, "B N W"]
    gates: dict[str, Float[Tensor, "B _"]]
    """What the controller told the heads, one value a head, by name: interpolation gates, sharpening ..."""


class RecurrentModel(SequenceModule):
    """A model that advances one time step at a time. Authors write `initial_state` and `step`.

    Attributes:
        recompute: whether backward recomputes most steps; the runner sets it where keeping them all takes
            too much memory.
    """

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.recompute = False

    @abstractmethod
    def initial_state(self, batch_size: int) -> Any:
        """Return the state before the first step for `batch_size` sequences, as nested tuples of tensors."""

    @abstractmethod
    def step(self, inputs: Float[Tensor, "B I"], state: Any) -> tuple[Float[Tensor, "B O"], Any]:
        """Return the logits of one time step and the state after it."""

    def observe(self, inputs: Float[Tensor, "B I"], state: Any) -> tuple[Float[Tensor, "B O"], Any, Observation | None]:
        """Do a step and tell what the memory did; None, the default, where there is nothing to tell."""
        return *self.step(inputs, state), None

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Scan `step` over time from the initial state."""
        run = recomputing_scan if self.recompute and torch.is_grad_enabled() else scan
        return run(self.step, inputs, self.initial_state(inputs.shape[1]))[0]


def _tensors(state: Any) -> Iterator[Tensor]:
    if isinstance(state, Tensor):
        yield state
    else:
        for part in state:
            yield from _tensors(part)
