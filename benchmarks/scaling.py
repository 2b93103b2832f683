"""How time and memory of a training step grow with length, slots and batch, for NTM and DNC, one thread.

Time is the median over rounds of forward and backward of a batch of random bits; memory is what forward keeps for
backward, counted from the tensors.

.venv/bin/python benchmarks/scaling.py [--models ntm dnc] [--backend native] [--rounds 3]
"""

import argparse
import statistics

import torch
from measuring import interleaved, print_table

from mann_bench.core.backends import Backend
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.backward_memory import backward_bytes
from mann_bench.models.building import load_class
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry

START = {"length": 20, "slots": 128, "batch": 32}
GRID = {"length": [20, 40, 80, 160, 320, 640], "slots": [32, 128, 512, 1024, 2048, 4096], "batch": [8, 32, 128, 512]}
LARGEST_LINK = 2**31
"""Bytes of a DNC's link matrices of one time step beyond which a cell is left out."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["ntm", "dnc"])
    parser.add_argument("--backend", default=Backend.NATIVE.value, choices=[b.value for b in Backend])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for model in given.models:
        rows = []
        for varied, values in GRID.items():
            first = None
            for value in values:
                case = START | {varied: value}
                if model == "dnc" and 4 * case["slots"] ** 2 * case["batch"] > LARGEST_LINK:
                    continue
                seconds, kept = measure(model, case, given.backend, given.rounds)
                first = first or (value, seconds, kept)
                growth = [f"{now / then:.1f}" for now, then in zip((value, seconds, kept), first, strict=True)]
                rows.append([varied, f"{value:,}", f"{1e3 * seconds:,.1f}", f"{kept / 2**20:,.1f}", *growth])
        print(f"{model}, {given.backend}; otherwise {START}\n")
        print_table(["varied", "value", "ms", "kept MiB", "value x", "time x", "kept x"], rows)


def measure(name, case, backend, rounds):
    component = resolve_component(Registry.discover(), "model", name)
    torch.manual_seed(0)
    model = load_class(component)(9, 8, memory_slots=case["slots"])
    prepare(model, backend, 10**9, case["batch"])
    inputs = torch.randint(0, 2, (2 * case["length"] + 1, case["batch"], 9)).float()
    seconds = interleaved({name: lambda: model(inputs).sum().backward()}, rounds)
    return statistics.median(seconds[name]), backward_bytes(model, len(inputs), case["batch"])


if __name__ == "__main__":
    main()
