import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def lengths():
    """Return a function that makes the sizes of a task of one dimension."""
    return lambda last, first=1: [{"length": n} for n in range(first, last + 1)]


@pytest.fixture(scope="session")
def pairs():
    """Return a function that makes the sizes of a task of two dimensions."""
    return lambda longest, most: [
        {"length": n, "repeats": r} for n in range(1, longest + 1) for r in range(1, most + 1)
    ]
