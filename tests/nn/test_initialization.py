import math

import pytest
import torch

from mann_bench.nn.initialization import clip_symmetric, glorot_vector, truncated_normal_linear


@pytest.mark.parametrize("shape", [(2000,), (40, 50)])
def test_a_glorot_vector_is_uniform_within_its_limit(shape):
    torch.manual_seed(0)
    vector, limit = glorot_vector(*shape), math.sqrt(6 / 2001)
    assert vector.shape == shape
    assert 0.99 * limit < vector.abs().max() <= limit
    assert math.isclose(vector.std().item(), limit / math.sqrt(3), rel_tol=0.05)


def test_a_glorot_vector_is_trained():
    assert isinstance(glorot_vector(2), torch.nn.Parameter)


def test_a_truncated_normal_map_ends_at_two_deviations():
    torch.manual_seed(0)
    weight = truncated_normal_linear(100, 200).weight
    assert weight.shape == (200, 100)
    assert 0.19 < weight.abs().max() <= 0.2


def test_a_truncated_normal_map_has_the_deviation_of_the_cut_normal():
    torch.manual_seed(0)
    weight = truncated_normal_linear(100, 200).weight
    assert math.isclose(weight.std().item(), 0.0880, rel_tol=0.03)  # 0.1 times sqrt(0.7737)


def test_a_truncated_normal_map_starts_without_bias():
    assert not truncated_normal_linear(3, 4).bias.any()


def test_clipping_bounds_both_sides():
    clipped = clip_symmetric(torch.tensor([-30.0, -20.0, 0.0, 20.0, 30.0]), 20.0)
    assert clipped.tolist() == [-20.0, -20.0, 0.0, 20.0, 20.0]


def test_no_clipping_leaves_values_as_they_are():
    values = torch.tensor([-1e9, 1e9])
    assert clip_symmetric(values, None) is values


def test_the_gradient_passes_clipping_up_to_both_ends_and_not_beyond():
    values = torch.tensor([-20.1, -20.0, 0.0, 20.0, 20.1], requires_grad=True)
    clip_symmetric(values, 20.0).sum().backward()
    assert values.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
