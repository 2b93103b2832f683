"""How long the suite takes from `mann-bench run` to the table, and where the time goes.

Runs NTM on copy (layout collier2018) with warm caches, and splits the wall time by the run's record: training,
evaluation, compilation, and the rest (starting Python, torch and Lightning, writing, printing). Then measures the
bare training step, without Lightning, on the same batches: what training takes more is the frame's share.

.venv/bin/python benchmarks/whole_run.py [--seed 0] [--threads 2] [--backend native]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from measuring import print_table

from mann_bench.core.backends import Backend
from mann_bench.core.streams import Stream
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import prepare
from mann_bench.results.store import load_record, record_files
from mann_bench.tasks.copy import Copy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default=Backend.NATIVE.value, choices=[b.value for b in Backend])
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    record, wall = whole_run(given.seed, given.backend, given.threads)
    bare = bare_training(given.seed, given.backend, record.steps)
    seconds = record.seconds
    rest = wall - seconds.training - seconds.evaluation - seconds.compilation
    rows = [
        ["wall time to the table", f"{wall:.1f}", "100 %"],
        *(
            [name, f"{value:.1f}", f"{100 * value / wall:.0f} %"]
            for name, value in {
                "training": seconds.training,
                "  of it forward, backward, optimiser": bare,
                "  of it the frame": seconds.training - bare,
                "evaluation": seconds.evaluation,
                "compilation": seconds.compilation,
                "the rest": rest,
            }.items()
        ),
    ]
    print(f"{record.text}, {record.backend}: {record.outcome}, first at {record.converged_first}, ", end="")
    print(f"{record.steps} steps\n")
    print_table(["part", "seconds", "share"], rows)


def whole_run(seed, backend, threads):
    with tempfile.TemporaryDirectory() as out:
        program = str(Path(sys.executable).with_name("mann-bench"))
        command = [program, "run", "--model", "ntm", "--task", "copy:layout=collier2018", "--jobs", "1"]
        options = ["--seeds", str(seed), "--backend", backend, "--threads", str(threads)]
        options += ["--wandb", "disabled", "--out", out]
        started = time.perf_counter()
        subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - started
        return load_record(record_files(Path(out))[0]), wall


def bare_training(seed, backend, steps):
    """Return the seconds of the same steps in a plain loop, batches drawn beforehand."""
    torch.manual_seed(0)
    task, model = Copy(layout="collier2018"), NTMModel(9, 8)
    task.seed = seed
    prepare(model, backend, 10**9, 32)
    optimizer = model.configure_optimizers()
    batches = [task.batch(Stream.TRAIN, index) for index in range(steps)]
    started = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        task.loss(model(batch.inputs), batch).mean().backward()
        model.clip_gradient_norm()
        optimizer.step()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
