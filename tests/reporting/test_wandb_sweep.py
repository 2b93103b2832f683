"""The sweep of docs/wandb.md: its trials, made into commands and environments as W&B's agent makes them."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args
from wandb.sdk.lib.config_util import save_config_file_from_dict

from mann_bench.cli.main import invoke

PAGE = Path(__file__).parents[2] / "docs" / "wandb.md"


@pytest.fixture
def sweep():
    """Return the sweep that the page shows."""
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[1])


@pytest.fixture
def command():
    """Return a function that makes the arguments of a trial of a sweep, without the program."""

    def make(sweep, trial):
        found = create_sweep_command_args({"args": {name: {"value": value} for name, value in trial.items()}})
        found["program"] = [sweep["program"]]
        words = create_sweep_command(list(sweep["command"]))
        program, *arguments = [
            each for word in words for each in (found[word[2:-1]] if word.startswith("${") else [word])
        ]
        assert program == "mann-bench"
        return arguments

    return make


def trials(sweep):
    parameters = sweep["parameters"]
    return [
        dict(zip(parameters, values, strict=True))
        for values in itertools.product(*(p["values"] for p in parameters.values()))
    ]


def test_every_trial_is_one_run(sweep, command, capsys, tmp_path):
    for trial in trials(sweep):
        assert invoke([*command(sweep, trial), "--dry-run", "--out", str(tmp_path)]) == 0
        assert "1 run asked for" in capsys.readouterr().err


def test_an_offline_trial_is_a_run_of_the_id_that_the_agent_gave_it(
    sweep, command, tiny_protocol, read_wandb, tmp_path
):
    trial = {"model": "lstm:layers=1,units=8", "protocol": tiny_protocol(), "seeds": 0}
    sweep["command"] = [word.replace("--task=copy", "--task=copy:max_length=3") for word in sweep["command"]]
    chosen = tmp_path / "wandb" / "sweep-abc" / "config-trial1.yaml"
    save_config_file_from_dict(str(chosen), {name: {"value": value} for name, value in trial.items()})
    told = {"RUN_ID": "trial1", "SWEEP_ID": "abc", "SWEEP_PARAM_PATH": str(chosen), "MODE": "offline"}
    environment = os.environ | {f"WANDB_{name}": value for name, value in told.items()}
    arguments = [*command(sweep, trial), "--out", str(tmp_path / "runs")]
    subprocess.run([sys.executable, "-m", "mann_bench", *arguments], env=environment, check=True, cwd=tmp_path)
    (found,) = read_wandb(tmp_path / "runs").values()
    assert (found.run.run_id, found.run.sweep_id, found.run.job_type) == ("trial1", "abc", "seed 0")
    assert [row["step"] for row in found.history if "validation/bit_errors" in row] == [0, 2, 4]
    assert (found.config["model"], found.config["task"]["name"]) == (trial["model"], "copy")
