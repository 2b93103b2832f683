"""Ctrl-C, as a terminal sends it: to every process of the group."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

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
