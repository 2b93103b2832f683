import importlib

import numpy as np
import plain
import pytest
import torch

from mann_bench_formal import mann_bench_tasks

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)


def _load(name, **options):
    (target,) = [spec.target for spec in mann_bench_tasks() if spec.name == name]
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(**options)


@pytest.fixture
def load():
    """Return a function that builds a task of this plugin by its name."""
    return _load


@pytest.fixture(params=plain.DRAWS)
def name(request):
    """The name of each task of Deletang et al. 2023."""
    return request.param


@pytest.fixture
def task(name):
    """Each task of Deletang et al. 2023."""
    return _load(name)


@pytest.fixture
def draw():
    """Return a function that draws sequences and returns their symbols and answers as lists."""

    def drawn(task, length, count):
        rng = np.random.default_rng(length)
        return [part.tolist() for part in task.draw(rng, length, count)]

    return drawn
