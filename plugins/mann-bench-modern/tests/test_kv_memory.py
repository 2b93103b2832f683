import pytest
import torch

from mann_bench_modern.gated_delta_rule import recurrent_gated_delta_rule
from mann_bench_modern.kv_memory import KVMemoryModel
from mann_bench_modern.product_keys import address


@pytest.fixture
def half_keys():
    return torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))


def test_a_query_that_meets_both_halves_of_a_key_is_about_its_slot(half_keys):
    queries = torch.cat([half_keys[0, :, 1], half_keys[1, :, 2]], dim=-1)[None, :, None]
    weights = address(queries, half_keys, 4)
    assert weights.argmax(-1).flatten().tolist() == [4 * 1 + 2] * 3
    assert weights.max() > 0.9


def test_weights_are_one_in_all_and_above_zero_at_the_active_slots(half_keys):
    weights = address(torch.randn(2, 3, 6, 10), half_keys, 5)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 6))
    assert bool(((weights > 0).sum(-1) == 5).all())


def test_what_is_written_with_full_strength_is_read_at_its_key(half_keys):
    rng = torch.Generator().manual_seed(1)
    slots = address(torch.randn(2, 3, 6, 10, generator=rng), half_keys, 1)
    values, nothing = torch.randn(2, 3, 6, 4, generator=rng), torch.zeros(2, 3, 6)
    answers, _ = recurrent_gated_delta_rule(slots, slots, values, nothing + 1, nothing, torch.randn(2, 3, 16, 4))
    torch.testing.assert_close(answers, values)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head_width": 5}, "head_width must be even, not 5"),
        ({"memory_slots": 60}, "memory_slots must be a square, such as 64, not 60"),
        ({"memory_slots": 4, "active_slots": 5}, r"active_slots must be at most memory_slots \(4\), not 5"),
    ],
)
def test_sizes_that_do_not_fit_are_errors(options, message):
    with pytest.raises(ValueError, match=message):
        KVMemoryModel(3, 2, **options)
