"""Stands in for SLURM: sbatch, srun, squeue and scancel whose jobs are processes of this machine.

Each is this file under another name. Beside it lies a folder ``queue`` with an entry for each job that waits or runs:
its file is named as the job, and holds its process and its name.
"""

import argparse
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

_HERE = Path(sys.argv[0]).parent
_QUEUE = _HERE / "queue"
_ONE_NODE = {
    "SLURM_PROCID": "0",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "0",
    "SLURM_NTASKS": "1",
    "SLURM_JOB_NUM_NODES": "1",
    "SLURM_JOB_NODELIST": "node1",
}


def install(folder: Path) -> None:
    """Make the programs in `folder`, which exists; it then has to be put on PATH."""
    (folder / "queue").mkdir()
    script = f"#!{sys.executable}\n{Path(__file__).read_text(encoding='utf-8')}"
    for name in ("sbatch", "srun", "squeue", "scancel"):
        (folder / name).write_text(script, encoding="utf-8")
        (folder / name).chmod(0o755)


def kill_jobs(folder: Path) -> None:
    """Kill every job at once, as a loss of power does."""
    for entry in (folder / "queue").iterdir():
        _kill(entry)


def sbatch(script: str) -> None:
    """Start a job, or the tasks of an array, each in a process group of its own that clears its entry at its end."""
    text = Path(script).read_text(encoding="utf-8")
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", text, re.MULTILINE))
    job = str(os.getpid())
    tasks = range(int(re.match(r"0-(\d+)", options["array"])[1]) + 1) if "array" in options else [None]
    for task in tasks:
        array = {} if task is None else {"SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": str(task)}
        entry = _QUEUE / (job if task is None else f"{job}_{task}")
        wait = f"until [ -s {entry} ]; do sleep 0.01; done"
        started = subprocess.Popen(
            ["bash", "-c", f"{wait}; bash -c {shlex.quote(text)}; rm -f {entry}"],
            env=os.environ | _ONE_NODE | {"SLURM_JOB_ID": job} | array,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        entry.write_text(f"{started.pid} {options['job-name']}", encoding="utf-8")
    print(f"Submitted batch job {job}")


def srun(*arguments: str) -> None:
    """Execute a command in place of this one, with its output where the options say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--unbuffered", action="store_true")
    parser.add_argument("--output")
    parser.add_argument("--error")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given, known = parser.parse_args(arguments), os.environ
    job, task = known.get("SLURM_ARRAY_JOB_ID", known["SLURM_JOB_ID"]), known.get("SLURM_ARRAY_TASK_ID", "0")
    words = {"%A": job, "%a": task, "%j": known["SLURM_JOB_ID"], "%t": "0"}
    for number, pattern in ((1, given.output), (2, given.error)):
        path = re.sub("%[Aajt]", lambda found: words[found[0]], pattern)
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.execvp(given.command[0], given.command)


def squeue(*_: str) -> None:
    """List the jobs in the format that the executor asks for."""
    for entry in _QUEUE.iterdir():
        with contextlib.suppress(FileNotFoundError):  # it is over
            print(f"{entry.name}|RUNNING|None|{entry.read_text(encoding='utf-8').partition(' ')[2]}")


def scancel(*ids: str) -> None:
    """Kill jobs."""
    for entry in (_QUEUE / each for each in ids):
        _kill(entry)


def _kill(entry: Path) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it is over
        os.killpg(int(entry.read_text(encoding="utf-8").partition(" ")[0]), signal.SIGKILL)
        entry.unlink()


if __name__ == "__main__":
    {"sbatch": sbatch, "srun": srun, "squeue": squeue, "scancel": scancel}[Path(sys.argv[0]).name](*sys.argv[1:])
