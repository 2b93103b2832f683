"""How much memory training a model takes: what autograd keeps from forward for backward."""

import math

import torch
from torch import Tensor

from mann_bench.core.backends import Backend
from mann_bench.core.turns import GENERATORS
from mann_bench.models.base import RecurrentModel, SequenceModule, zero_inputs

RECOMPUTE_ABOVE = 2**30
"""Bytes for the longest batch above which a recurrent model recomputes steps and does not keep them."""

_SCANNED, _AT_ONCE = 32, 256
"""Up to three times as many steps are counted as they are, of a model that goes step by step, and of any other."""

_NOISE = 50
"""Libraries keep somewhat more or less by length: curvature counts from this part of the slope on."""

_GROUP = 16
"""Sequences that native recurrences take together; where states are large, what a group shares does not matter."""

_LARGE_STATE = 2**17
"""Bytes of a sequence."""

_LARGEST_COUNT = 2**30
"""Bytes that counting may keep, roughly; a step is expected to keep some states."""

_STATES_A_STEP = 8

_COPIES = 5
"""Of a sparse memory while it is watched, measured at a million slots; of its weights, with gradients and moments."""


def held_state_bytes(model: SequenceModule) -> int:
    """Return the bytes of state that a sequence takes on the model's backend; what backward keeps is counted apart."""
    return 0 if _is_native(model) and _is_sparse(model) else model.state_bytes()


def shared_bytes(model: SequenceModule) -> int:
    """Return the bytes that a sparse memory takes however few the sequences: a run watches a sequence step by step.

    That holds some copies of the memory, and training some of the weights, where these start it.
    """
    if not _is_sparse(model):
        return 0
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    return _COPIES * (model.state_bytes() + weights)


def _is_native(model: SequenceModule) -> bool:
    return isinstance(model, RecurrentModel) and model.backend is Backend.NATIVE


def _is_sparse(model: SequenceModule) -> bool:
    return isinstance(model, RecurrentModel) and model.sparse


def recomputes(model: SequenceModule, kept: int) -> bool:
    """Tell whether training recomputes steps where backward would have to keep `kept` bytes."""
    return isinstance(model, RecurrentModel) and model.backend is not Backend.NATIVE and kept > RECOMPUTE_ABOVE


def recomputing_bytes(model: SequenceModule, kept: int, steps: int, batch_size: int) -> int:
    """Return the bytes at the peak where `kept` ones are recomputed: a part's steps, and the states between parts."""
    part = math.ceil(math.sqrt(steps))
    return min(kept, kept * part // steps + math.ceil(steps / part) * batch_size * model.state_bytes())


def backward_bytes(model: SequenceModule, steps: int, batch_size: int) -> int:
    """Return the bytes kept for a batch of `batch_size` sequences of `steps` time steps, on the model's backend.

    Counted from the tensors that autograd saves for few sequences and for twice as many; every further sequence adds
    what these added. Of long sequences fewer steps are counted, at three lengths: what a step keeps may grow with the
    steps before it, as in attention, and is taken to grow no faster.
    """
    few = _GROUP if _is_native(model) and held_state_bytes(model) <= _LARGE_STATE else 1
    if batch_size <= few:
        return _bytes_over_time(model, steps, batch_size)
    one, two = (_bytes_over_time(model, steps, sequences) for sequences in (few, 2 * few))
    return one + math.ceil((batch_size - few) / few) * (two - one)


def _bytes_over_time(model: SequenceModule, steps: int, sequences: int) -> int:
    apart = _SCANNED if isinstance(model, RecurrentModel) else _AT_ONCE
    each = max(1, _STATES_A_STEP * sequences * held_state_bytes(model))
    if steps > 3 * apart:
        each = max(each, _saved_bytes(model, 1, sequences))
    apart = max(1, min(apart, _LARGEST_COUNT // (3 * each)))
    if steps <= 3 * apart:
        return _saved_bytes(model, steps, sequences)
    first, second, third = (_saved_bytes(model, times * apart, sequences) for times in (1, 2, 3))
    slope, bend = third - second, third - 2 * second + first
    if bend * _NOISE < slope:
        bend, slope = 0, (third - first) // 2
    # The parabola through three points that are equally far apart, by Newton's backward differences.
    beyond = steps - 3 * apart
    return third + beyond * slope // apart + beyond * (beyond + apart) * bend // (2 * apart**2)


def _saved_bytes(model: SequenceModule, steps: int, sequences: int) -> int:
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    saved: dict[int, torch.UntypedStorage] = {}  # held, so that no address is used twice

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage.data_ptr()] = storage
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with GENERATORS, torch.random.fork_rng(devices=[]), hooks:
        model(zero_inputs(model, steps, sequences))
    return sum(storage.nbytes() for storage in saved.values())
