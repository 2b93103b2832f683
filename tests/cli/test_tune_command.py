import json
import re
from pathlib import Path

import pytest

from mann_bench.models.lstm import LSTMModel
from mann_bench.tasks.copy import Copy

MODELS = ["lstm:layers=1,units=8", "lstm:layers=1,units=4"]
RUN = ["--jobs", "1", "--backend", "eager"]
CLAIM = {
    "name": "unsolved", "statement": "Four steps are not enough.", "metric": "solve_rate", "model": MODELS[0],
    "tasks": ["copy:max_length=3"], "at_most": 0.9,
}  # fmt: skip


@pytest.fixture
def study(mann_bench, tiny_protocol, study_text, monkeypatch):
    """Write a small study into the empty folder, with a table of two rates and one seed; return the command line."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: [{"length": 3}])
    table = '\n[tuning]\nrates = [0.001, 0.5]\nseeds = "1000000"\n'
    Path("study.toml").write_text(study_text(tiny_protocol(), *MODELS, claim=CLAIM) + table)
    return mann_bench


@pytest.fixture
def tuned(study):
    """The same after tuning."""
    assert study("tune", "study.toml", *RUN)[0] == 0
    return study


def rates():
    return {cell["model"]: cell["rate"] for cell in json.loads(Path("example-tuned.json").read_text())["cells"]}


def protocols():
    records = [json.loads(path.read_text()) for path in Path("runs").glob("*/record.json")]
    return {
        (record["model"]["text"], record["seed"], record["protocol"]["fields"]["learning_rate"]): record
        for record in records
    }


def test_every_cell_is_tried_at_every_rate_on_seeds_of_tuning(tuned):
    tried = {(model, 1000000, rate) for model in MODELS for rate in (0.001, 0.5)}
    assert set(protocols()) == tried
    assert set(rates()) == set(MODELS)


def test_the_table_shows_what_was_chosen_and_what_it_cost(study):
    _, out, err = study("tune", "study.toml", *RUN)
    assert re.search(r"^lstm:layers=1,units=8 +copy:max_length=3 +\d/1, .* +(0\.001|0\.5)$", out, re.M)
    assert "Tuning cost 32 sequences and " in out
    assert "Use them: mann-bench study run study.toml --tuned example-tuned.json" in err


def test_a_dry_run_shows_the_plan_and_trains_nothing(study):
    code, _, err = study("tune", "study.toml", *RUN, "--dry-run")
    assert (code, Path("example-tuned.json").exists(), list(Path().glob("runs/*/record.json"))) == (0, False, [])
    assert "0 of 4 runs have a record." in err


def test_given_again_it_trains_nothing_and_chooses_the_same(tuned):
    before = Path("example-tuned.json").read_bytes()
    _, _, err = tuned("tune", "study.toml", *RUN)
    assert "4 runs: 4 already recorded, 0 to train." in err
    assert Path("example-tuned.json").read_bytes() == before


def test_a_part_of_the_runs_chooses_nothing(study):
    code, _, err = study("tune", "study.toml", *RUN, "--shard", "1/2")
    assert (code, "give the command without --shard once all parts have their records" in err) == (0, True)
    assert not Path("example-tuned.json").exists()


def test_a_run_that_fails_counts_as_the_worst_and_is_told(study, monkeypatch):
    def fail(model, inputs):
        raise RuntimeError("no")

    monkeypatch.setattr(LSTMModel, "forward", fail)
    assert study("tune", "study.toml", *RUN)[0] == 1
    assert set(rates().values()) == {0.001}


def test_rates_of_its_own_are_refused_where_the_study_states_them(study):
    code, _, err = study("tune", "study.toml", "--rates", "0.1,0.2")
    assert code == 2
    assert "--rates: example states rates 0.001, 0.5, seeds 1000000, rule solved. Leave --rates out" in err


@pytest.mark.parametrize("given", ["0.1", "0.2,0.1", "0,0.1", "fast,slow", "0.1,nan"])
def test_rates_that_are_no_grid_are_refused(mann_bench, tiny_protocol, study_text, given):
    Path("study.toml").write_text(study_text(tiny_protocol(), *MODELS))
    code, _, err = mann_bench("tune", "study.toml", "--rates", given)
    assert code == 2
    assert "expected two or more positive numbers that rise" in err


def test_a_tuned_study_trains_at_the_rates_of_the_file(tuned):
    assert tuned("study", "run", "study.toml", "--tuned", "example-tuned.json", *RUN)[0] == 0
    found = {(model, seed, rate) for model, seed, rate in protocols() if seed < 2}
    assert found == {(model, seed, rate) for model, rate in rates().items() for seed in (0, 1)}


def test_the_tables_of_a_tuned_study_show_rates_and_cost_under_one_protocol(tuned):
    _, out, _ = tuned("study", "run", "study.toml", "--tuned", "example-tuned.json", *RUN)
    assert re.search(rf"^ *copy:max_length=3 .* {rates()[MODELS[0]]}, tuned$", out, re.M)
    assert "chose those that are called so by validation alone: 4 runs, 32 sequences," in " ".join(out.split())
    assert "learning_rate=tuned" in out


def test_a_report_of_tuned_runs_leaves_the_tuning_runs_out(tuned):
    tuned("study", "run", "study.toml", "--tuned", "example-tuned.json", *RUN)
    _, out, err = tuned("report", "--tuned", "example-tuned.json", "--format", "json")
    rows = json.loads(out)["convergence"]
    assert {(row["model"], row["seeds"], row["tuned_rate"]) for row in rows} == {(m, 2, r) for m, r in rates().items()}
    assert "Left out 4 runs on seeds from 1000000 on" in err


def test_status_and_check_speak_of_the_tuned_runs(tuned):
    tuned("study", "run", "study.toml", "--tuned", "example-tuned.json", *RUN)
    assert "4 of 4 runs have a record." in tuned("study", "status", "study.toml", "--tuned", "example-tuned.json")[1]
    _, out, _ = tuned("study", "check", "study.toml", "--tuned", "example-tuned.json", "--json")
    assert json.loads(out)["n"] == 2


def test_an_entry_of_tuned_runs_is_submitted_validated_and_judged(tuned):
    tuned("study", "run", "study.toml", "--tuned", "example-tuned.json", *RUN)
    submit = ["leaderboard", "submit", "study.toml", "runs", "--name", "A group", "--url", "https://example.org"]
    code, _, err = tuned(*submit, "--tuned", "example-tuned.json")
    assert (code, "4 runs: " in err) == (0, True)
    assert tuned("leaderboard", "validate", "--study", "study.toml")[0] == 0
    _, out, _ = tuned("study", "check", "study.toml", "--leaderboards", "leaderboards", "--json")
    assert json.loads(out)["n"] == 2


def test_rates_of_a_file_and_those_of_entries_are_not_mixed(tuned):
    code, _, err = tuned("study", "check", "study.toml", "--tuned", "example-tuned.json", "--leaderboards", ".")
    assert (code, "entries hold the rates of their runs" in err) == (2, True)


def test_a_file_that_is_no_tuning_is_refused(study):
    Path("other.json").write_text("{}")
    code, _, err = study("study", "run", "study.toml", "--tuned", "other.json", *RUN)
    assert code == 2
    assert "Expected a file of mann-bench tune." in err


def test_a_file_that_is_the_study_is_not_written_over(study):
    before = Path("study.toml").read_bytes()
    code, _, err = study("tune", "study.toml", *RUN, "--file", "study.toml")
    assert (code, "it is there, and no file of mann-bench tune" in err) == (2, True)
    assert Path("study.toml").read_bytes() == before
    assert not Path("runs").exists()


def test_the_rates_of_another_grid_are_not_written_over(tuned):
    Path("study.toml").write_text(Path("study.toml").read_text().replace("0.5", "0.25"))
    code, _, err = tuned("tune", "study.toml", *RUN)
    assert (code, "with rates 0.001, 0.5, seeds 1000000" in err) == (2, True)


def test_a_report_without_a_run_at_the_rates_of_the_file_says_so(tuned):
    code, _, err = tuned("report", "--tuned", "example-tuned.json")
    assert (code, "no run here is at a rate of example-tuned.json" in err) == (2, True)


def test_a_report_at_rates_that_the_runs_did_not_have_is_refused(tuned):
    tuned("study", "run", "study.toml", *RUN)
    content = json.loads(Path("example-tuned.json").read_text())
    for cell in content["cells"]:
        cell["tuned_protocol"] = cell["protocol"]
    for cell in content["cells"]:  # the rule chooses another rate than the protocol has
        cell["rate"] = 0.5
        cell["trials"] = [{**trial, "solved": int(trial["rate"] == 0.5)} for trial in cell["trials"]]
    Path("lie.json").write_text(json.dumps(content))
    code, _, err = tuned("report", "--tuned", "lie.json")
    assert (code, "the rate 0.5, and the runs have 0.001" in err) == (2, True)


def test_what_the_tuning_has_no_rate_for_is_left_out_of_an_entry_with_that_reason(tuned):
    tuned("study", "run", "study.toml", *RUN)
    content = json.loads(Path("example-tuned.json").read_text())
    Path("part.json").write_text(json.dumps({**content, "cells": content["cells"][:1]}))
    submit = ["leaderboard", "submit", "study.toml", "runs", "--name", "A group", "--url", "https://example.org"]
    _, _, err = tuned(*submit, "--tuned", "part.json")
    left_out = content["cells"][1]["model"]
    assert re.search(rf"Left out 2 of {left_out} on copy\S* under \S+: the tuning has no rate for them.", err)
