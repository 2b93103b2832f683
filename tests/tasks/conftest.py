import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from mann_bench.tasks.associative_recall import AssociativeRecall
from mann_bench.tasks.base import Batch
from mann_bench.tasks.copy import Copy
from mann_bench.tasks.dynamic_ngrams import DynamicNGrams
from mann_bench.tasks.priority_sort import PrioritySort
from mann_bench.tasks.repeat_copy import RepeatCopy

GOLDEN = Path(__file__).parent / "golden"
WITH_LAYOUTS = {"copy": Copy, "repeat_copy": RepeatCopy, "associative_recall": AssociativeRecall}
CASES = {
    **{f"{n}_{v}": (WITH_LAYOUTS[n], {"layout": v}) for n, v in product(WITH_LAYOUTS, ("graves2014", "collier2018"))},
    "dynamic_ngrams": (DynamicNGrams, {}),
    "priority_sort": (PrioritySort, {}),
}


@pytest.fixture(params=CASES)
def build(request):
    """Build a task, where it has layouts in one of them, with the training stream of a seed."""
    make, options = CASES[request.param]

    def from_seed(seed=0):
        task = make(**options)
        task.seed, task.batch_size = seed, 4
        return task

    return from_seed


@pytest.fixture
def task(build):
    return build()


@pytest.fixture
def golden():
    """Load a golden case: options of the task, the arguments of `encode`, the batch it must give."""

    def load(name):
        case = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
        sequences = case["sequences"]
        parts = (torch.tensor([s[part] for s in sequences]).float() for part in Batch._fields)
        batch = Batch(*(part.swapaxes(0, 1).contiguous() for part in parts))
        return case, batch

    return load


@pytest.fixture
def pinned():
    """What is pinned of the streams, by task and layout."""
    return json.loads((GOLDEN / "streams.json").read_text(encoding="utf-8"))


@pytest.fixture
def draw_bits():
    """Draw float32 bits from one seeded stream a test."""
    rng = np.random.default_rng(0)
    return lambda *shape: rng.integers(0, 2, size=shape).astype(np.float32)
