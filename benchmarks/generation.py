"""How long it takes to draw a training batch: of 32 sequences of the tasks of the suite, of 128 of mann-bench-formal.

Medians of 300 batches on one thread. The tasks of mann-bench-formal, where it is installed, are timed in CPU time and
in turn with the definitions in plain Python that its tests have: they are meant to be 20 times as fast.

.venv/bin/python -m pip install --no-deps -e plugins/mann-bench-formal
OMP_NUM_THREADS=1 .venv/bin/python benchmarks/generation.py
"""

import importlib.util
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mann_bench.core.loading import load_target
from mann_bench.core.sizes import size_text
from mann_bench.core.streams import Stream
from mann_bench.tasks.associative_recall import AssociativeRecall
from mann_bench.tasks.base import SequenceTask
from mann_bench.tasks.copy import Copy
from mann_bench.tasks.repeat_copy import RepeatCopy

BATCHES = 300
CASES = [
    (Copy(), {"length": 20}),
    (RepeatCopy(), {"length": 10, "repeats": 10}),
    (AssociativeRecall(), {"items": 6}),
]
FORMAL = "mann_bench_formal"
PLAIN = Path(__file__).parents[1] / "plugins" / "mann-bench-formal" / "tests" / "plain.py"
SEQUENCES = 128
ROUNDS = {40: 21, 500: 7}
LEAST = 20
"""How many times as fast as plain Python a task is meant to be."""


def main() -> None:
    print(f"{'task':<20}{'size':>8}{'median':>12}{'greatest':>12}")
    for task, size in CASES:
        taken = []
        for index in range(BATCHES):
            started = time.perf_counter()
            task.batch(Stream.TRAIN, index, size, 32)
            taken.append(1e3 * (time.perf_counter() - started))
        row = f"{statistics.median(taken):>9.3f} ms{max(taken):>9.3f} ms"
        print(f"{type(task).__name__:<20}{size_text(size):>8}{row}")
    if importlib.util.find_spec(FORMAL):
        formal()


def formal() -> None:
    torch.set_num_threads(1)
    print(f"\n{'task':<30}" + "".join(f"{f'length {length}':>14}{'plain':>12}{'ratio':>8}" for length in ROUNDS))
    for spec in importlib.import_module(FORMAL).mann_bench_tasks():
        if spec.name in plain.DRAWS:
            task = load_target(spec.name, spec.target, "mann-bench-formal")()
            cells = [against_plain(task, spec.name, length, rounds) for length, rounds in ROUNDS.items()]
            print(f"{spec.name:<30}" + "".join(cells))


def against_plain(task: SequenceTask, name: str, length: int, rounds: int) -> str:
    own, plainly = [], []
    for index in range(rounds):
        numpys, pythons = np.random.Generator(np.random.Philox(index)), random.Random(index)
        own.append(cpu(lambda rng=numpys: task.generate(rng, {"length": length}, SEQUENCES)))
        plainly.append(cpu(lambda rng=pythons: plain_batch(task, name, length, rng)))
    ours, theirs = statistics.median(own), statistics.median(plainly)
    return f"{ours:>11.3f} ms{theirs:>9.1f} ms{theirs / ours:>7.0f}{' ' if theirs >= LEAST * ours else '!'}"


def plain_batch(task: SequenceTask, name: str, length: int, rng: random.Random) -> list[torch.Tensor]:
    """Return inputs, targets and mask, made of lists."""
    inputs, targets, mask = [], [], []
    for _ in range(SEQUENCES):
        symbols, answers = plain.draw(name, rng, length)
        codes, said = symbols + [task.input_size - 1] * len(answers), [None] * len(symbols) + answers
        inputs.append([[float(code == channel) for channel in range(task.input_size)] for code in codes])
        targets.append([[float(label == channel) for channel in range(task.output_size)] for label in said])
        mask.append([float(label is not None) for label in said])
    return [torch.tensor(rows).transpose(0, 1).contiguous() for rows in (inputs, targets, mask)]


def cpu(work: Callable[[], object]) -> float:
    """Return the milliseconds of CPU time that `work` takes."""
    started = time.process_time()
    work()
    return 1e3 * (time.process_time() - started)


if __name__ == "__main__":
    sys.path.append(str(PLAIN.parent))
    import plain

    main()
