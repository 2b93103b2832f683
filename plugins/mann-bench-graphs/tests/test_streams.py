"""What a version of a task draws: where this changes, raise the version of its spec."""

import hashlib

import numpy as np
import pytest

DRAWN = {
    "graph_traversal": "c9481a9db0cb64b0",
    "graph_inference": "77f3eacea5f82272",
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_version_goes_on_drawing_the_same_sequences(load, name):
    task, digest = load(name), hashlib.sha256()
    for size in task.test_sizes():
        batch = task.generate(np.random.Generator(np.random.Philox(size["lesson"])), size, 4)
        for part in batch:
            digest.update(part.numpy().tobytes())
    assert digest.hexdigest()[:16] == DRAWN[name]
