"""A model for each cell of torchrecurrent, made when its name is first used: `models.LEM` is that of `LEMCell`."""

import functools
import inspect
from typing import Any, ClassVar

import torch
import torchrecurrent
from jaxtyping import Float
from torch import Tensor, nn

from mann_bench import OptionValue, RecurrentModel, match_ntm, require_positive

_SAME_SIZE = ("IntersectionRNN", "TGRU", "TLSTM")
"""Cells that need as many inputs as they have units."""


class CellModel(RecurrentModel):
    """A stack of one of torchrecurrent's cells under a linear map to the logits.

    Cells and the way they start are those of torchrecurrent 0.2.5 with its defaults. The state starts at zero. Where a
    cell needs as many inputs as it has units, a linear map makes them of the inputs.

    Args:
        input_size: channels of the task's inputs.
        output_size: channels of the logits.
        hidden_size: units of each layer, 1 or more; None takes the size that gives the whole model as nearly as can be
            the parameters of the default NTM on the same task.
        layers: layers of the stack, 1 or more.
    """

    cell: ClassVar[str]
    """The cell's name in torchrecurrent, without ``Cell``."""

    def __init__(self, input_size: int, output_size: int, *, hidden_size: int | None = None, layers: int = 1) -> None:
        super().__init__(input_size, output_size)
        require_positive(hidden_size=hidden_size, layers=layers)
        self._details: dict[str, OptionValue] = {}
        if hidden_size is None:
            build = functools.partial(type(self), input_size, output_size, layers=layers)
            match = match_ntm(lambda size: build(hidden_size=size), input_size, output_size)
            hidden_size, self._details = match.size, match.details("hidden_size")
        kind = getattr(torchrecurrent, f"{self.cell}Cell")
        mapped = self.cell in _SAME_SIZE
        self.embedding = nn.Linear(input_size, hidden_size) if mapped else nn.Identity()
        sizes = [hidden_size if mapped else input_size] + [hidden_size] * (layers - 1)
        # Without a device the cells take the processor, whatever torch's default is.
        self.cells = nn.ModuleList(kind(size, hidden_size, device=torch.get_default_device()) for size in sizes)
        self.readout = nn.Linear(hidden_size, output_size)

    def details(self) -> dict[str, OptionValue]:
        """Return the size that was chosen, and the parameters of the NTM that it was chosen by."""
        return self._details

    def initial_state(self, batch_size: int) -> tuple[Any, ...]:
        """Return zeros for each layer, or two of them where its cell has two states."""
        zeros = self.readout.weight.new_zeros(batch_size, self.readout.in_features)
        return tuple((zeros, zeros.clone()) if cell.uses_double_state() else zeros for cell in self._cells())

    def step(
        self, inputs: Float[Tensor, "B I"], state: tuple[Any, ...]
    ) -> tuple[Float[Tensor, "B O"], tuple[Any, ...]]:
        """Advance layer by layer."""
        hidden, after = self.embedding(inputs), []
        for cell, before in zip(self._cells(), state, strict=True):
            told = cell(hidden, before)
            if self.cell in _DECOUPLED:
                hidden, carried = told
            else:
                hidden, carried = told[0] if cell.uses_double_state() else told, told
            after.append(carried)
        return self.readout(hidden), tuple(after)

    def _cells(self) -> list[Any]:
        return list(self.cells)


_DECOUPLED = ("IntersectionRNN", "MCLSTM", "TLSTM")
"""Cells whose outputs are no part of their states."""


@functools.cache
def _model(cell: str) -> type[CellModel]:
    doc = inspect.cleandoc(CellModel.__doc__ or "").replace(
        "one of torchrecurrent's cells", f"torchrecurrent's {cell}", 1
    )
    return type(cell, (CellModel,), {"cell": cell, "__doc__": doc, "__module__": __name__})


def __getattr__(name: str) -> type[CellModel]:
    if not hasattr(torchrecurrent, f"{name}Cell"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _model(name)
