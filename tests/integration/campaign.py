"""Kill the processes of a small study at random moments, give the same command again until it is done, and compare.

    python tests/integration/campaign.py --kills 200 --seed 0 [--spawn]

With --spawn the command is given as a user gives it. Most of the time then goes into imports, so by default command and
workers are forked from processes that have everything imported: more kills hit runs that train, are measured, saved and
recorded.

A round is one study of eight runs in two workers with a checkpoint every twentieth of a second; as many rounds are done
as it takes. A victim is the command itself, one of its workers, or all of them at once. At the end of a round every
run must have exactly one valid record with its weights, equal to that of an undisturbed study, and nothing beside them.
"""

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing import forkserver
from pathlib import Path

import torch

from mann_bench.cli.main import invoke
from mann_bench.results.repeatable import repeatable
from mann_bench.results.store import RECORD_NAME, WEIGHTS_NAME, digest, load_record

STUDY = """
name = "campaign"
version = 1
summary = "eight runs of a few seconds"
seeds = "0-3"
protocols = [
  "collier2018:max_steps=800,batch_size=4,evaluate_every=50,validation_sequences=16,grace=800,probe_every=400,probe_sequences=4,test_sequences=64",
]
[[cells]]
models = ["lstm:layers=1,units=8", "ntm:controller_size=8,memory_slots=8,slot_width=4"]
tasks = ["copy:bits=2,max_length=3"]
"""
Start = Callable[[Path, Path, Path], int]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def arguments(study: Path, out: Path) -> list[str]:
    """Return the command that is given again and again."""
    options = ["--jobs", "2", "--wandb", "disabled", "--checkpoint-every", "0.05", "--out", str(out)]
    return ["study", "run", str(study), *options]


def spawned(study: Path, out: Path, log: Path) -> int:
    """Give the command as a user does; return its process."""
    module = [sys.executable, "-c", "from mann_bench.cli.main import main; main()"]
    with log.open("w") as file:
        return subprocess.Popen(
            [*module, *arguments(study, out)], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=file
        ).pid


_BROKEN = 70
"""Exit code of a forked command that did not come to its end."""


def forked(study: Path, out: Path, log: Path) -> int:
    """Give the command in a fork of this process, whose workers come from multiprocessing's fork server; return it."""
    forkserver.set_forkserver_preload(["mann_bench.execution.preloaded", "mann_bench.models.ntm"])
    forkserver.ensure_running()
    child = os.fork()
    if child:
        return child
    with contextlib.suppress(BaseException):  # nothing of this process may go on to be its parent's twin
        with log.open("w") as file:
            os.dup2(file.fileno(), sys.stderr.fileno())
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # It runs, but is no child of this process.
        forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None  # type: ignore[assignment]
        torch.set_num_threads(1)
        os._exit(invoke(arguments(study, out)))
    os._exit(_BROKEN)


class Campaign:
    """Kills, counted by victim and by what the disk showed right afterwards."""

    def __init__(self, folder: Path, kills: int, seed: int, start: Start = forked) -> None:
        self.folder, self.wanted, self._start = folder, kills, start
        self.random = random.Random(seed)
        self.victims: collections.Counter[str] = collections.Counter()
        self.moments: collections.Counter[str] = collections.Counter()
        self.starts = 0
        self.study = folder / "campaign.toml"
        self.study.write_text(STUDY)
        self._log = folder / "log"

    @property
    def kills(self) -> int:
        """How many processes or groups of them were killed."""
        return self.victims.total()

    def round(self, out: Path) -> None:
        """Do the study once, killing until it is done or enough was killed."""
        code: int | None = None
        while code != 0:
            self.starts += 1
            self._log.write_text("")
            code = self._disturb(self._start(self.study, out, self._log), out)
            said = self._log.read_text()
            assert "Traceback" not in said, said
            # 1: a worker was killed, which costs its run this time; -9: the command itself was.
            assert code in (0, 1, -signal.SIGKILL), (code, said)

    def _disturb(self, command: int, out: Path) -> int:
        """Kill at random moments for as long as the command lives; return its exit code."""
        started = 0
        while (code := _exit_code(command)) is None:
            now = self._log.read_text().count("started")
            if self.kills == self.wanted or now == started:  # who is killed while it loads proves nothing
                time.sleep(0.01)
                continue
            started = now
            time.sleep(self.random.uniform(0, 2))
            self._kill(command, out)
        return code

    def _kill(self, command: int, out: Path) -> None:
        if not (workers := children(command)):
            return
        victim = self.random.choice(["command", "worker", "worker", "workers", "all"])
        found = {"command": [command], "worker": [self.random.choice(workers)], "workers": workers}
        for pid in found.get(victim, [command, *workers]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.victims[victim] += 1
        self.moments[moment(out)] += 1


def _exit_code(command: int) -> int | None:
    """Return the exit code of a command that is over."""
    over, status = os.waitpid(command, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if over else None


def children(pid: int) -> list[int]:
    """Return the worker processes of a command, of which one runs at a time."""
    parent = forkserver._forkserver._forkserver_pid or pid
    try:
        found = map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())
        return [child for child in found if b"resource_tracker" not in Path(f"/proc/{child}/cmdline").read_bytes()]
    except OSError:
        return []


def moment(out: Path) -> str:
    """Return what the disk shows of the moment of a kill."""
    names = [path.name for path in out.glob("*/.*.tmp")]
    for part in (RECORD_NAME, WEIGHTS_NAME, "checkpoint", "lock"):
        if any(name.startswith(f".{part}") for name in names):
            return f"while a {part} was written"
    return "during a run" if any(out.glob("*/lock-*")) else "between runs"


def records(out: Path) -> dict[str, object]:
    """Return what each run of a folder has to repeat, and see that there is nothing beside record and weights."""
    found = {}
    for folder in sorted(path for path in out.iterdir() if path.is_dir()):
        record = load_record(folder / RECORD_NAME)
        assert record.key == folder.name
        assert record.weights_sha256 == digest((folder / WEIGHTS_NAME).read_bytes())
        names = sorted(path.name for path in folder.iterdir())
        assert names == [RECORD_NAME, WEIGHTS_NAME], names
        found[record.key] = repeatable(record)
    return found


def run(folder: Path, kills: int, seed: int, start: Start = forked) -> Campaign:
    """Do a campaign in a folder; raises AssertionError where a run was lost, doubled or changed."""
    quiet = Campaign(folder, 0, seed, start)
    quiet.round(folder / "undisturbed")
    expected = records(folder / "undisturbed")
    assert len(expected) == 8
    campaign = Campaign(folder, kills, seed, start)
    rounds = 0
    while campaign.kills < kills:
        rounds += 1
        campaign.round(folder / str(rounds))
        assert records(folder / str(rounds)) == expected
        print(f"round {rounds}: {campaign.kills} kills, {campaign.starts} starts", flush=True)
    print(f"{campaign.kills} kills in {rounds} rounds: {dict(campaign.victims)}; {dict(campaign.moments)}")
    return campaign


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--spawn", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        run(Path(directory), given.kills, given.seed, spawned if given.spawn else forked)
