"""Checks of what a layer is built with, and what it is given."""

from typing import Any, get_args

from torch import Tensor


def require_positive(**values: float | None) -> None:
    """Raise ValueError where a value is not above zero; None passes."""
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be {'positive' if isinstance(value, float) else 'at least 1'}, not {value}")


def require_slots_for(memory_slots: int, **values: int) -> None:
    """Raise ValueError where a value is above the slots of the memory."""
    for name, value in values.items():
        if value > memory_slots:
            raise ValueError(f"{name} must be at most memory_slots, {memory_slots}, not {value}")


def require_one_of(**choices: tuple[str, Any]) -> None:
    """Raise ValueError where the first of a pair is none of the values of the second, a Literal."""
    for name, (value, legal) in choices.items():
        if value not in get_args(legal):
            *others, last = get_args(legal)
            raise ValueError(f"{name} must be {', '.join(others)} or {last}, not {value!r}")


def require_sequences(inputs: Any, batch_first: bool, input_size: int) -> None:
    """Raise TypeError or ValueError where inputs are no batch of sequences, of at least one step."""
    if not isinstance(inputs, Tensor):
        raise TypeError(
            f"inputs must be a tensor, not a {type(inputs).__name__}. Pad sequences of several lengths with "
            "torch.nn.utils.rnn.pad_sequence or pad_packed_sequence, and leave out the outputs after their ends"
        )
    shape = f"[{'B, T' if batch_first else 'T, B'}, {input_size}]"
    if inputs.dim() == 2:
        alone = f"inputs.unsqueeze({0 if batch_first else 1})"
        raise ValueError(f"inputs must be {shape}, not {[*inputs.shape]}. One sequence is a batch of one: {alone}")
    if inputs.dim() != 3 or inputs.shape[-1] != input_size:
        raise ValueError(f"inputs must be {shape}, not {[*inputs.shape]}")
    if inputs.shape[1 if batch_first else 0] == 0:
        raise ValueError(f"inputs must have at least one step; {shape} is {[*inputs.shape]}")
