"""What compares the native recurrence with its plain twin."""

import copy

import pytest
import torch

from mann_bench.native.arguments import controller_state, tensors_of
from mann_bench.nn.ntm import NTMState


@pytest.fixture
def bits():
    """Return a function that draws inputs of zeros and ones, [T, B, I]."""

    def draw(*shape, seed=0):
        return torch.randint(2, shape, generator=torch.Generator().manual_seed(seed)).float()

    return draw


_STATE = ["hidden", "cell", "reads", "weightings", "memory"]


@pytest.fixture
def differentiate():
    """Return a function that runs a recurrence and differentiates a random function of all that it returns.

    The result maps names to the outputs, the last state's tensors, and the gradients of inputs, weights and
    first state, in float64.
    """

    def run(recurrence, cell, inputs, dtype=torch.float32):
        cell, inputs = copy.deepcopy(cell).to(dtype), inputs.to(dtype).requires_grad_()
        start = [part.detach().clone().requires_grad_() for part in tensors_of(cell.initial_state(inputs.shape[1]))]
        controller = controller_state(*start[:2], cell.controller_size)
        outputs, end = recurrence(cell, inputs, NTMState(controller, *start[2:]))
        results = [outputs, *tensors_of(end)]
        generator = torch.Generator().manual_seed(1)
        loss = sum((part * torch.randn(part.shape, generator=generator).to(dtype)).sum() for part in results)
        weights = {name: part for name, part in cell.named_parameters() if not name.startswith("initial")}
        # A feedforward controller's hidden and cell activations, of no units, are not used.
        wanted = [inputs, *weights.values(), *start]
        gradients = torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True)
        names = ["outputs", *_STATE, *(f"gradient of {name}" for name in ["inputs", *weights, *_STATE])]
        return {name: part.detach().double() for name, part in zip(names, [*results, *gradients], strict=True)}

    return run
