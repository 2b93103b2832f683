"""How tensors are handed to a native library, and the checks before: shared by all recurrences."""

import ctypes
from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor

from mann_bench.nn.controller import ControllerState, LSTMController, LSTMState
from mann_bench.nn.dnc import DNCCell, DNCState
from mann_bench.nn.ntm import NTMCell, NTMState
from mann_bench.nn.sam import SAMCell, SAMState
from mann_bench.nn.scan import state_tensors
from mann_bench.nn.sdnc import SDNCCell, SDNCState


def weights_of(cell: NTMCell | DNCCell | SAMCell | SDNCCell) -> list[Tensor]:
    """Return weight and bias of the cell's controller, its layers side by side, then those of its interface."""
    weights, biases = zip(*((layer.weight, layer.bias) for layer in cell.controller.layers), strict=True)
    return [_side_by_side(weights), _side_by_side(biases), cell.interface.weight, cell.interface.bias]


def tensors_of(state: NTMState | DNCState | SAMState | SDNCState) -> list[Tensor]:
    """Return the tensors of a state in their order: hidden and cell, then what comes after the controller.

    The activations of several layers lie side by side; a controller without a state has those of no units.
    """
    layers, *parts = state
    rest = list(state_tensors(parts))
    none = rest[0].new_empty(rest[0].shape[0], 0)
    controller = [_side_by_side(each) for each in zip(*layers, strict=True)] or [none, none.clone()]
    return [*controller, *rest]


def controller_state(hidden: Tensor, cell: Tensor, units: int) -> ControllerState:
    """Return what `tensors_of` made of a controller's state as one entry a layer."""
    layers = hidden.shape[1] // units
    if layers == 1:
        return (LSTMState(hidden, cell),)
    return tuple(map(LSTMState, torch.split(hidden, units, dim=1), torch.split(cell, units, dim=1))) if layers else ()


def _side_by_side(layers: Sequence[Tensor]) -> Tensor:
    return layers[0] if len(layers) == 1 else torch.cat(list(layers), dim=-1)


def problem_of_cell(cell: DNCCell | SAMCell | SDNCCell, kind: type) -> str | None:
    """Return why the recurrence of `kind` cannot take the place of `cell`; None where it can."""
    if type(cell) is not kind or type(cell.controller) is not LSTMController or len(cell.controller.layers) != 1:
        return f"only {kind.__name__} with an LSTMController of one layer has a native recurrence"
    return problem_of(cell.interface.weight)


def problem_of(weight: Tensor) -> str | None:
    """Return why weights like this one cannot be computed with natively; None where they can."""
    if weight.device.type != "cpu":
        return f"the native recurrence runs on the CPU, and the cell is on {weight.device.type}"
    if weight.dtype != torch.float32:
        return f"the native recurrence computes in float32, and the cell is in {weight.dtype}"
    return None


def check(
    names: Sequence[str], tensors: Sequence[Tensor], shapes: Sequence[Sequence[Any]], whole: Collection[str] = ()
) -> None:
    """Raise ValueError where a tensor, the inputs first, has another shape, precision or device than it must.

    Those that `whole` names are whole numbers, int64.
    """
    for name, tensor, shape in zip(names, tensors, shapes, strict=True):
        if tuple(tensor.shape) != tuple(shape):
            raise ValueError(f"{name} must have shape {tuple(shape)}, not {tuple(tensor.shape)}")
        dtype = torch.int64 if name in whole else torch.float32
        if tensor.dtype != dtype or tensor.device.type != "cpu":
            kind = str(dtype).removeprefix("torch.")
            raise ValueError(f"{name} must be {kind} on the CPU, not {tensor.dtype} on {tensor.device}")
    if tensors[0].shape[0] < 1:
        raise ValueError("inputs must have at least one time step")


def state_batch(inputs: Tensor, state: Sequence[Tensor]) -> int | torch.SymInt:
    """Return of how many sequences a state must be: those of the inputs, or the one that it has for all of them."""
    return 1 if all(len(tensor) == 1 for tensor in state) else inputs.shape[1]


def wanted_shapes(shapes: Sequence[Sequence[Any]], wanted: Sequence[bool]) -> list[tuple[Any, ...]]:
    """Return the shapes, those of nothing where a tensor is not wanted."""
    return [tuple(shape) if is_wanted else (0,) for shape, is_wanted in zip(shapes, wanted, strict=True)]


def wanted_tensors(tensors: Sequence[Tensor | None], wanted: Sequence[bool]) -> list[Tensor | None]:
    """Return the tensors, None in the place of one that is not wanted."""
    return [tensor if is_wanted else None for tensor, is_wanted in zip(tensors, wanted, strict=True)]


def pointers(tensors: Sequence[Tensor | None]) -> ctypes.Array[ctypes.c_void_p]:
    """Return the addresses of tensors, null for None; the tensors must outlive the call."""
    return (ctypes.c_void_p * len(tensors))(*(None if t is None else t.data_ptr() for t in tensors))


def pointer(tensor: Tensor | None) -> ctypes.c_void_p:
    """Return the address of a tensor, null for None."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())


def contiguous(tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Return the tensors without strides of their own."""
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]
