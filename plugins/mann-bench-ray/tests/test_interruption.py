"""Ctrl-C on a command with a Ray of its own, and the sudden end of one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Ctrl-C is ignored by what a shell starts in the background, and by all that this starts in turn.
_MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from mann_bench.cli.main import main
main()
"""
_PROTOCOL = (
    "collier2018:batch_size=2,max_steps=4000,evaluate_every=500,validation_sequences=4,probe_every=0,test_sequences=2"
)
_MARK = "MANN_BENCH_RAY_TEST"


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a command; what it left is killed at the end of the test."""

    def run():
        arguments = ["run", "--model", "lstm:layers=1,units=4", "--task", "copy:max_length=3", "--seeds", "0-1"]
        arguments += ["--protocol", _PROTOCOL, "--executor", "ray", "--checkpoint-every", "0.3", "--wandb", "disabled"]
        return subprocess.Popen(
            [sys.executable, "-c", _MAIN, *arguments, "--json"],
            cwd=tmp_path,
            env=os.environ | {_MARK: str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    yield run
    for pid in _processes(tmp_path):
        os.kill(pid, signal.SIGKILL)


def _processes(mark):
    """Return the processes that the command started, and itself, by the environment that they inherited."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"{_MARK}={mark}".encode() in variables:
            found.append(int(entry.name))
    return found


def _checkpoints(folder):
    return {path.parent.name: path for path in sorted(folder.glob("runs/*/checkpoint-*.pt"))}


def _wait_until(holds):
    end = time.monotonic() + 120.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_command_that_is_killed_leaves_checkpoints_and_nothing_else(start, tmp_path):
    command = start()
    _wait_until(lambda: len(_checkpoints(tmp_path)) == 2)
    command.kill()
    command.communicate()
    _wait_until(lambda: not _processes(tmp_path))
    assert len(_checkpoints(tmp_path)) == 2


def test_ctrl_c_leaves_checkpoints_and_nothing_else_and_the_same_command_goes_on(start, tmp_path):
    first = start()
    _wait_until(lambda: len(_checkpoints(tmp_path)) == 2)
    first.send_signal(signal.SIGINT)
    out, words = first.communicate(timeout=120)
    assert first.returncode == 130, words
    assert "Ray: runs that train save a checkpoint" in words
    assert [json.loads(line) for line in out.splitlines()] == []
    assert len(_checkpoints(tmp_path)) == 2
    assert _processes(tmp_path) == []
    second = start()
    out, words = second.communicate(timeout=180)
    assert second.returncode == 0, words
    assert words.count("resumes at step") == 2
    assert all(json.loads(line) for line in out.splitlines())
    assert len(list(tmp_path.glob("runs/*/record.json"))) == 2
    assert _processes(tmp_path) == []
