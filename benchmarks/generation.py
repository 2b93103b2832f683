"""How long it takes to draw a training batch: of 32 sequences of the tasks of the suite, of 128 of mann-bench-formal.

Medians of 300 batches on one thread. The tasks of mann-bench-formal and those of mann-bench-graphs, 32 sequences a
batch, are timed where they are installed, in CPU time and in turn with the definitions in plain Python that their tests
have: they are meant to be 20 times as fast.

.venv/bin/python -m pip install --no-deps -e plugins/mann-bench-formal -e plugins/mann-bench-graphs
OMP_NUM_THREADS=1 .venv/bin/python benchmarks/generation.py
"""

import importlib.util
import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

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
FORMAL, GRAPHS = "mann_bench_formal", "mann_bench_graphs"
SEQUENCES = 128
ROUNDS = {40: 21, 500: 7}
GRAPH_SEQUENCES = 32
GRAPH_ROUNDS = {"graph_traversal": {1: 21, 7: 21, 14: 7}, "graph_inference": {1: 21, 7: 7, 17: 7}}
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
    torch.set_num_threads(1)
    for plugin, table in {FORMAL: formal, GRAPHS: graphs}.items():
        if importlib.util.find_spec(plugin):
            table(plain_definitions(plugin))


def plain_definitions(plugin: str) -> ModuleType:
    """Return the module of a plugin's tests that has its definitions in plain Python."""
    path = Path(__file__).parents[1] / "plugins" / plugin.replace("_", "-") / "tests" / "plain.py"
    spec = importlib.util.spec_from_file_location(f"{plugin}_plain", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def formal(plain: ModuleType) -> None:
    print(f"\n{'task':<30}" + "".join(f"{f'length {length}':>14}{'plain':>12}{'ratio':>8}" for length in ROUNDS))
    for spec in importlib.import_module(FORMAL).mann_bench_tasks():
        if spec.name in plain.DRAWS:
            task = load_target(spec.name, spec.target, "mann-bench-formal")()
            cells = [
                against_plain(
                    partial(task.generate, size={"length": length}, count=SEQUENCES),
                    partial(plain_batch, plain, task, spec.name, length),
                    rounds,
                )
                for length, rounds in ROUNDS.items()
            ]
            print(f"{spec.name:<30}" + "".join(cells))


def graphs(plain: ModuleType) -> None:
    print(f"\n{'task':<20}{'lesson':>8}{'median':>14}{'plain':>12}{'ratio':>8}")
    for spec in importlib.import_module(GRAPHS).mann_bench_tasks():
        task = load_target(spec.name, spec.target, "mann-bench-graphs")()
        for lesson, rounds in GRAPH_ROUNDS[spec.name].items():
            steps = len(task.batch(Stream.TRAIN, 0, {"lesson": lesson}, 1).inputs)
            own = partial(task.generate, size={"lesson": lesson}, count=GRAPH_SEQUENCES)
            cell = against_plain(own, partial(plain_graphs, plain, task, spec.name, lesson, steps), rounds)
            print(f"{spec.name:<20}{lesson:>8}{cell}")


def against_plain(
    own: Callable[[np.random.Generator], object], plainly: Callable[[random.Random], object], rounds: int
) -> str:
    """Time two ways to draw a batch in turn; return both medians and their ratio."""
    times = [
        (cpu(own, np.random.Generator(np.random.Philox(index))), cpu(plainly, random.Random(index)))
        for index in range(rounds)
    ]
    ours, theirs = map(statistics.median, zip(*times, strict=True))
    return f"{ours:>11.3f} ms{theirs:>9.1f} ms{theirs / ours:>7.0f}{' ' if theirs >= LEAST * ours else '!'}"


def plain_batch(
    plain: ModuleType, task: SequenceTask, name: str, length: int, rng: random.Random
) -> list[torch.Tensor]:
    """Return inputs, targets and mask, made of lists."""
    inputs, targets, mask = [], [], []
    for _ in range(SEQUENCES):
        symbols, answers = plain.draw(name, rng, length)
        codes, said = symbols + [task.input_size - 1] * len(answers), [None] * len(symbols) + answers
        inputs.append([[float(code == channel) for channel in range(task.input_size)] for code in codes])
        targets.append([[float(label == channel) for channel in range(task.output_size)] for label in said])
        mask.append([float(label is not None) for label in said])
    return tensors(inputs, targets, mask)


def plain_graphs(
    plain: ModuleType, task: SequenceTask, name: str, lesson: int, steps: int, rng: random.Random
) -> list[torch.Tensor]:
    """Return inputs, targets and mask, made of lists."""
    if name == "graph_traversal":
        drawn = [plain.draw_traversal(rng, lesson) for _ in range(GRAPH_SEQUENCES)]
    else:
        lists = itertools.chain.from_iterable(each.tolist() for each in task.chains.values())
        chains = dict(enumerate(lists, start=10))
        drawn = [plain.draw_inference(rng, lesson, chains) for _ in range(GRAPH_SEQUENCES)]
    return tensors(*zip(*(plain.rows(each, steps) for each in drawn), strict=True))


def tensors(*lists: list[list[object]]) -> list[torch.Tensor]:
    """Return tensors with time first from lists with the sequence first."""
    return [torch.tensor(rows).transpose(0, 1).contiguous() for rows in lists]


def cpu(work: Callable[[Any], object], given: object) -> float:
    """Return the milliseconds of CPU time that `work` takes."""
    started = time.process_time()
    work(given)
    return 1e3 * (time.process_time() - started)


if __name__ == "__main__":
    main()
