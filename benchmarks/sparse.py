"""Sparse memories against dense ones as the slots grow: time of forward and backward, and what is kept for backward.

Slot width 32, 4 heads (an NTM reads and writes with 4 each), native backend. Cases take turns. Time is the median over
rounds; CPU time is that of all threads together, which tells more on a machine that is not quiet (with --threads 1, for
threads spin while they wait for each other). Large dense models may be timed over fewer steps (--dense-steps): the
table then has their times in proportion. An NTM that is too large to be timed counts as much as its slots are more
than those of the largest one that is: such shares are marked with a star.

.venv/bin/python benchmarks/sparse.py [--rounds 5] [--slots 128 1024 8192 65536 1048576] [--dense-slots 128 65536] \
    [--figure docs/sparse-growth.png]
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from measuring import print_table

from mann_bench.core.backends import Backend
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.base import RecurrentModel
from mann_bench.models.building import load_class
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry
from mann_bench.reporting.figures.style import LineStyle
from mann_bench.reporting.pictures import plain_settings, png

WIDTH, HEADS, INPUTS, OUTPUTS = 32, 4, 9, 8
DENSE = {"ntm": {"write_heads": HEADS}, "dnc": {}}
LARGE = 1024
"""Slots from which on a dense model is a large one."""

LINKED = [128, 2048]
"""Slots at which SDNC and DNC are compared, unless others are given."""

STARTS = [("constant", "exact"), ("random", "exact"), ("random", "approximate")]
"""Where a memory starts, and how it is searched; that makes no difference to a dense model."""


class Case(NamedTuple):
    model: str
    slots: int
    start: str = "constant"
    index: str = "exact"


class Measured(NamedTuple):
    forward: float
    """Seconds."""
    backward: float
    cpu: float
    """Seconds of all threads together."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--dense-steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slots", type=int, nargs="+", default=[128, 1024, 8192, 65536])
    parser.add_argument("--dense-slots", type=int, nargs="*", default=[128, 65536])
    parser.add_argument("--linked-slots", type=int, nargs="*", default=LINKED)
    parser.add_argument("--figure", type=Path, help="PNG file to draw the growth of CPU time to")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cases = [Case("sam", slots, *start) for start in STARTS for slots in given.slots]
    cases += [Case("ntm", slots) for slots in given.dense_slots]
    cases += [Case("sdnc", slots, *start) for start in STARTS[:2] for slots in given.linked_slots]
    cases += [Case("dnc", slots) for slots in given.linked_slots]
    models = {case: build(case, given.batch) for case in cases}
    rows: dict[Case, list[Measured]] = {case: [] for case in cases}
    for turn in range(given.rounds + 1):
        for case, model in models.items():
            steps = given.dense_steps if case.model in DENSE and case.slots >= LARGE else given.steps
            measured = measure(model, steps, given.batch)
            if turn:  # what is loaded or allocated late is not measured
                rows[case].append(Measured(*(given.steps / steps * seconds for seconds in measured)))
    medians = {case: Measured(*map(statistics.median, zip(*each, strict=True))) for case, each in rows.items()}
    kept = {case: kept_bytes(model, given.steps, given.batch) for case, model in models.items()}
    columns = [
        "model",
        "slots",
        "start",
        "index",
        "forward ms",
        "backward ms",
        "CPU ms",
        "kept MiB",
        "of the dense CPU",
        "kept of it",
    ]
    print_table(columns, [row_of(case, medians, kept) for case in cases])
    if given.figure:
        given.figure.write_bytes(growth({case: 1e3 * each.cpu for case, each in medians.items()}))


def build(case: Case, batch: int) -> RecurrentModel:
    torch.manual_seed(0)
    component = resolve_component(Registry.discover(), "model", case.model)
    options = DENSE.get(case.model, {"memory_init": case.start, "index": case.index})
    sizes = {"memory_slots": case.slots, "slot_width": WIDTH, "read_heads": HEADS}
    model = load_class(component)(INPUTS, OUTPUTS, **sizes, **options)
    prepare(model, Backend.NATIVE, 10**9, batch)
    return model


def kept_bytes(model: RecurrentModel, steps: int, batch: int) -> int:
    """Return what forward keeps for backward, besides the parameters."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        _logits = model(inputs_of(steps, batch))
    return sum(size for address, size in saved.items() if address not in own)


def inputs_of(steps: int, batch: int) -> torch.Tensor:
    return torch.randint(2, (steps, batch, INPUTS), generator=torch.Generator().manual_seed(1)).float()


def measure(model: RecurrentModel, steps: int, batch: int) -> Measured:
    inputs = inputs_of(steps, batch)
    started, cpu = time.perf_counter(), time.process_time()
    loss = model(inputs).sum()
    between = time.perf_counter()
    loss.backward()
    return Measured(between - started, time.perf_counter() - between, time.process_time() - cpu)


def row_of(case: Case, medians: dict[Case, Measured], kept: dict[Case, int]) -> list[str]:
    own, cells = medians[case], [case.model, f"{case.slots:,}", case.start, case.index]
    cells += [f"{1e3 * seconds:,.1f}" for seconds in own] + [f"{kept[case] / 2**20:,.1f}"]
    dense, times = dense_of(case, medians)
    if dense is None:
        return [*cells, "", ""]
    star = "" if times == 1 else "*"
    shares = times * medians[dense].cpu / own.cpu, times * kept[dense] / kept[case]
    return [*cells, *(f"1/{share:,.1f}{star}" for share in shares)]


def dense_of(case: Case, medians: dict[Case, Measured]) -> tuple[Case | None, float]:
    """Return the dense model to compare with, and how many times as many slots the sparse one has; only an NTM's time
    and memory grow as the slots do."""
    kind = {"sam": "ntm", "sdnc": "dnc"}.get(case.model)
    measured = sorted(each.slots for each in medians if each.model == kind)
    if case.slots in measured:
        return Case(str(kind), case.slots), 1
    if kind != "ntm" or not measured or case.slots < measured[-1]:
        return None, 1
    return Case(kind, measured[-1]), case.slots / measured[-1]


def growth(milliseconds: dict[Case, float]) -> bytes:
    """Draw CPU time over slots, a line for each model, start and index, as a PNG."""
    with plain_settings():
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot(
            xscale="log", yscale="log", xlabel="memory slots", ylabel="CPU ms, 100 steps, batch 8"
        )
        lines: dict[str, list[tuple[int, float]]] = {}
        for case, each in milliseconds.items():
            name = case.model if case.model in DENSE else f"{case.model}, {case.start} start, {case.index}"
            lines.setdefault(name, []).append((case.slots, each))
        for number, (name, points) in enumerate(lines.items()):
            axes.plot(*zip(*points, strict=True), label=name, **LineStyle.of(number).options())
        slots = sorted({case.slots for case in milliseconds})
        axes.set_xticks(slots, [f"{each:,}" for each in slots], rotation=45, ha="right")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.minorticks_off()
        figure.legend(loc="outside lower left", ncols=3, fontsize=8, frameon=False)
        return png(figure)


if __name__ == "__main__":
    main()
