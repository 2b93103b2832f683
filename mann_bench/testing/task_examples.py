"""The clause on the worked examples of a task's docstring: they are read, and executed.

An example stands in the docstring of the class, one word a time step and one character a channel:

    options  bits=2,min_length=2,max_length=2
    inputs   100 110 001 000 000
    targets   --  --  --  10  11

A digit is its value, ``-`` where nothing is scored. The line ``options``, for the options that differ from their
defaults, may be left out; so may ``where``, for letters that stand for other numbers: ``where a=0.75 b=-0.5``.
Where there are many channels, there may be several lines ``inputs``, and below them several lines ``targets``; a lone
``-`` stands for a whole step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mann_bench.core.options import options_of, resolve_options
from mann_bench.core.streams import Stream
from mann_bench.core.variants import Variant
from mann_bench.tasks.base import Batch, SequenceTask
from mann_bench.testing.clause import require
from mann_bench.testing.subject import TaskSubject

_LINES = ("options", "where", "inputs", "targets")
_UNSCORED = "-"
_DRAWS, _SEQUENCES = 64, 512
_ROUNDED = 1e-3


@dataclass(frozen=True)
class WorkedExample:
    """One example, as written.

    Attributes:
        options: options by name, as text.
        where: numbers by the letter that stands for them.
        inputs, targets: a word a time step.
    """

    options: Mapping[str, str]
    where: Mapping[str, float]
    inputs: list[str]
    targets: list[str]

    def batch(self) -> Batch:
        """Return the example as a batch of one sequence."""
        inputs, targets = self._tensor(self.inputs), self._tensor(self.targets)
        mask = torch.tensor([[float(_UNSCORED not in word)] for word in self.targets])
        return Batch(inputs, targets, mask)

    def _tensor(self, words: list[str]) -> Tensor:
        width = max(map(len, words))
        words = [width * word if word == _UNSCORED else word for word in words]
        numbers = {str(digit): float(digit) for digit in range(10)} | {_UNSCORED: 0.0, **self.where}
        unknown = sorted({character for word in words for character in word} - numbers.keys())
        require(
            not unknown and len(set(map(len, words))) == 1,
            f"the rows {' '.join(words)} hold {', '.join(unknown) or 'different numbers of channels'}",
            "a character a channel: a digit, - where nothing is scored, or a letter from a line 'where'",
            "Say what other characters stand for, such as: where c=0.5",
        )
        return torch.tensor([[[numbers[character] for character in word]] for word in words])


def worked_examples(docstring: str) -> list[WorkedExample]:
    """Return the examples of a docstring: lines ``targets`` right below ``inputs``, and what stands above them."""
    examples, block = [], dict[str, list[str]]()
    for line in [*docstring.splitlines(), ""]:
        word, *rest = line.split() or [""]
        stated = word in _LINES and bool(rest)
        if "targets" in block and not (stated and word == "targets"):
            examples += [_example(**block)] if "inputs" in block else []
            block = {}
        if stated:
            block.setdefault(word, []).extend(rest)
        else:
            block = {}
    return examples


def _example(
    inputs: list[str], targets: list[str], options: Sequence[str] = (), where: Sequence[str] = ()
) -> WorkedExample:
    given = Variant.parse(f"example:{''.join(options)}").given if options else {}
    numbers = {letter: float(number) for letter, _, number in (word.partition("=") for word in where)}
    return WorkedExample(given, numbers, inputs, targets)


def examples(subject: TaskSubject) -> str:
    """The docstring works an example, that the task can generate and that its oracle solves."""
    found = worked_examples(subject.doc)
    require(
        bool(found),
        f"the docstring of {subject.target.__name__} works no example",
        "lines 'inputs' and 'targets', a word a step, a character a channel",
        "See mann_bench.tasks.copy for one",
    )
    for number, example in enumerate(found, start=1):
        _check_example(subject, example, f"worked example {number}")
    return f"{len(found)} executed"


def _check_example(subject: TaskSubject, example: WorkedExample, name: str) -> None:
    task: SequenceTask = subject.target(**resolve_options(options_of(subject.target), example.options, name))
    batch, rule = example.batch(), subject.spec.convergence
    shapes = [list(part.shape[1:]) for part in (batch.inputs, batch.targets)]
    require(
        shapes == [[1, task.input_size], [1, task.output_size]] and len(batch.inputs) == len(batch.targets),
        f"{name} has {len(batch.inputs)} rows of {shapes[0][1]} inputs, {len(batch.targets)} of {shapes[1][1]} targets",
        f"as many rows, of {task.input_size} and {task.output_size} channels",
        "Say in a line 'options' for which options it holds",
    )
    reached = task.scores(task.oracle(batch.inputs.clone()), batch)[rule.metric].item()
    require(
        reached < rule.below,
        f"on {name} the oracle has a {rule.metric} of {reached:g}",
        f"below {rule.below:g}",
        "Correct the example, or the oracle",
    )
    # Numbers that letters stand for are written rounded, and seldom drawn.
    require(
        bool(example.where) or _is_drawn(task, batch),
        f"{name} is not among {_DRAWS * _SEQUENCES:,} sequences that the task drew",
        "a sequence of the task, with its targets and mask",
        "Correct the example, or let a line 'options' make it as likely as others",
    )


def _is_drawn(task: SequenceTask, example: Batch) -> bool:
    for size in task.training_sizes():
        if len(task.evaluation_batch(Stream.PROBE, size, 1).inputs) == len(example.inputs):
            for index in range(_DRAWS):
                drawn = task.batch(Stream.PROBE, index, size, _SEQUENCES)
                inputs, targets, mask = (
                    (part - written).abs() < _ROUNDED for part, written in zip(drawn, example, strict=True)
                )
                targets = targets | ~drawn.mask.bool().unsqueeze(-1)
                if bool((inputs.all(-1) & targets.all(-1) & mask).all(0).any()):
                    return True
    return False
