"""Clauses on what a task is: spec, class, options, the sizes of its sequences and how they are drawn."""

from collections.abc import Mapping

import torch

from mann_bench.core.sizes import Size, size_text
from mann_bench.core.streams import Stream
from mann_bench.tasks.base import SequenceTask
from mann_bench.testing.clause import require
from mann_bench.testing.common_clauses import check_class, check_options
from mann_bench.testing.subject import TaskSubject

_SUITES_OWN = ("batch", "evaluation_batch", "train_dataloader")
_DRAWS_A_VALUE = 30
_SIZES_CHECKED = 8


def api(subject: TaskSubject) -> None:
    """The class is a `SequenceTask`, complete, and leaves the streams to the suite."""
    check_class(subject, SequenceTask, _SUITES_OWN)


def options(subject: TaskSubject) -> None:
    """Options are keyword-only, typed and with defaults; an unknown one is an error that names the nearest."""
    check_options(subject, subject.target, ())


def sizes(subject: TaskSubject) -> None:
    """Training and test sizes are named numbers from 1 up, each size once, all with the same names in one order."""
    task = subject.build()
    names = None
    for words, listed in (("training_sizes", task.training_sizes()), ("test_sizes", task.test_sizes())):
        require(bool(listed), f"{words} is empty", "at least one size", "List what is trained and tested")
        for size in listed:
            names = names or tuple(size)
            require(
                isinstance(size, Mapping) and tuple(size) == names and all(_is_count(v) for v in size.values()),
                f"{words} holds {size!r}",
                f"whole numbers from 1 up for {', '.join(names)}",
                "Name the dimensions of a size alike in both grids",
            )
        require(
            len({tuple(size.values()) for size in listed}) == len(listed),
            f"{words} holds a size twice",
            "each size once: all are equally likely",
            "Remove the second",
        )


def grid(subject: TaskSubject) -> None:
    """The test grid starts within the training range or at its end, and goes beyond it."""
    task = subject.build()
    trained, tested = task.training_sizes(), task.test_sizes()
    for name in trained[0]:
        least = min(size[name] for size in trained)
        below = [size_text(size) for size in tested if size[name] < least]
        require(not below, f"test sizes {', '.join(below)} lie below {name} {least}", "none", "Leave them out")
    beyond = [size for size in tested if any(size[n] > max(s[n] for s in trained) for n in size)]
    require(
        bool(beyond),
        "no test size goes beyond the training sizes",
        "a grid on which length generalisation shows",
        "Add longer sizes to test_sizes, or train on shorter ones",
    )
    for size in tested:
        rows, steps = task.rows_to_remember(size), len(task.evaluation_batch(Stream.PROBE, size, 1).inputs)
        require(
            rows is None or 0 < rows < steps,
            f"at size {size_text(size)}, of {steps} steps, rows_to_remember is {rows}",
            "None, or a number from 1 to the steps before the last",
            "Count the input rows that a solver has to keep at once",
        )


def shapes(subject: TaskSubject) -> None:
    """Inputs [T, B, I], targets [T, B, O] and mask [T, B] share one window, are float32 and finite, at every size."""
    task = subject.build()
    for size in some_sizes(task):
        for count in (1, 3):
            inputs, targets, mask = task.evaluation_batch(Stream.PROBE, size, count)
            steps = len(inputs)
            seen = [list(part.shape) for part in (inputs, targets, mask)]
            expected = [[steps, count, task.input_size], [steps, count, task.output_size], [steps, count]]
            require(
                seen == expected and steps > 0,
                f"{count} sequences of size {size_text(size)} have inputs, targets and mask of shapes {seen}",
                f"{expected}",
                "Time comes first, then the batch, for all three alike",
            )
            for name, part in {"inputs": inputs, "targets": targets, "mask": mask}.items():
                require(
                    part.dtype == torch.float32 and bool(part.isfinite().all()),
                    f"at size {size_text(size)} {name} are {part.dtype}, or not finite",
                    "finite numbers of torch.float32",
                    "Convert them in generate",
                )


def distribution(subject: TaskSubject) -> None:
    """Training draws every size, both ends included; options min_X and max_X are the ends of dimension X."""
    task = subject.build()
    listed = task.training_sizes()
    for name in listed[0]:
        values = [size[name] for size in listed]
        for end, reached in (("min", min(values)), ("max", max(values))):
            given = subject.component.options.get(f"{end}_{name}", reached)
            require(
                given == reached,
                f"{end}_{name} is {given}, but training sizes have {name} {reached} at that end",
                f"{name} {given} among them",
                "Python's range and randint exclude their upper bound: add 1",
            )
    drawn = _drawn(task)
    for name in listed[0]:
        absent = {size[name] for size in listed} - {size[name] for size in drawn}
        require(
            not absent,
            f"{len(drawn)} training batches never had {name} {', '.join(map(str, sorted(absent)))}",
            "all that training_sizes lists, equally likely",
            "Leave the choice of the size to the suite",
        )


def some_sizes(task: SequenceTask) -> list[Size]:
    """Return all test sizes and some training sizes, the first and the last among them."""
    trained = task.training_sizes()
    count = min(len(trained), _SIZES_CHECKED)
    return [trained[round(i * (len(trained) - 1) / max(count - 1, 1))] for i in range(count)] + task.test_sizes()


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _drawn(task: SequenceTask) -> list[Size]:
    """Return the sizes of the first training batches, without generating those."""
    seen: list[Size] = []
    one = task.evaluation_batch(Stream.PROBE, task.training_sizes()[0], 1)
    task.generate = lambda rng, size, count: seen.append(size) or one  # type: ignore[method-assign, func-returns-value]
    trained = task.training_sizes()
    for index in range(_DRAWS_A_VALUE * max(len({size[name] for size in trained}) for name in trained[0])):
        task.batch(Stream.TRAIN, index)
    return seen
