"""Numbers that are drawn by plain arithmetic have the distributions that they should."""

import math
import statistics

import numpy as np
import pytest

from mann_bench.core.streams import weight_generator
from mann_bench.nn.portable import _log, normals, uniforms


@pytest.fixture
def rng():
    return weight_generator(0, "weight")


def _distance(numbers, distribution):
    """Return how far the empirical distribution lies from a cumulative one at most (Kolmogorov & Smirnov)."""
    expected = np.array([distribution(number) for number in sorted(numbers)])
    return float(np.abs(expected - (np.arange(len(numbers)) + 0.5) / len(numbers)).max())


def test_normals_are_standard_normal(rng):
    assert _distance(normals(rng, 20_000), statistics.NormalDist().cdf) < 1.36 / math.sqrt(20_000)


def test_cut_normals_are_normal_within_the_cut(rng):
    normal, drawn = statistics.NormalDist(), normals(rng, 20_000, most=2.0)
    low, high = normal.cdf(-2), normal.cdf(2)
    assert np.abs(drawn).max() <= 2.0
    assert _distance(drawn, lambda x: (normal.cdf(x) - low) / (high - low)) < 1.36 / math.sqrt(20_000)


def test_uniforms_fill_their_range(rng):
    assert _distance(uniforms(rng, 20_000, 0.3), lambda x: (x + 0.3) / 0.6) < 1.36 / math.sqrt(20_000)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_as_many_are_drawn_as_are_asked_for(rng, count):
    assert len(normals(rng, count)) == len(normals(rng, count, most=0.1)) == len(uniforms(rng, count, 1.0)) == count


def test_logarithms_are_those_of_the_library_but_for_the_last_bits(rng):
    values = np.concatenate([rng.random(10_000), 1 - rng.random(1_000) * 1e-9, rng.random(1_000) * 1e-300])
    np.testing.assert_allclose(_log(values), np.log(values), rtol=1e-15)


def test_the_generator_of_a_weight_follows_from_seed_and_name():
    draws = {(seed, name): weight_generator(seed, name).random() for seed in (0, 1) for name in ("a", "b")}
    assert len(set(draws.values())) == 4
    assert weight_generator(1, "b").random() == draws[1, "b"]
