import pytest
import torch

from mann_bench.testing import ConformanceError
from mann_bench.testing.task_examples import worked_examples

EXAMPLE = """Say it.

Inputs come first, and targets are bits.

    options  bits=2, length=3
    where    a=0.5 b=-2
    inputs   1a 0b
    targets   -  1

    inputs   10
    targets   1
"""


def test_the_examples_of_a_docstring_are_read():
    first, second = worked_examples(EXAMPLE)
    assert (first.options, first.where) == ({"bits": "2", "length": "3"}, {"a": 0.5, "b": -2.0})
    assert (second.options, second.inputs, second.targets) == ({}, ["10"], ["1"])


def test_an_example_is_a_batch_of_one_sequence():
    inputs, targets, mask = worked_examples(EXAMPLE)[0].batch()
    assert torch.equal(inputs, torch.tensor([[[1, 0.5]], [[0, -2.0]]]))
    assert torch.equal(targets, torch.tensor([[[0.0]], [[1.0]]]))
    assert torch.equal(mask, torch.tensor([[0.0], [1.0]]))


@pytest.mark.parametrize("text", ["", "Inputs are bits.", "inputs 10 01", "targets 1 0", "inputs 1\n\ntargets 1"])
def test_prose_and_halves_are_no_examples(text):
    assert worked_examples(text) == []


def test_rows_of_different_lengths_are_an_error():
    (example,) = worked_examples("inputs 10 0\ntargets 1 1")
    with pytest.raises(ConformanceError, match="the rows 10 0 hold different numbers of channels"):
        example.batch()


def test_an_example_may_go_on_in_further_lines():
    (example,) = worked_examples("where .=0\ninputs 1.\ninputs .1 -\ntargets -\ntargets 11 .1\n")
    inputs, targets, mask = example.batch()
    assert inputs[:, 0].tolist() == [[1, 0], [0, 1], [0, 0]]
    assert targets[:, 0].tolist() == [[0, 0], [1, 1], [0, 1]]
    assert mask[:, 0].tolist() == [0, 1, 1]


def test_examples_need_no_empty_line_between_them():
    examples = worked_examples("inputs 1\ntargets 1\ninputs 0\ntargets 0")
    assert [each.inputs for each in examples] == [["1"], ["0"]]
