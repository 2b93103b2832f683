import numpy as np
import pytest
import torch

from mann_bench_graphs.inference import GraphInference
from mann_bench_graphs.traversal import GraphTraversal

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

TASKS = {"graph_traversal": GraphTraversal, "graph_inference": GraphInference}


@pytest.fixture
def load():
    """Return a function that builds a task of this plugin by its name."""
    return lambda name, **options: TASKS[name](**options)


@pytest.fixture
def generate():
    """Return a function that draws sequences of a lesson, the same each time."""
    return lambda task, lesson, count: task.generate(np.random.default_rng(lesson), {"lesson": lesson}, count)
