import pytest
import torch

from mann_bench import Batch


def _parse(rows):
    return torch.tensor([[float(digit) for digit in row.replace("-", "0")] for row in rows])[:, None]


@pytest.fixture
def worked_examples():
    """Return a function that reads the worked examples of a docstring as batches of one sequence."""

    def read(task):
        lines = [line.split() for line in task.__doc__.splitlines()]
        rows = {kind: [words[1:] for words in lines if words[:1] == [kind]] for kind in ("inputs", "targets")}
        return [
            Batch(_parse(inputs), _parse(targets), torch.tensor([[float("-" not in row)] for row in targets]))
            for inputs, targets in zip(rows["inputs"], rows["targets"], strict=True)
        ]

    return read


@pytest.fixture
def same():
    """Return a function that tells whether two batches are equal."""
    return lambda first, second: all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
