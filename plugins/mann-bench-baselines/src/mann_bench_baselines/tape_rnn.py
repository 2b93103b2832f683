"""The recurrent network with a tape, the "Baby-NTM" of Delétang et al. 2023."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from mann_bench import Observation, OptionValue, RecurrentModel, match_ntm, require_one_of, require_positive
from mann_bench.nn import draw_weights
from mann_bench_baselines.rnn import Activation

_ACTIONS = ("stay", "forward", "back", "jump_forward", "jump_back")


class TapeState(NamedTuple):
    """What the network carries from step to step."""

    hidden: Float[Tensor, "B H"]
    tapes: Float[Tensor, "B K N W"]
    """The head is at the first cell."""
    length: Int[Tensor, "B"]
    """Steps of the input so far."""
    answering: Bool[Tensor, "B"]
    """Whether the answer has begun."""


class _Actions(NamedTuple):
    """What a step does to the tapes."""

    probabilities: Float[Tensor, "B K A"]
    written: Float[Tensor, "B K W"]


class TapeRNNModel(RecurrentModel):
    """A simple recurrent network that moves tapes (Delétang et al. 2023, section 4, https://arxiv.org/abs/2207.02098).

    The hidden layer sees the input, itself and the cell at the head of every tape. From it follow the logits and, for
    every tape, what is written to that cell and the probabilities of five moves:

        h_t = relu(U x_t + R h_{t-1} + P cells_{t-1} + b)
        written tape = tape_{t-1} with MLP(h_t) at the head
        tape_t = a_1 (it stays) + a_2, a_3 (moved by one cell) + a_4, a_5 (moved by the length of the input)

    a = softmax(A h_t). The head is at the first cell and the tape moves below it, in a circle. As in the authors' code
    (https://github.com/google-deepmind/neural_networks_chomsky_hierarchy) every move writes, and the MLP has two hidden
    layers of ReLUs; the paper's text has jumps that do not write. What differs: linear maps start as `torch.nn.Linear`
    starts them, and there is no ReLU between the hidden layer and the logits where that layer is tanh.

    The authors tell the model the length of the input. Here it is counted: the steps before the first at which channel
    `answer_channel` of the inputs is above 1/2, the symbol that asks for the answer. Until then it is the steps so far,
    so a jump back from the first step of the answer reaches what was written at the first step of the input.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        hidden_size: units of the hidden layer, 1 or more; None takes the size that gives the whole model as nearly as
            can be the parameters of the default NTM on the same task, with the other options as given.
        tapes: number of tapes, 1 or more; the paper has 1 or 4.
        cell_size: numbers of a cell, 1 or more.
        cells: cells of a tape in training, 2 or more.
        test_cells: cells of a tape outside training, where sequences are longer, 2 or more.
        value_units: units of each hidden layer of the MLP, 1 or more.
        activation: of the hidden layer, ``relu`` or ``tanh``.
        answer_channel: channel of the inputs that asks for the answer; below 0, from the last on.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        hidden_size: int | None = None,
        tapes: int = 1,
        cell_size: int = 8,
        cells: int = 256,
        test_cells: int = 1024,
        value_units: int = 64,
        activation: Activation = "relu",
        answer_channel: int = -1,
    ) -> None:
        super().__init__(input_size, output_size)
        require_positive(hidden_size=hidden_size, tapes=tapes, cell_size=cell_size, value_units=value_units)
        require_one_of(activation=(activation, Activation))
        if min(cells, test_cells) < 2:
            raise ValueError(f"cells and test_cells must be at least 2, not {cells} and {test_cells}")
        if not -input_size <= answer_channel < input_size:
            raise ValueError(f"answer_channel must be from {-input_size} to {input_size - 1}, not {answer_channel}")
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            match = match_ntm(
                lambda size: TapeRNNModel(
                    input_size, output_size, hidden_size=size, tapes=tapes, cell_size=cell_size, value_units=value_units
                ),
                input_size,
                output_size,
            )
            hidden_size, self._details = match.size, match.details("hidden_size")
        self.hidden_size, self.tapes, self.cell_size = hidden_size, tapes, cell_size
        self.cells, self.test_cells, self.answer_channel = cells, test_cells, answer_channel
        self.activation = torch.relu if activation == "relu" else torch.tanh
        self.hidden = nn.Linear(input_size + hidden_size + tapes * cell_size, hidden_size)
        self.moves = nn.Linear(hidden_size, tapes * len(_ACTIONS))
        self.value = nn.Sequential(
            nn.Linear(hidden_size, value_units),
            nn.ReLU(),
            nn.Linear(value_units, value_units),
            nn.ReLU(),
            nn.Linear(value_units, tapes * cell_size),
        )
        self.readout = nn.Linear(hidden_size, output_size)

    def draw_weights(self, seed: int) -> None:
        """Draw the weights, the same for a seed on every processor."""
        draw_weights(self, seed)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> TapeState:
        """Return hidden units and tapes at zero; the tapes are longer outside training."""
        zeros = self.readout.weight.new_zeros
        tapes = zeros(batch_size, self.tapes, self.cells if self.training else self.test_cells, self.cell_size)
        counted = zeros(batch_size, dtype=torch.int64)
        return TapeState(zeros(batch_size, self.hidden_size), tapes, counted, counted.bool())

    def step(self, inputs: Float[Tensor, "B I"], state: TapeState) -> tuple[Float[Tensor, "B O"], TapeState]:
        """Advance the hidden layer, then write to the tapes and move them."""
        logits, state, _ = self._advance(inputs, state)
        return logits, state

    def observe(
        self, inputs: Float[Tensor, "B I"], state: TapeState
    ) -> tuple[Float[Tensor, "B O"], TapeState, Observation]:
        """Do a step and tell what happened to the tapes.

        The slots of the memory are the cells from the head on, as wide as all tapes together. Every tape is a head that
        reads and writes the first slot, and its gates are the probabilities of its moves.
        """
        logits, after, actions = self._advance(inputs, state)
        batch, tapes, cells, _ = after.tapes.shape
        at_head = (torch.arange(cells, device=inputs.device) == 0).to(logits.dtype).expand(batch, tapes, -1)
        gates = dict(zip(_ACTIONS, actions.probabilities.unbind(-1), strict=True))
        return logits, after, Observation(at_head, at_head, after.tapes.transpose(1, 2).flatten(2), gates)

    def _advance(
        self, inputs: Float[Tensor, "B I"], state: TapeState
    ) -> tuple[Float[Tensor, "B O"], TapeState, _Actions]:
        answering = state.answering | (inputs[:, self.answer_channel] > 0.5)
        length = state.length + ~answering
        read = state.tapes[:, :, 0].flatten(1)
        hidden = self.activation(self.hidden(torch.cat([inputs, state.hidden, read], dim=1)))
        moves = self.moves(hidden).unflatten(1, (self.tapes, len(_ACTIONS)))
        actions = _Actions(moves.softmax(-1), self.value(hidden).unflatten(1, (self.tapes, self.cell_size)))
        tapes = _moved(state.tapes, actions, length)
        return self.readout(hidden), TapeState(hidden, tapes, length, answering), actions


def _moved(tapes: Float[Tensor, "B K N W"], actions: _Actions, length: Int[Tensor, "B"]) -> Float[Tensor, "B K N W"]:
    """Return the mean of what the moves make of the tapes once they are written to."""
    written = torch.cat([actions.written.unsqueeze(2), tapes[:, :, 1:]], dim=2)
    moved = (written, written.roll(-1, 2), written.roll(1, 2), _jumped(written, length), _jumped(written, -length))
    weights = actions.probabilities[..., None, None].unbind(2)
    first, *others = (weight * outcome for weight, outcome in zip(weights, moved, strict=True))
    return sum(others, first)


def _jumped(tapes: Float[Tensor, "B K N W"], by: Int[Tensor, "B"]) -> Float[Tensor, "B K N W"]:
    """Return the tapes with the cell that lies `by` cells ahead at the head, a distance a sequence."""
    cells = tapes.shape[2]
    places = (torch.arange(cells, device=tapes.device) + by.unsqueeze(1)) % cells  # [B, N]
    return tapes.gather(2, places[:, None, :, None].expand_as(tapes))
