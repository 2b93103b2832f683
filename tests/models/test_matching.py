import torch

from mann_bench.models.matching import match_ntm


def test_the_ntm_on_copy_is_the_one_that_the_suite_documents():
    assert match_ntm(lambda size: torch.nn.Linear(size, 1), 9, 8).parameters_of_ntm == 65_096


def test_a_model_that_is_too_large_at_every_size_gets_the_smallest():
    assert match_ntm(lambda size: torch.nn.Linear(10**6, size), 3, 2).size == 1
