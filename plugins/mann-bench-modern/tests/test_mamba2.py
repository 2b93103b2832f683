import pytest
import torch

from mann_bench_modern.decaying_memory import chunked_decaying_memory, recurrent_decaying_memory
from mann_bench_modern.mamba2 import Mamba2Model
from mann_bench_modern.timescales import Timescales


def drawn(steps, groups=3):
    """Return queries, keys, values, decays and a memory of 2 sequences and 3 heads."""
    rng = torch.Generator().manual_seed(steps)
    queries, keys = (torch.randn(2, groups, steps, 5, generator=rng) for _ in range(2))
    values, memory = torch.randn(2, 3, steps, 4, generator=rng), torch.randn(2, 3, 5, 4, generator=rng)
    given = queries, keys, values, -torch.rand(2, 3, steps, generator=rng), memory
    return [tensor.double().requires_grad_() for tensor in given]


def test_the_memory_is_that_of_the_equation():
    given = drawn(6)
    queries, keys, values, log_decays, memory = (tensor[0, 0] for tensor in given)
    state = memory.T
    for t in range(6):
        state = log_decays[t].exp() * state + torch.outer(values[t], keys[t])
    answers, after = recurrent_decaying_memory(*given)
    torch.testing.assert_close(answers[0, 0, -1], state @ queries[-1])
    torch.testing.assert_close(after[0, 0], state.T)


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize("chunk_size", [1, 4, 7, 100])
def test_both_forms_leave_the_same_memory(chunk_size, groups):
    given = drawn(20, groups)
    torch.testing.assert_close(chunked_decaying_memory(*given, chunk_size), recurrent_decaying_memory(*given))


def test_heads_start_with_memories_from_a_thousand_steps_to_less_than_one():
    times, log_decays = Timescales(6, 4)(torch.zeros(1, 1, 6))
    torch.testing.assert_close(times[0, 0, [0, -1]], torch.tensor([0.001, 0.1]))
    torch.testing.assert_close(log_decays[0, 0, [0, -1]], torch.tensor([-0.001, -1.6]))


def test_a_head_forgets_and_writes_by_the_same_time():
    torch.manual_seed(0)
    mixer = Mamba2Model(3, 2, width=6, heads=2, head_width=4, layers=1).layers.layers[0].mixer
    torch.nn.init.constant_(mixer.times.bias, -200.0)
    state = mixer.initial_state(1)._replace(memory=torch.ones(1, 2, 16, 4))
    _, after = mixer(torch.randn(5, 1, 6), state)
    torch.testing.assert_close(after.memory, state.memory)
