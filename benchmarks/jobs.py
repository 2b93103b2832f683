"""Ten seeds of NTM on copy in two worker processes, against ten single runs; and whether the records agree.

.venv/bin/python benchmarks/jobs.py [--seeds 10] [--jobs 2] [--steps 1000]
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measuring import print_table

from mann_bench.results.store import load_record, record_files

PROGRAM = str(Path(sys.executable).with_name("mann-bench"))
VARYING = {"seconds", "provenance", "peak_memory_bytes", "curve"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--steps", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        together, alone = Path(folder) / "together", Path(folder) / "alone"
        taken = run(together, f"0-{given.seeds - 1}", given.jobs, given.steps)
        singly = sum(run(alone, str(seed), 1, given.steps) for seed in range(given.seeds))
        same = comparable(together) == comparable(alone)
    rows = [
        [f"{given.seeds} seeds, --jobs {given.jobs}", f"{taken:.1f}", f"{singly / taken:.2f}"],
        [f"{given.seeds} single runs", f"{singly:.1f}", "1.00"],
    ]
    print_table(["what", "seconds", "times as fast"], rows)
    print(f"the records are {'the same' if same else 'NOT the same'}, clock and memory apart")


def run(out, seeds, jobs, steps):
    command = [PROGRAM, "run", "--model", "ntm", "--task", "copy:layout=collier2018", "--wandb", "disabled"]
    options = ["--seeds", seeds, "--jobs", str(jobs), "--protocol", f"collier2018:max_steps={steps}", "--out", str(out)]
    started = time.perf_counter()
    subprocess.run([*command, *options], check=True, capture_output=True)
    return time.perf_counter() - started


def comparable(folder):
    records = [load_record(file) for file in record_files(folder)]
    scores = [[(row.step, row.scores, row.diagnostics) for row in record.curve] for record in records]
    return [record.model_dump(exclude=VARYING) for record in records], scores


if __name__ == "__main__":
    main()
