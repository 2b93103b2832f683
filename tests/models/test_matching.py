import pytest
import torch

from mann_bench.models.matching import match_ntm


def test_the_ntm_on_copy_is_the_one_that_the_suite_documents():
    assert match_ntm(lambda size: torch.nn.Linear(size, 1), 9, 8).parameters_of_ntm == 65_096


def test_a_model_that_is_too_large_at_every_size_gets_the_smallest():
    assert match_ntm(lambda size: torch.nn.Linear(10**6, size), 3, 2).size == 1


@pytest.mark.parametrize("power", [1, 2, 3])
def test_nothing_of_more_than_twice_the_size_that_is_found_is_built(power):
    built = []

    def build(size):
        built.append(size)
        return torch.nn.Linear(size**power, 3, bias=False)

    match = match_ntm(build, 9, 8)
    assert abs(3 * match.size**power - match.parameters_of_ntm) <= 3 * ((match.size + 1) ** power - match.size**power)
    assert max(built) <= 2 * match.size + 1


def test_the_nearest_of_two_sizes_is_found_whatever_the_step_between_them():
    for step in (1, 7, 1_000, 40_000, 65_096, 100_000):
        sizes = range(1, 65_097)
        match = match_ntm(lambda size, step=step: torch.nn.Linear(size, step, bias=False), 9, 8)
        assert match.size == min(sizes, key=lambda size, step=step: abs(size * step - 65_096))


def test_a_count_that_does_not_grow_ends_the_search():
    assert match_ntm(lambda size: torch.nn.Linear(2, 2), 9, 8).size >= 1
