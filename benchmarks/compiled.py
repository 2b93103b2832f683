"""Processor time of a training pass of recurrent models, eager and compiled; what compiling takes, and from the cache.

A pass is forward and backward on random inputs, in one thread. Given are the median and the spread of milliseconds
over rounds, and how often as fast as the eager pass it is. `in chunks` is what becomes of a step that is not compiled
as a whole; the three take turns. Compiling is given in seconds of processor time of this process and its children,
with an empty cache on disk and, in a process of its own, with what the first left there.

.venv/bin/python benchmarks/compiled.py [--cells gated stack] [--rounds 9] [--steps 41] [--batch 32]
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial

import torch
from measuring import print_table, spread
from plain_cells import GatedUnits, MatrixMemory, NeuralStack

from mann_bench.core.backends import Backend
from mann_bench.models.compiled_cache import seal_own_cache
from mann_bench.models.compiled_scan import CompiledScan
from mann_bench.models.dnc import DNCModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import prepare
from mann_bench.nn.scan import scan

CELLS = {"gated": GatedUnits, "stack": NeuralStack, "matrix": MatrixMemory, "ntm": NTMModel, "dnc": DNCModel}
SECONDS_A_ROUND = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=list(CELLS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=41)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--again", action="store_true", help="only print the seconds of compiling")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.again:
        return print(compiling_seconds(CELLS[given.cells[0]](10, 8), given.batch))
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        # Imports the compiler, and compiles torch's headers.
        torch.compile(torch.sin, options={"cpp_wrapper": True})(torch.ones(100))
        rows = [row for name in given.cells for row in cell(name, given)]
    return print_table(["model", "backend", "ms a pass", "of eager", "compiling, s", "again, s"], rows)


def cell(name, given):
    torch.manual_seed(0)
    model, inputs = CELLS[name](10, 8), torch.rand(given.steps, given.batch, 10)
    cold = compiling_seconds(model, given.batch)
    command = [sys.executable, __file__, "--again", "--cells", name, "--batch", str(given.batch)]
    again = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    chunks = CompiledScan(model.step)
    chunks.problem = "to be measured"
    runs = {"eager": partial(scan, model.step), "in chunks": chunks, "compiled": model._compiled}
    started = cpu_seconds()
    training_pass(model, chunks, inputs)
    compiling = {"in chunks": [cpu_seconds() - started], "compiled": [cold, again]}
    taken = {how: [] for how in runs}
    for _ in range(given.rounds):
        for how, run in runs.items():
            taken[how].append(milliseconds(partial(training_pass, model, run, inputs)))
    eager = statistics.median(taken["eager"])
    for how, each in taken.items():
        seconds = [f"{spent:.1f}" for spent in compiling.get(how, [])] + ["", ""]
        yield [name, how, spread(each, 1), f"{eager / statistics.median(each):.2f}", *seconds[:2]]


def training_pass(model, run, inputs):
    model.zero_grad()
    run(inputs, model.initial_state(inputs.shape[1]))[0].square().sum().backward()


def compiling_seconds(model, batch):
    """Return the processor time of making ready, of this process and its children."""
    started = cpu_seconds()
    notice = prepare(model, Backend.COMPILED, 1.0, batch).notice or model.whole_step_problem
    assert notice is None, notice
    taken = cpu_seconds() - started
    seal_own_cache()  # as a run does
    return taken


def cpu_seconds():
    return sum(os.times()[:4])


def milliseconds(function):
    started, calls = time.process_time(), 0
    while time.process_time() - started < SECONDS_A_ROUND:
        function()
        calls += 1
    return 1000 * (time.process_time() - started) / calls


if __name__ == "__main__":
    main()
