"""The stack-augmented recurrent network."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import Observation, OptionValue, RecurrentModel, match_ntm, require_positive

_EMPTY = -1.0
"""What an empty place of a stack holds. Pushed values lie in (0, 1), so the model can tell them apart."""


class StackState(NamedTuple):
    """What the network carries from step to step."""

    hidden: Float[Tensor, "B H"]
    stacks: Float[Tensor, "B S N"]
    """The top comes first."""


class _Actions(NamedTuple):
    """What a step does to the stacks."""

    probabilities: Float[Tensor, "B S A"]
    """Of push, pop and, where there is one, no-op."""
    pushed: Float[Tensor, "B S"]


class StackRNNModel(RecurrentModel):
    """A simple recurrent network with continuous stacks of numbers (Joulin & Mikolov 2015, section 3.2).

    The hidden layer sees the input, itself and the topmost elements of all stacks, each one step before; from it
    follow the logits and, for every stack, the value to push and the probabilities of the actions:

        h_t = sigmoid(U x_t + R h_{t-1} + P tops_{t-1})
        a_t = softmax(A h_t)
        s_t[0] = a_t[push] sigmoid(D h_t) + a_t[pop] s_{t-1}[1] + a_t[noop] s_{t-1}[0]
        s_t[i] = a_t[push] s_{t-1}[i-1] + a_t[pop] s_{t-1}[i+1] + a_t[noop] s_{t-1}[i]

    As in the authors' code (https://github.com/facebookarchive/Stack-RNN) an empty place holds -1, and a stack
    starts empty. What differs: the linear maps have biases, and the hidden layer's weights start Glorot-uniform with
    gain 4 where theirs have a deviation of 0.1.

    A stack has a fixed depth: what a push moves beyond it is lost, and a pop moves an empty place in from below.
    So a sequence that keeps more than `stack_depth` elements on a stack loses the oldest of them.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        hidden_size: units of the hidden layer, 1 or more; None takes the size that gives the whole model as nearly as
            can be the parameters of the default NTM on the same task, with the other options as given.
        stacks: number of stacks, 1 or more.
        stack_depth: elements of a stack, at least `visible`.
        visible: topmost elements of each stack that the hidden layer sees, 1 or more.
        noop: whether a stack can also be left as it is; without, it is pushed or popped at every step.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        hidden_size: int | None = None,
        stacks: int = 10,
        stack_depth: int = 128,
        visible: int = 2,
        noop: bool = True,
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(hidden_size=hidden_size, stacks=stacks, stack_depth=stack_depth, visible=visible)
        if visible > stack_depth:
            raise ValueError(f"visible must be at most stack_depth ({stack_depth}), not {visible}")
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            match = match_ntm(
                lambda size: StackRNNModel(
                    input_size, output_size, hidden_size=size, stacks=stacks, visible=visible, noop=noop
                ),
                input_size,
                output_size,
            )
            hidden_size, self._details = match.size, match.details("hidden_size")
        self.hidden_size, self.stacks, self.stack_depth, self.visible = hidden_size, stacks, stack_depth, visible
        self.actions = 3 if noop else 2
        self.hidden = nn.Linear(input_size + hidden_size + stacks * visible, hidden_size)
        # A sigmoid flattens what passes it to a quarter; without this a hidden layer of 200 units hardly learns.
        nn.init.xavier_uniform_(self.hidden.weight, gain=4.0)
        self.control = nn.Linear(hidden_size, stacks * (self.actions + 1))
        self.readout = nn.Linear(hidden_size, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> StackState:
        """Return hidden units at zero and empty stacks."""
        zeros = self.readout.weight.new_zeros
        stacks = zeros(batch_size, self.stacks, self.stack_depth) + _EMPTY
        return StackState(zeros(batch_size, self.hidden_size), stacks)

    def step(self, inputs: Float[Tensor, "B I"], state: StackState) -> tuple[Float[Tensor, "B O"], StackState]:
        """Advance the hidden layer, then the stacks."""
        logits, state, _ = self._advance(inputs, state)
        return logits, state

    def observe(
        self, inputs: Float[Tensor, "B I"], state: StackState
    ) -> tuple[Float[Tensor, "B O"], StackState, Observation]:
        """Do a step and tell what happened to the stacks.

        The slots of the memory are the places of the stacks, from the top down, as wide as there are stacks. The one
        read head attends to the visible places alike. Every stack is a write head; it writes the top, as strongly
        as it pushes.
        """
        logits, state, actions = self._advance(inputs, state)
        top_down = torch.arange(self.stack_depth, device=inputs.device)
        read = (top_down < self.visible).to(logits.dtype) / self.visible
        push = actions.probabilities[..., 0]
        written = push.unsqueeze(-1) * (top_down == 0).to(logits.dtype)
        gates = dict(zip(("push", "pop", "noop"), actions.probabilities.unbind(-1), strict=False))
        return logits, state, Observation(read.expand(len(inputs), 1, -1), written, state.stacks.mT, gates)

    def _advance(
        self, inputs: Float[Tensor, "B I"], state: StackState
    ) -> tuple[Float[Tensor, "B O"], StackState, _Actions]:
        tops = state.stacks[..., : self.visible].flatten(1)
        hidden = self.hidden(torch.cat([inputs, state.hidden, tops], dim=1)).sigmoid()
        control = self.control(hidden).unflatten(1, (self.stacks, self.actions + 1))
        actions = _Actions(control[..., 1:].softmax(-1), control[..., 0].sigmoid())
        return self.readout(hidden), StackState(hidden, _act(state.stacks, actions)), actions


def _act(stacks: Float[Tensor, "B S N"], actions: _Actions) -> Float[Tensor, "B S N"]:
    """Return the mean of what the actions would make of the stacks."""
    pushed = torch.cat([actions.pushed.unsqueeze(-1), stacks[..., :-1]], dim=-1)
    popped = torch.cat([stacks[..., 1:], torch.full_like(stacks[..., :1], _EMPTY)], dim=-1)
    outcomes = (pushed, popped, stacks)[: actions.probabilities.shape[-1]]
    weights = actions.probabilities.unsqueeze(-1).unbind(2)
    first, *others = (weight * outcome for weight, outcome in zip(weights, outcomes, strict=True))
    return sum(others, first)
