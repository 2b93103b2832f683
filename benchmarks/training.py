"""Training steps a second of each model on each task, one thread, batches of 32.

A step is data, forward, backward, gradient clipping and Adam, on the first batches of the training stream, so
over the sizes that training meets. The models take turns; a cell is the median over rounds of steps a second,
with the least and the greatest.

.venv/bin/python benchmarks/training.py [--rounds 5] [--batches 6] [--tasks copy ...] [--models ntm ...]
"""

import argparse
import statistics
import time

import torch

from mann_bench.core.protocol import Protocol
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import resolve_component
from mann_bench.registry import Registry
from mann_bench.training.trainer import build_model, build_task, longest_batch_bytes, recomputes

MODELS = ["ntm", "dnc", "lstm", "lstm_matched"]
TASKS = ["copy", "repeat_copy", "associative_recall", "dynamic_ngrams", "priority_sort"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=6)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--models", nargs="+", default=MODELS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("".join([f"{'task':<20}", f"{'time steps':>12}", *(f"{name:>26}" for name in given.models)]))
    for name in given.tasks:
        task = build_task(resolve_component(Registry.discover(), "task", name))
        batches = [task.batch(Stream.TRAIN, index) for index in range(given.batches)]
        steppers = [stepper(model, task) for model in given.models]
        rounds = [[speed(step, given.batches) for step in steppers] for _ in range(given.rounds)]
        mean_steps = statistics.mean(len(batch.inputs) for batch in batches)
        cells = (f"{spread(each):>26}" for each in zip(*rounds, strict=True))
        print("".join([f"{name:<20}", f"{mean_steps:>12.1f}", *cells]), flush=True)


def stepper(name, task):
    """Return a function that does the training step on batch `index`."""
    torch.manual_seed(0)
    model = build_model(resolve_component(Registry.discover(), "model", name), task)
    if recomputes(model, longest_batch_bytes(model, task, Protocol().batch_size)):
        model.recompute = True
    optimizer = model.configure_optimizers()

    def step(index):
        batch = task.batch(Stream.TRAIN, index)
        optimizer.zero_grad()
        task.loss(model(batch.inputs), batch).mean().backward()
        model.configure_gradient_clipping(optimizer)
        optimizer.step()

    step(0)
    return step


def speed(step, count):
    started = time.perf_counter()
    for index in range(count):
        step(index)
    return count / (time.perf_counter() - started)


def spread(values):
    return f"{statistics.median(values):.2f} [{min(values):.2f} to {max(values):.2f}]"


if __name__ == "__main__":
    main()
