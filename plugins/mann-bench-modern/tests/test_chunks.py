import pytest
import torch

from mann_bench_modern.chunks import cut, decays_between, inverse_unit_lower


@pytest.mark.parametrize(("steps", "shape"), [(1, (1, 1)), (8, (1, 8)), (9, (2, 5)), (17, (3, 6))])
def test_chunks_are_few_and_of_one_length(steps, shape):
    assert cut(torch.ones(2, 3, steps, 4), 8).shape == (2, 3, *shape, 4)


def test_what_is_left_of_each_step():
    between = decays_between(torch.tensor([0.1, 0.5, 0.25]).log())
    torch.testing.assert_close(between, torch.tensor([[1.0, 0, 0], [0.5, 1, 0], [0.125, 0.25, 1]]))


@pytest.mark.parametrize("size", [1, 2, 5, 16, 31])
def test_the_inverse_and_its_gradient_are_those_of_torch(size):
    below = torch.randn(3, size, size, dtype=torch.float64, requires_grad=True)
    inverse, expected = inverse_unit_lower(below), (below.tril(-1) + torch.eye(size)).inverse()
    torch.testing.assert_close(inverse, expected)
    weights = torch.randn_like(inverse)
    mine, theirs = (torch.autograd.grad((each * weights).sum(), below) for each in (inverse, expected))
    torch.testing.assert_close(mine, theirs)


def test_the_inverse_is_as_exact_as_substitution_where_powers_are_large():
    below = torch.full((32, 32), 2.0)
    exact = (below.double().tril(-1) + torch.eye(32)).inverse()
    assert (inverse_unit_lower(below) - exact).abs().max() < 1e-5
