"""How long `study status` and `report` take over 10,000 records: median of several calls, warm file cache.

.venv/bin/python benchmarks/many_records.py [--calls N] [--cells MODELSxTASKSxSEEDS] [--folder DIR]

The records are those of a made-up study: ten variants of the NTM on ten of copy and associative recall, a hundred
seeds each. Each has the curve, probes and test of a committed record of 10,000 steps, with other scores and times.
The calls are processes of their own, in turns; a folder that is named is kept, and used again where it has records.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from made_up import committed_cells
from measuring import print_table, spread

from mann_bench.core.runs import Run
from mann_bench.registry import Registry
from mann_bench.results import schema
from mann_bench.results.store import RECORD_NAME
from mann_bench.studies.plan import plan_study

PROTOCOL = "collier2018:max_steps=10000"
TARGET_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=7)
    parser.add_argument("--cells", default="10x10x100")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        study, runs = folder / "study.toml", folder / "runs"
        if not study.exists():
            folder.mkdir(parents=True, exist_ok=True)
            study.write_text(study_text(*map(int, given.cells.split("x"))))
            write_records(study, runs)
        sizes = [path.stat().st_size for path in runs.glob(f"*/{RECORD_NAME}")]
        middle = statistics.median(sizes) / 1e3
        print(f"{len(sizes):,} records, {sum(sizes) / 1e6:,.0f} MB, {middle:.0f} KB in the median")
        measure(study, runs, given.calls)


def study_text(models: int, tasks: int, seeds: int) -> str:
    kinds = ["ntm", "ntm:memory_init=learned"]
    names = [f"{kinds[n % 2]}{',' if n % 2 else ':'}memory_slots={128 + n}" for n in range(models)]
    layouts = ["copy:layout=collier2018", "associative_recall:layout=collier2018"]
    on = [f"{layouts[n % 2]},bits={8 + n // 2}" for n in range(tasks)]
    return (
        f'name = "made-up"\nversion = 1\nsummary = "nobody did it"\nseeds = "0-{seeds - 1}"\n'
        f"protocols = {[PROTOCOL]}\n[[cells]]\nmodels = {names}\ntasks = {on}\n"
    )


def write_records(study: Path, runs: Path) -> None:
    templates: dict[str, list[schema.Record]] = {}
    for cell in committed_cells():
        templates.setdefault(cell.records[0].task.name, []).extend(cell.records)
    generator = np.random.default_rng(0)
    for run in plan_study(Registry.discover(third_party=False), str(study)).plan.runs:
        of_task = templates[run.task.name]
        record = made_up(of_task[int(generator.integers(len(of_task)))], run, generator)
        (folder := runs / run.key).mkdir(parents=True)
        (folder / RECORD_NAME).write_bytes(record.model_dump_json(indent=1).encode())


def made_up(template: schema.Record, run: Run, generator: np.random.Generator) -> schema.Record:
    """Return the record of a run that did as the template, a little faster or slower, and was tested otherwise."""
    pace = float(generator.uniform(0.8, 1.25))
    curve = [row.model_copy(update={"training_seconds": row.training_seconds * pace}) for row in template.curve]
    tested = [
        row.model_copy(update={"scores": {name: value * generator.random() for name, value in row.scores.items()}})
        for row in template.generalization
    ]
    return template.model_copy(
        update={
            "key": run.key,
            "seed": run.seed,
            "model": schema.ComponentRecord.of(run.model),
            "task": schema.ComponentRecord.of(run.task),
            "protocol": schema.ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text),
            "curve": curve,
            "generalization": tested,
        }
    )


def measure(study: Path, runs: Path, calls: int) -> None:
    """Time the commands in turns; the first round, which warms the file cache, does not count."""
    program = str(Path(sys.executable).with_name("mann-bench"))
    commands = {"study status": ["study", "status", str(study), "--out", str(runs)], "report": ["report", str(runs)]}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for call in range(calls + 1):
        for name, words in commands.items():
            started = time.perf_counter()
            subprocess.run([program, "--no-plugins", *words], capture_output=True, check=True)
            if call:
                seconds[name].append(time.perf_counter() - started)
    print_table(["command", "seconds"], [[name, spread(taken, 1)] for name, taken in seconds.items()])
    print(f"target: {TARGET_SECONDS} s")


if __name__ == "__main__":
    main()
