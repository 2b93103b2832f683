"""Kill the processes of a small study at random moments, give the same command again until it is done, and compare.

    python tests/integration/campaign.py --kills 200 --seed 0

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
from pathlib import Path

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
SLOWEST = 120.0
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def command(study: Path, out: Path) -> list[str]:
    """Return the command that is given again and again."""
    module = [sys.executable, "-c", "from mann_bench.cli.main import main; main()"]
    options = ["--jobs", "2", "--wandb", "disabled", "--checkpoint-every", "0.05", "--out", str(out)]
    return [*module, "study", "run", str(study), *options]


class Campaign:
    """Kills, counted by victim and by what the disk showed right afterwards."""

    def __init__(self, folder: Path, kills: int, seed: int) -> None:
        self.folder, self.wanted = folder, kills
        self.random = random.Random(seed)
        self.victims: collections.Counter[str] = collections.Counter()
        self.moments: collections.Counter[str] = collections.Counter()
        self.starts = 0
        self.study = folder / "campaign.toml"
        self.study.write_text(STUDY)

    @property
    def kills(self) -> int:
        """How many processes or groups of them were killed."""
        return self.victims.total()

    def round(self, out: Path) -> None:
        """Do the study once, killing until it is done or enough was killed."""
        while True:
            self.starts += 1
            with subprocess.Popen(
                command(self.study, out),
                env=ENVIRONMENT,
                stdout=subprocess.DEVNULL,
                stderr=(log := (self.folder / "log").open("w+")),
                process_group=0,
            ) as process:
                try:
                    self._disturb(process, out, Path(log.name))
                    code = process.wait(SLOWEST)
                finally:
                    process.kill()
                    log.close()
            said = (self.folder / "log").read_text()
            assert "Traceback" not in said, said
            if code == 0:
                return
            # 1: a worker was killed, which costs its run this time; -9: the command itself was.
            assert code in (1, -signal.SIGKILL), (code, said)

    def _disturb(self, process: "subprocess.Popen[bytes]", out: Path, log: Path) -> None:
        """Kill at random moments for as long as the command lives."""
        started = 0
        while process.poll() is None and self.kills < self.wanted:
            if (now := log.read_text().count("started")) == started:  # who is killed while it loads proves nothing
                time.sleep(0.02)
                continue
            started = now
            time.sleep(self.random.uniform(0, 2))
            workers = children(process.pid)
            if process.poll() is not None or not workers:
                continue
            victim = self.random.choice(["command", "worker", "worker", "workers", "all"])
            found = {"command": [process.pid], "worker": [self.random.choice(workers)], "workers": workers}
            for pid in found.get(victim, [process.pid, *workers]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.victims[victim] += 1
            self.moments[moment(out)] += 1


def children(pid: int) -> list[int]:
    """Return the worker processes of a command."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [child for child in map(int, found) if b"spawn_main" in _command_line(child)]


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


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


def run(folder: Path, kills: int, seed: int) -> Campaign:
    """Do a campaign in a folder; raises AssertionError where a run was lost, doubled or changed."""
    quiet = Campaign(folder, 0, seed)
    quiet.round(folder / "undisturbed")
    expected = records(folder / "undisturbed")
    assert len(expected) == 8
    campaign = Campaign(folder, kills, seed)
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
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        run(Path(directory), arguments.kills, arguments.seed)
