"""The stack-augmented recurrent network."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import Observation, OptionValue, RecurrentModel, match_ntm, require_one_of, require_positive

Form = Literal["joulin2015", "deletang2023"]

_EMPTY = {"joulin2015": -1.0, "deletang2023": 0.0}
"""What an empty place of a stack holds. Pushed values of the first form lie in (0, 1), so it can tell them apart."""


class StackState(NamedTuple):
    """What the network carries from step to step."""

    hidden: Float[Tensor, "B H"]
    stacks: Float[Tensor, "B M N"]
    """The top comes first; the numbers of an element lie in neighbouring stacks that move alike: M = S * C."""


class _Actions(NamedTuple):
    """What a step does to the stacks."""

    probabilities: Float[Tensor, "B S A"]
    """Of push, pop and, where there is one, no-op."""
    pushed: Float[Tensor, "B M"]


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

    With ``form=deletang2023,stacks=1,cell_size=8,visible=1`` it is the Stack-RNN of Delétang et al. 2023
    (https://arxiv.org/abs/2207.02098), as their code has it: elements are vectors, the hidden layer is of ReLUs, the
    pushed value is D h_t itself, and an empty place holds 0. What differs: linear maps start as `torch.nn.Linear`
    starts them, and the hidden layer has one bias where theirs has two.

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
        cell_size: numbers of an element, 1 or more.
        form: ``joulin2015``, the equations above, or ``deletang2023``.
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
        cell_size: int = 1,
        form: Form = "joulin2015",
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(
            hidden_size=hidden_size, stacks=stacks, stack_depth=stack_depth, visible=visible, cell_size=cell_size
        )
        require_one_of(form=(form, Form))
        if visible > stack_depth:
            raise ValueError(f"visible must be at most stack_depth ({stack_depth}), not {visible}")
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            match = match_ntm(
                lambda size: StackRNNModel(
                    input_size,
                    output_size,
                    hidden_size=size,
                    stacks=stacks,
                    visible=visible,
                    noop=noop,
                    cell_size=cell_size,
                ),
                input_size,
                output_size,
            )
            hidden_size, self._details = match.size, match.details("hidden_size")
        self.hidden_size, self.stacks, self.stack_depth, self.visible = hidden_size, stacks, stack_depth, visible
        self.actions, self.cell_size, self.form = 3 if noop else 2, cell_size, form
        self.hidden = nn.Linear(input_size + hidden_size + stacks * cell_size * visible, hidden_size)
        if form == "joulin2015":
            # A sigmoid flattens what passes it to a quarter; without this a hidden layer of 200 units hardly learns.
            nn.init.xavier_uniform_(self.hidden.weight, gain=4.0)
        self.control = nn.Linear(hidden_size, stacks * (cell_size + self.actions))
        self.readout = nn.Linear(hidden_size, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> StackState:
        """Return hidden units at zero and empty stacks."""
        zeros = self.readout.weight.new_zeros
        stacks = zeros(batch_size, self.stacks * self.cell_size, self.stack_depth) + _EMPTY[self.form]
        return StackState(zeros(batch_size, self.hidden_size), stacks)

    def step(self, inputs: Float[Tensor, "B I"], state: StackState) -> tuple[Float[Tensor, "B O"], StackState]:
        """Advance the hidden layer, then the stacks."""
        logits, state, _ = self._advance(inputs, state)
        return logits, state

    def observe(
        self, inputs: Float[Tensor, "B I"], state: StackState
    ) -> tuple[Float[Tensor, "B O"], StackState, Observation]:
        """Do a step and tell what happened to the stacks.

        The slots of the memory are the places of the stacks, from the top down, as wide as all stacks together. The one
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
        joulin = self.form == "joulin2015"
        hidden = self.hidden(torch.cat([inputs, state.hidden, tops], dim=1))
        hidden = hidden.sigmoid() if joulin else hidden.relu()
        control = self.control(hidden).unflatten(1, (self.stacks, self.cell_size + self.actions))
        pushed = control[..., : self.cell_size].flatten(1)
        actions = _Actions(control[..., self.cell_size :].softmax(-1), pushed.sigmoid() if joulin else pushed)
        return self.readout(hidden), StackState(hidden, _act(state.stacks, actions, _EMPTY[self.form])), actions


def _act(stacks: Float[Tensor, "B M N"], actions: _Actions, empty: float) -> Float[Tensor, "B M N"]:
    """Return the mean of what the actions would make of the stacks."""
    cell_size = stacks.shape[1] // actions.probabilities.shape[1]
    pushed = torch.cat([actions.pushed.unsqueeze(-1), stacks[..., :-1]], dim=-1)
    popped = torch.cat([stacks[..., 1:], torch.full_like(stacks[..., :1], empty)], dim=-1)
    outcomes = (pushed, popped, stacks)[: actions.probabilities.shape[-1]]
    weights = actions.probabilities.repeat_interleave(cell_size, dim=1).unsqueeze(-1).unbind(2)
    first, *others = (weight * outcome for weight, outcome in zip(weights, outcomes, strict=True))
    return sum(others, first)
