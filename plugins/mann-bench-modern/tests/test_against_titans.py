"""What the public package titans-pytorch computes; its models run on a CPU."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from mann_bench_modern.fast_weights import FastState, Rates, chunked_learning, recurrent_learning
from mann_bench_modern.titans import Perceptron

NAME = "titans-pytorch"
RATE = 0.1


class Network(nn.Module):
    """A memory as ours, for their automatic gradients."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ParameterList(0.3 * torch.randn(8, 8) for _ in range(layers))

    def forward(self, rows):
        *hidden, last = self.layers
        for layer in hidden:
            rows = functional.silu(rows @ layer)
        return rows @ last


def half_squared_error(answers, values):
    return (answers - values).square().sum(-1) / 2


@pytest.mark.parametrize("learning", [recurrent_learning, chunked_learning])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_memory_of_titans_is_that_of_titans_pytorch(public, learning, layers):
    """Each of their chunks is one step here, and their batch our chunk: rates of their own for each step."""
    titans = public("titans_pytorch", NAME)
    torch.manual_seed(0)
    memory = titans.NeuralMemory(
        8,
        chunk_size=1,
        batch_size=16,
        model=Network(layers),
        store_memory_loss_fn=half_squared_error,
        default_step_transform_max_lr=RATE,
        pre_rmsnorm=False,
        mem_model_norm_add_residual=False,
    )
    nn.init.constant_(memory.to_decay_factor[0].bias, -4.0)  # forget little, so that there is something to compare
    inputs = torch.randn(3, 41, 8)
    expected, last = memory(inputs)
    maps = (memory.to_queries, memory.to_keys, memory.to_values)
    queries, keys, values = (each(inputs).unsqueeze(1) for each in maps)
    linear = (memory.to_adaptive_step[0], memory.to_decay_factor[0], memory.to_momentum[0])
    step, forget, momentum = (each(inputs).permute(0, 2, 1) for each in linear)
    rates = Rates(RATE * step.sigmoid(), functional.logsigmoid(-forget), functional.logsigmoid(momentum))
    first = tuple(weights.expand(3, 1, 8, 8) for weights in memory.memory_model_parameters)
    state = FastState(first, tuple(map(torch.zeros_like, first)), first, torch.zeros(3, dtype=torch.int64))
    answers, after = learning(Perceptron(), queries, keys, values, rates, state, 16)
    torch.testing.assert_close(answers.squeeze(1), expected, rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(after.weights, last.states[0].values(), strict=True):
        torch.testing.assert_close(mine.squeeze(1), theirs, rtol=1e-4, atol=1e-5)
