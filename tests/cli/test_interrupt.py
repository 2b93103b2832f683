"""Ctrl-C, as a terminal sends it: to every process of the group."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from mann_bench.core.jobs import Job
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.worker import execute_job
from mann_bench.registry import Registry
from mann_bench.results.store import Store

# A process started in the background may have inherited that Ctrl-C is ignored; a terminal's never does.
SCRIPT = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from mann_bench.cli.main import main
main()
"""
COMMAND = [sys.executable, "-c", SCRIPT, "run", "--task", "copy:max_length=2"]
SHORT = "collier2018:max_steps=3,validation_sequences=2,test_sequences=1,probe_every=0,batch_size=2"


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_keeps_finished_runs_and_nothing_half_written(tmp_path, jobs):
    environment = os.environ | {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "1"}
    command = [*COMMAND, "--model", "lstm:layers=1,units=4", "--out", str(tmp_path)]
    subprocess.run([*command, "--seeds", "0", "--protocol", SHORT], env=environment, check=True, capture_output=True)
    command += ["--seeds", "0-3", "--protocol", "collier2018:validation_sequences=2,batch_size=2", "--jobs", str(jobs)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, process_group=0, **pipes) as process:
        seen = ""
        while seen.count("started") < jobs:
            seen += process.stderr.readline()
        time.sleep(1)
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Interrupted. Finished runs keep their records" in err
    assert not re.search("Traceback", err), err
    assert len(list(tmp_path.glob("*/record.json"))) == 1
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 1
    assert [path for path in tmp_path.rglob("*.tmp") if "wandb" not in path.parts] == []


def test_sigterm_leaves_a_checkpoint_from_which_the_same_command_goes_on(tmp_path, timeless):
    model, task = "lstm:layers=1,units=4", "copy:max_length=2"
    protocol = "collier2018:max_steps=1500,batch_size=2,validation_sequences=2,probe_every=0,test_sequences=1"
    options = ["--model", model, "--seeds", "0", "--protocol", protocol, "--checkpoint-every", "0.2"]
    command = [*COMMAND, *options, "--out", str(tmp_path), "--wandb", "disabled"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        while not list(tmp_path.glob("*/checkpoint-*.pt")) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, b"Interrupted." in err) == (130, True), err
    reached = max(int(path.stem.partition("-")[2]) for path in tmp_path.glob("*/checkpoint-*.pt"))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"{model} on {task}, seed 0: resumes at step {reached:,}." in done.stderr
    (run,) = make_plan(Registry.discover(), [Block([model], [task], [protocol])], [0]).runs
    execute_job(Job(run, "cpu", "auto", tmp_path / "undisturbed"), lambda event: None)
    assert timeless(Store(tmp_path).find(run.key)) == timeless(Store(tmp_path / "undisturbed").find(run.key))
    assert [path.name for path in (tmp_path / run.key).iterdir()] == ["weights.safetensors", "record.json"]
