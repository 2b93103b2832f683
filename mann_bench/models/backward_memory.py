"""How much memory training a model takes: what autograd keeps from forward for backward."""

import torch
from torch import Tensor

from mann_bench.core.turns import GENERATORS
from mann_bench.models.base import RecurrentModel, SequenceModule, zero_inputs

RECOMPUTE_ABOVE = 2**30
"""Bytes for the longest batch above which a recurrent model recomputes steps and does not keep them."""


def recomputes(model: SequenceModule, kept: int) -> bool:
    """Tell whether training recomputes steps where backward would have to keep `kept` bytes."""
    return isinstance(model, RecurrentModel) and kept > RECOMPUTE_ABOVE


def backward_bytes(model: SequenceModule, steps: int, batch_size: int) -> int:
    """Return the bytes kept for a batch of `batch_size` sequences of `steps` time steps.

    Counted from the tensors that autograd saves for one and for two sequences; every further sequence adds
    what the second added.
    """
    one, two = (_saved_bytes(model, steps, sequences) for sequences in (1, 2))
    return one + (batch_size - 1) * (two - one)


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
