"""Approximate search: what it finds of what there is to find."""

import pytest
import torch

from mann_bench.nn import SAMCell, SDNCCell
from mann_bench.nn.memory_start import MemoryStart
from mann_bench.nn.sparse import content_weighting
from mann_bench.nn.sparse_buckets import PROBES, buckets_of, compared


def start_of(slots, width=8):
    return torch.randn(slots, width, generator=torch.Generator().manual_seed(0)).tanh()


def test_it_finds_a_good_part_of_the_true_neighbours_by_comparing_a_small_one():
    start, keys, strength = start_of(16384, 32), torch.randn(4, 25, 32), torch.ones(4, 25)
    memory = start.expand(4, -1, -1)
    among = compared(buckets_of(start, 4), start, memory, keys)
    found, true = (content_weighting(memory, keys, strength, 4, each).slots for each in (among, None))
    recall = (found.unsqueeze(-1) == true.unsqueeze(-2)).any(-1).float().mean()
    assert recall > 0.3
    assert among.float().mean() < 0.1


def test_a_row_that_differs_from_the_start_is_always_compared(normal):
    start = start_of(1024).double()
    memory = start.repeat(3, 1, 1)
    memory[1, 7] = 0
    among = compared(buckets_of(start, 4), start, memory, normal(3, 2, 8))
    assert among[1, :, 7].all()


def test_a_row_of_the_start_finds_itself():
    start = start_of(1024)
    among = compared(buckets_of(start, 4), start, start.unsqueeze(0), start[:50].unsqueeze(0))
    assert among[0, range(50), range(50)].all()


def test_the_buckets_of_a_start_are_always_the_same():
    one, other = (buckets_of(start_of(1024), 4) for _ in range(2))
    assert torch.equal(one.of_slot, other.of_slot)


def test_a_memory_of_few_slots_needs_no_buckets():
    assert buckets_of(start_of(PROBES**2), 4) is None


def test_more_neighbours_than_may_be_compared_are_an_error():
    with pytest.raises(ValueError, match=r"^neighbours must be at most \d+ with index=approximate, not 900: "):
        buckets_of(start_of(1024), 900)


@pytest.mark.parametrize("kind", [SAMCell, SDNCCell])
def test_a_learned_start_has_no_approximate_index(kind):
    with pytest.raises(ValueError, match=r"^index=approximate needs a memory that starts constant or random"):
        kind(2, memory_init="learned", index="approximate")


def test_a_start_is_made_anew_where_somebody_has_written_to_it():
    start = MemoryStart("random", 9, 3)
    start(start.raw).zero_()
    assert torch.equal(start(start.raw), start.raw.tanh())


def test_what_inference_has_made_of_a_start_can_be_trained_on():
    start = MemoryStart("random", 9, 3)
    with torch.inference_mode():
        start(start.raw)
    weight = torch.ones(9, 3, requires_grad=True)
    (weight * start(start.raw)).sum().backward()
    assert torch.equal(weight.grad, start.raw.tanh())
