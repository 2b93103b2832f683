"""How clauses run a model in training mode, without a trace of it in the model."""

import random
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from mann_bench.models.base import SequenceModule
from mann_bench.testing.subject import INPUT_SIZE
from mann_bench.testing.tensors import bits

Call = Callable[[Tensor], Tensor]


class TrainingCopy:
    """A model with weights and buffers of its own: what passes in training mode make of them, stays here.

    Every pass starts from the same random numbers, so that dropout leaves out the same.
    """

    def __init__(self, model: SequenceModule) -> None:
        named = (*model.named_parameters(), *model.named_buffers())
        self._model, self._tensors = model, {name: tensor.detach().clone() for name, tensor in named}

    def train(self, inputs: Tensor) -> Tensor:
        """Return the logits in training mode."""
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)
        self._model.train()
        try:
            return self.evaluate(inputs)
        finally:
            self._model.eval()

    def evaluate(self, inputs: Tensor) -> Tensor:
        """Return the logits in evaluation mode, after what training has made of the buffers."""
        logits: Tensor = functional_call(self._model, self._tensors, (inputs,))
        return logits


def modes(model: SequenceModule) -> Iterator[tuple[str, Call]]:
    """Yield how a model computes in evaluation and in training mode, each with a word for messages.

    In training mode nothing is compared where the same pass twice gives two results: the clause `trains` tells of it.
    """
    yield "", model
    if repeats_in_training(model):
        yield "in training mode, ", lambda inputs: TrainingCopy(model).train(inputs)


def repeats_in_training(model: SequenceModule) -> bool:
    """Tell whether a pass in training mode follows from weights, buffers, inputs and random numbers."""
    first, second = (TrainingCopy(model).train(bits(9, 4, INPUT_SIZE)) for _ in range(2))
    return torch.equal(first, second)
