"""What `against.py` measures, a row each; the Python of either checkout runs this, and says what its own code takes.

It uses only what checkouts of long ago have too. It answers each line that it reads with a measurement, as JSON.

.venv/bin/python against_rows.py ROW CHECKOUT FOLDER THREADS
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from first_step import seconds_to_first_step, timed_plugin

Round = Callable[[], float | None]
"""Does what is measured; returns a number where that is something else than the seconds that it took."""

STEPS, BATCH, INPUTS, OUTPUTS = 41, 32, 9, 8
SECONDS_A_ROUND = 0.2


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        text: what is measured.
        unit: of the numbers.
        ready: gets a folder for files; makes all ready and returns the round.
        scale: by which the seconds of a round are multiplied.
        most: rounds at most, of what takes long or is always the same.
    """

    text: str
    unit: str
    ready: Callable[[Path], Round]
    scale: float = 1e3
    most: int = 100


def model_pass(
    kind: str, backend: str, steps: int = STEPS, batch: int = BATCH, **options: int
) -> Callable[[Path], Round]:
    """Measure forward and backward of a model on random bits."""

    def ready(folder: Path) -> Round:
        import torch

        model, inputs = _prepared(kind, backend, steps, batch, options)

        def forward_and_backward() -> None:
            model.zero_grad()
            model(inputs).square().sum().backward()

        torch.manual_seed(0)
        return forward_and_backward

    return ready


def whole_step(folder: Path) -> Round:
    """Measure a training step of the default NTM on copy, at its middle size: with the loss, clipping and Adam."""
    from mann_bench.core.streams import Stream
    from mann_bench.tasks.copy import Copy

    task = Copy()
    sizes = task.training_sizes()
    batch = task.batch(Stream.TRAIN, 0, sizes[len(sizes) // 2], BATCH)
    model, _ = _prepared("ntm", "native", STEPS, BATCH, {})
    optimizer = model.configure_optimizers()

    def step() -> None:
        optimizer.zero_grad()
        task.loss(model(batch.inputs), batch).mean().backward()
        model.clip_gradient_norm()
        optimizer.step()

    return step


def kept_for_backward(kind: str) -> Callable[[Path], Round]:
    """Count the MiB of tensors that autograd keeps."""

    def ready(folder: Path) -> Round:
        import torch

        model, inputs = _prepared(kind, "native", STEPS, BATCH, {})
        own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}

        def count() -> float:
            saved = {}

            def pack(tensor):
                storage = tensor.untyped_storage()
                if storage.data_ptr() not in own:
                    saved[storage.data_ptr()] = storage
                return tensor

            with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
                model(inputs)
            return sum(storage.nbytes() for storage in saved.values()) / 2**20

        return count

    return ready


def first_step(*options: str) -> Callable[[Path], Round]:
    """Measure from the start of `mann-bench run` to its first training step."""

    def ready(folder: Path) -> Round:
        def start() -> float:
            with timed_plugin() as plugin:
                return seconds_to_first_step(plugin, *options)

        return start

    return ready


def evaluation_share(folder: Path) -> Round:
    """Measure which part of the wall time of a default run on copy goes into validation, probe and test."""

    def run() -> float:
        out = folder / f"evaluation-{os.getpid()}-{time.monotonic_ns()}"
        started = time.perf_counter()
        words = ["run", "--model", "ntm", "--task", "copy:layout=collier2018", "--seeds", "3", "--jobs", "1"]
        _command(*words, "--wandb", "disabled", "--out", str(out))
        taken = time.perf_counter() - started
        record = json.loads(next(out.glob("*/record.json")).read_text())
        return 100 * record["seconds"]["evaluation"] / taken

    return run


def report(name: str) -> Callable[[Path], Round]:
    """Measure `report` over records that `write_records` wrote before."""

    def ready(folder: Path) -> Round:
        return lambda: _command("--no-plugins", "report", str(folder / name / "runs"))

    return ready


def write_records(folder: Path, checkout: Path) -> None:
    """Write the records of a made-up study, in the form of this checkout, where they are not there yet."""
    sys.path.insert(0, str(checkout / "benchmarks"))
    import many_records

    for name, size in RECORDS.items():
        if not (study := folder / name / "study.toml").exists():
            study.parent.mkdir(parents=True)
            study.write_text(many_records.study_text(*size))
            many_records.write_records(study, study.parent / "runs")


def _prepared(kind: str, backend: str, steps: int, batch: int, options: dict[str, int]):
    """Return a model on a backend, and random bits for it; raises RuntimeError where it has not that backend."""
    import torch

    from mann_bench.models.preparation import prepare

    torch.manual_seed(0)
    model = _class(kind)(INPUTS, OUTPUTS, **options)
    prepared = prepare(model, backend, 10**9, batch)
    if prepared.notice:
        raise RuntimeError(prepared.notice)
    return model, torch.randint(0, 2, (steps, batch, INPUTS)).float()


def _class(kind: str):
    import plain_cells

    from mann_bench.models.dnc import DNCModel
    from mann_bench.models.ntm import NTMModel

    own = {"ntm": NTMModel, "dnc": DNCModel}
    return own[kind] if kind in own else getattr(plain_cells, kind)


def _command(*words: str) -> None:
    program = str(Path(sys.executable).with_name("mann-bench"))
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mann-bench {' '.join(words)}: {done.stderr[-500:]}")


RECORDS = {"records": (10, 10, 100), "cells": (100, 10, 10)}
"""Models, tasks and seeds of the made-up studies."""

ROWS = {
    "ntm": Row("native NTM, 41 steps, batch 32", "ms", model_pass("ntm", "native")),
    "ntm_step": Row("native NTM, training step, mean batch", "ms", whole_step),
    "dnc_128": Row("native DNC, 128 slots, 41 steps, batch 32", "ms", model_pass("dnc", "native")),
    "dnc_512": Row(
        "native DNC, 512 slots, 21 steps, batch 8", "ms", model_pass("dnc", "native", 21, 8, memory_slots=512)
    ),
    "dnc_2048": Row(
        "native DNC, 2,048 slots, 11 steps, batch 2", "ms", model_pass("dnc", "native", 11, 2, memory_slots=2048)
    ),
    "compiled_ntm": Row("compiled NTM", "ms", model_pass("ntm", "compiled")),
    "compiled_dnc": Row("compiled DNC", "ms", model_pass("dnc", "compiled")),
    "compiled_gru": Row("compiled gated units", "ms", model_pass("GatedUnits", "compiled")),
    "compiled_matrix": Row("compiled matrix memory", "ms", model_pass("MatrixMemory", "compiled")),
    "compiled_stack": Row("compiled stack", "ms", model_pass("NeuralStack", "compiled")),
    "start": Row("start to first step, one run", "s", first_step("--seeds", "0", "--jobs", "1"), 1),
    "start_workers": Row("start to first step, two workers", "s", first_step("--seeds", "0-1", "--jobs", "2"), 1),
    "evaluation": Row("evaluation, share of a default run", "%", evaluation_share, 1, 3),
    "report_records": Row("report, 10,000 records", "s", report("records"), 1),
    "report_cells": Row("report, 1,000 cells of ten seeds", "s", report("cells"), 1),
    "memory_ntm": Row("kept for backward, native NTM", "MiB", kept_for_backward("ntm"), 1, 1),
    "memory_dnc": Row("kept for backward, native DNC", "MiB", kept_for_backward("dnc"), 1, 1),
}


def main() -> None:
    name, checkout, folder, threads = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        _check(checkout)
        if name == "write_records":
            write_records(folder, checkout)
            return
        measured = measurement(ROWS[name], folder, threads)
    except Exception as error:
        print(json.dumps({"problem": f"{type(error).__name__}: {error}"}), file=answers, flush=True)
        return
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measured()), file=answers, flush=True)


def measurement(row: Row, folder: Path, threads: int) -> Callable[[], dict[str, float]]:
    """Return what measures a round, in wall time and in processor time of this process and its children."""
    if row.unit in ("ms", "MiB"):
        import torch

        torch.set_num_threads(threads)
    work, times = row.ready(folder), 1
    if row.unit == "ms":
        work()  # what is loaded, built or allocated late is not measured
        started = time.perf_counter()
        work()
        times = max(1, int(SECONDS_A_ROUND / (time.perf_counter() - started)))

    def measured() -> dict[str, float]:
        wall, busy = time.perf_counter(), processor_seconds()
        for _ in range(times):
            value = work()
        wall, busy = (time.perf_counter() - wall) / times, (processor_seconds() - busy) / times
        return {"value": wall * row.scale if value is None else value, "cpu": busy * row.scale}

    return measured


def processor_seconds() -> float:
    """Return what this process and the children that it waited for have used."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _check(checkout: Path) -> None:
    import mann_bench

    if Path(mann_bench.__file__).resolve().parents[1] != checkout.resolve():
        raise RuntimeError(f"this Python imports mann_bench from {mann_bench.__file__}, not from {checkout}")


if __name__ == "__main__":
    main()
