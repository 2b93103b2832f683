"""Training sequences a second of each model on each task and backend, beside the machine's own limits.

A step is forward, backward, gradient clipping and Adam on a batch of the task's longest training size. The
backends of a cell take turns; given are median [least to greatest] over rounds, and the ratio of medians to eager.

With --forms, only the models of mann-bench-modern that are named, each chunked form beside its plain recurrent twin,
forward and backward, on a batch of 32 sequences of 256 steps: the recurrence of a layer alone, and the whole model.
The seconds are those of the processor (CPU time), of which other processes take none.

With --auto, cells without native code and an NTM for that many training steps: the processor time of making ready and
of all steps, for `auto` and for each backend, with an empty cache. `auto` should be within 5 % of the least.

.venv/bin/python benchmarks/training.py [--models ntm dnc] [--tasks copy] [--batch 32 128] [--threads 1 2]
.venv/bin/python benchmarks/training.py --forms gated_deltanet mlstm mamba2 rwkv7 titans ttt_linear kv_memory
.venv/bin/python benchmarks/training.py --auto 500 5000 [--models gated stack ntm]
"""

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from compiled import CELLS, cpu_seconds
from measuring import copy_bandwidth, interleaved, multiply_add_rate, print_table, spread
from torch.utils._pytree import tree_map_only

from mann_bench.core.backends import AUTO, Backend
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.base import RecurrentModel
from mann_bench.models.building import build_model, build_task
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry
from mann_bench.tasks.copy import Copy

MODELS = ["ntm", "dnc", "lstm", "lstm_matched"]
AUTO_MODELS = ["gated", "stack", "ntm"]
TASKS = ["copy", "repeat_copy", "associative_recall", "dynamic_ngrams", "priority_sort"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--tasks", nargs="+", default=TASKS)
    parser.add_argument("--backends", nargs="+", default=list(Backend))
    parser.add_argument("--batch", nargs="+", type=int, default=[32])
    parser.add_argument("--threads", nargs="+", type=int, default=[1])
    parser.add_argument("--forms", nargs="+", default=[])
    parser.add_argument("--auto", nargs="+", type=int, default=[], metavar="STEPS")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(run_seconds(*given.one, given.rounds)))
        return
    if given.auto:
        models = AUTO_MODELS if given.models == MODELS else given.models
        rows = [auto_row(model, steps, given.rounds) for model in models for steps in given.auto]
        print_table(["model", "steps", AUTO, "its choice", *Backend, "auto of least"], rows)
        return
    if given.forms:
        rows = [row for name in given.forms for row in forms(name, given.threads[0], given.rounds)]
        print_table(["model", "what", "recurrent, s", "chunked, s", "times as fast"], rows)
        return
    for threads in given.threads:
        print(f"{threads} thread(s): multiply-adds {multiply_add_rate(threads):,.0f} GFLOP/s, ", end="")
        print(f"copies {copy_bandwidth(threads, 4):,.0f} GB/s in cache, {copy_bandwidth(threads, 128):,.0f} beyond\n")
    rows = []
    for task_name in given.tasks:
        for model_name in given.models:
            for batch_size in given.batch:
                for threads in given.threads:
                    rows += cell(model_name, task_name, batch_size, threads, given.backends, given.rounds)
    print_table(["task", "model", "batch", "threads", "backend", "sequences/s", "steps/s", "of eager"], rows)


def cell(model_name, task_name, batch_size, threads, backends, rounds):
    torch.set_num_threads(threads)
    registry = Registry.discover()
    task = build_task(resolve_component(registry, "task", task_name))
    batch = task.batch(Stream.TRAIN, 0, task.training_sizes()[-1], batch_size)
    torch.manual_seed(0)
    model = build_model(resolve_component(registry, "model", model_name), task)
    asked = backends if isinstance(model, RecurrentModel) else [Backend.EAGER]
    steps = {}
    for backend in asked:
        twin = copy.deepcopy(model)
        prepared = prepare(twin, backend, 10**9, batch_size)
        if prepared.notice is None:
            steps[str(prepared.backend)] = stepper(twin, task, batch)
    seconds = interleaved(steps, rounds)
    slowest = statistics.median(next(iter(seconds.values())))
    for backend, taken in seconds.items():
        rates = [batch_size / each for each in taken]
        ratio = f"{slowest / statistics.median(taken):.1f}"
        row = [task_name, model_name, str(batch_size), str(threads), backend]
        yield [*row, spread(rates), f"{statistics.median(rates) / batch_size:.2f}", ratio]


def auto_row(model_name, steps, rounds):
    """Return the seconds of a run for each choice, each in a process with a cache of its own."""
    found = {}
    for choice in (AUTO, *Backend):
        with tempfile.TemporaryDirectory() as cache:
            words = [sys.executable, __file__, "--rounds", str(rounds), "--one", model_name, choice, str(steps)]
            environment = os.environ | {"MANN_BENCH_CACHE": cache, "TORCHINDUCTOR_CACHE_DIR": ""}
            run = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
        found[choice] = json.loads(run.stdout)
    seconds = {choice: taken for choice, (backend, taken) in found.items() if choice in (AUTO, backend)}
    least = min(taken for choice, taken in seconds.items() if choice != AUTO)
    texts = [f"{seconds[backend]:.1f}" if backend in seconds else "" for backend in Backend]
    ratio = f"{seconds[AUTO] / least:.2f}"
    return [model_name, f"{steps:,}", f"{seconds[AUTO]:.1f}", found[AUTO][0], *texts, ratio]


def run_seconds(model_name, choice, steps, rounds):
    """Return the backend that a choice gives, and the processor time of making ready and of so many steps of copy."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    task = Copy()
    model = CELLS[model_name](task.input_size, task.output_size)
    batch = task.batch(Stream.TRAIN, 0, task.training_sizes()[-1], 32)
    started = cpu_seconds()
    prepared = prepare(model, choice, int(steps) * len(batch.inputs), 32)
    ready = cpu_seconds() - started
    step = interleaved({"step": stepper(model, task, batch)}, rounds, time.process_time)["step"]
    return [prepared.backend, ready + int(steps) * statistics.median(step)]


def forms(model_name, threads, rounds):
    torch.set_num_threads(threads)
    registry = Registry.discover()
    task = build_task(resolve_component(registry, "task", "copy"))
    inputs = torch.rand(256, 32, task.input_size)
    whole, alone = {}, {}
    for form in ("recurrent", "chunked"):
        torch.manual_seed(0)
        model = build_model(resolve_component(registry, "model", f"{model_name}:form={form}"), task)
        whole[form] = lambda model=model: model(inputs).square().mean().backward()
        rule, told = model.layers.layers[0].mixer.rule, told_to_rule(model, inputs)
        alone[form] = lambda rule=rule, told=told: rule(*told)[0].square().mean().backward()
    for what, functions in (("recurrence", alone), ("model", whole)):
        seconds = interleaved(functions, rounds, time.process_time)
        ratio = statistics.median(seconds["recurrent"]) / statistics.median(seconds["chunked"])
        yield [model_name, what, *(spread(seconds[form], 3) for form in ("recurrent", "chunked")), f"{ratio:.1f}"]


def told_to_rule(model, inputs):
    """Return what the first layer hands its recurrence, as leaves that want gradients."""
    mixer, told = model.layers.layers[0].mixer, []
    rule, mixer.rule = mixer.rule, lambda *given: told.append(given) or rule(*given)
    model(inputs)
    mixer.rule = rule
    return tree_map_only(torch.Tensor, leaf, told[0])


def leaf(tensor):
    fresh = tensor.detach().clone()
    return fresh.requires_grad_() if fresh.is_floating_point() else fresh


def stepper(model, task, batch):
    """Return a function that does a training step."""
    optimizer = model.configure_optimizers()

    def step():
        optimizer.zero_grad()
        task.loss(model(batch.inputs), batch).mean().backward()
        model.clip_gradient_norm()
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
