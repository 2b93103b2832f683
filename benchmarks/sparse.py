"""Sparse memories against dense ones as the slots grow: time of forward and backward, and what is kept for backward.

Slot width 32, 4 heads (an NTM reads and writes with 4 each), native backend. Cases take turns. Time is the median over
rounds; CPU time is that of all threads together, which tells more on a machine that is not quiet (with --threads 1, for
threads spin while they wait for each other). Large dense models may be timed over fewer steps (--dense-steps): the
table then has their times in proportion.

.venv/bin/python benchmarks/sparse.py [--rounds 5] [--slots 128 1024 8192 65536 1048576] [--dense-slots 128 65536]
"""

import argparse
import statistics
import time
from typing import NamedTuple

import torch
from measuring import print_table

from mann_bench.core.backends import Backend
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.base import RecurrentModel
from mann_bench.models.building import load_class
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry

WIDTH, HEADS, INPUTS, OUTPUTS = 32, 4, 9, 8
DENSE = {"ntm": {"write_heads": HEADS}, "dnc": {}}
LARGE = 1024
"""Slots from which on a dense model is a large one."""

LINKED = [128, 2048]
"""Slots at which SDNC and DNC are compared."""


class Case(NamedTuple):
    model: str
    slots: int
    start: str
    """Where the memory starts; a dense model's makes no difference."""


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
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    cases = [Case("sam", slots, start) for slots in given.slots for start in ("constant", "random")]
    cases += [Case("ntm", slots, "constant") for slots in given.dense_slots]
    cases += [Case("sdnc", slots, start) for slots in LINKED for start in ("constant", "random")]
    cases += [Case("dnc", slots, "constant") for slots in LINKED]
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
        "forward ms",
        "backward ms",
        "CPU ms",
        "kept MiB",
        "of the dense CPU",
        "kept of it",
    ]
    print_table(columns, [row_of(case, medians, kept) for case in cases])


def build(case: Case, batch: int) -> RecurrentModel:
    torch.manual_seed(0)
    component = resolve_component(Registry.discover(), "model", case.model)
    options = DENSE.get(case.model, {"memory_init": case.start})
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
    dense = Case({"sam": "ntm", "sdnc": "dnc"}.get(case.model, case.model), case.slots, "constant")
    own = medians[case]
    cells = [
        f"{1e3 * own.forward:,.1f}",
        f"{1e3 * own.backward:,.1f}",
        f"{1e3 * own.cpu:,.1f}",
        f"{kept[case] / 2**20:,.1f}",
    ]
    shares = ["", ""]
    if dense in medians and case.model not in DENSE:
        shares = [f"1/{medians[dense].cpu / own.cpu:,.1f}", f"1/{kept[dense] / kept[case]:,.1f}"]
    return [case.model, f"{case.slots:,}", case.start, *cells, *shares]


if __name__ == "__main__":
    main()
