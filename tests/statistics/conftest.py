"""Censored samples, at random and by hand."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from mann_bench.statistics.survival import Durations

HORIZON = 10.0
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module", autouse=True)
def _numpy_warns_as_before():
    """Undo what lifelines does to a whole process: its Kaplan-Meier estimator silences numpy."""
    with np.errstate():
        yield


@pytest.fixture
def benchmark_named(monkeypatch):
    """Return a function that loads a benchmark, under another name than its own: there is a package `coverage`."""

    def load(name):
        monkeypatch.syspath_prepend(str(BENCHMARKS))
        spec = importlib.util.spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def treated():
    """The weeks of remission that textbooks work through, Freireich et al. 1963, https://doi.org/10.1182/blood.V21.6.699.699"""
    ended = (6, 6, 6, 7, 10, 13, 16, 22, 23)
    lasting = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
    return Durations(ended + lasting, (True,) * len(ended) + (False,) * len(lasting), 35)


def _sample(rng):
    """Few different times, so that events tie with events, the censored with the censored, and both with each other."""
    n, seen = rng.integers(1, 13), rng.choice([0.0, 0.3, 0.7, 1.0])
    times = rng.integers(1, 9, n).astype(float)
    return Durations(tuple(times.tolist()), tuple((rng.random(n) < seen).tolist()), HORIZON)


@pytest.fixture(scope="session")
def samples():
    """A hundred of 1 to 12 seeds, some all reached, some all censored."""
    rng = np.random.default_rng(0)
    return [_sample(rng) for _ in range(100)]
