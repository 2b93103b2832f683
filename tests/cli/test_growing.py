import json
import re
from pathlib import Path

import pytest

from mann_bench.models.lstm import LSTMModel
from mann_bench.tasks.copy import Copy

MODEL, OTHER = "lstm:layers=1,units=8", "lstm:layers=1,units=4"
CLAIM = {
    "name": "unsolved",
    "statement": "Four steps are not enough.",
    "metric": "solve_rate",
    "model": MODEL,
    "tasks": ["copy:max_length=3"],
    "at_most": 0.6,
}
"""With looks at 2, 3 and 6 seeds, none of which solves the task, it is reproduced at 6: 0/6 is 0 to 0.55."""


@pytest.fixture
def grow(mann_bench, tiny_protocol, study_text, monkeypatch):
    """Return a function that runs a study of one model until it is decided, in a file of the empty folder."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: [{"length": 3}])
    Path("study.toml").write_text(study_text(tiny_protocol(), MODEL, claim=CLAIM, looks=[2, 3, 6]))
    return lambda *arguments: mann_bench("study", "run", "study.toml", "--until-decided", "--jobs", "1", *arguments)


def seeds(model=MODEL):
    """The seeds of a model that have a record."""
    records = (json.loads(path.read_text()) for path in Path("runs").glob("*/record.json"))
    return sorted(record["seed"] for record in records if record["model"]["text"] == model)


def edit(old, new):
    path = Path("study.toml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_a_study_grows_until_its_claims_are_decided(grow):
    code, _, err = grow()
    assert (code, seeds()) == (0, [0, 1, 2, 3, 4, 5])
    assert err.count("0 of 1 claims") == 2
    assert "Decided: 1 of 1 claims and 0 of 0 pairs of models, at 98.33 %, 5 % spent evenly" in err


def test_looks_that_can_decide_nothing_are_refused_before_anything_is_trained(grow):
    edit("looks = [2, 3, 6]", "looks = [2, 3]")
    code, _, err = grow()
    assert (code, Path("runs").exists()) == (2, False)
    assert "3 seeds decide none of the 1 claims and 0 pairs of models, whatever the runs yield, at 97.5 %" in err


def test_what_is_decided_at_the_first_look_does_not_grow(grow):
    edit("at_most = 0.6", "at_most = 0.95")
    assert grow()[0] == 0
    assert seeds() == [0, 1]


def test_what_the_last_look_leaves_undecided_is_told(grow):
    edit("at_most = 0.6", "at_most = 0.4")
    code, _, err = grow()
    assert (code, seeds()) == (0, [0, 1, 2, 3, 4, 5])
    assert "Undecided: unsolved: the interval lies partly inside the tolerance" in err
    assert "No more seeds: what is undecided has the last look, 6 seeds" in err


def test_an_interrupted_look_goes_on_from_its_records(grow, run):
    run(seeds="0-3")
    _, _, err = grow("--max-seeds", "3")
    assert "3 runs: 3 already recorded, 0 to train" in err
    assert "6 runs: 4 already recorded, 2 to train" in grow()[2]
    assert seeds() == [0, 1, 2, 3, 4, 5]


def test_the_limit_stops_at_the_last_look_that_fits(grow):
    code, _, err = grow("--max-seeds", "5")
    assert (code, seeds()) == (0, [0, 1, 2])
    assert "has the last look that --max-seeds allows, 3 seeds" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-seeds", "1"], "--max-seeds 1: the first look has 2 seeds. Give at least as many."),
        (["--shard", "1/2"], "--until-decided judges all records after each look. Leave --shard out."),
        (["--fresh"], "--until-decided judges all records after each look. Leave --fresh out."),
    ],
)
def test_options_that_do_not_fit_are_errors(grow, arguments, message):
    code, _, err = grow(*arguments)
    assert code == 2
    assert message in err


def test_a_limit_without_growing_is_an_error(grow, mann_bench):
    code, _, err = mann_bench("study", "run", "study.toml", "--max-seeds", "3")
    assert code == 2
    assert "Give --until-decided too." in err


def test_a_study_without_looks_cannot_grow(grow):
    edit("looks = [2, 3, 6]\n", "")
    code, _, err = grow()
    assert code == 2
    assert "cannot grow. Add looks to its file, such as looks = [2, 4, 8]" in err


def test_a_dry_run_says_what_the_next_look_would_do(grow, run):
    assert "First look: 2 seeds of each cell." in grow("--dry-run")[2]
    run(seeds="0-1")
    _, _, err = grow("--dry-run")
    assert "Undecided: unsolved: the interval lies partly inside the tolerance" in err
    assert re.search(rf"^{MODEL} +copy:max_length=3 +2 +3$", err, re.M)
    assert seeds() == [0, 1]


def test_a_failed_run_ends_it(grow, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(LSTMModel, "forward", lambda model, inputs: 1 / 0)
        code, _, err = grow()
    assert (code, seeds()) == (1, [0, 1])
    assert "Stopped: 2 runs failed. The same command does failed runs again, and goes on." in err
    assert grow()[0] == 0
    assert seeds() == [0, 1, 2, 3, 4, 5]


def test_as_json_each_record_is_printed_once(grow):
    rows = [json.loads(line) for line in grow("--json")[1].splitlines()]
    assert [row["seed"] for row in rows] == [0, 1, 2, 3, 4, 5]


def test_pairs_that_are_not_told_apart_grow_too_and_cells_of_neither_do_not(grow):
    edit(f'"{MODEL}"]', f'"{MODEL}", "{OTHER}"]')
    edit("at_most = 0.6", "at_most = 0.95")
    edit("[[claims]]", '[[cells]]\nmodels = ["lstm:layers=1,units=2"]\ntasks = ["copy:max_length=2"]\n\n[[claims]]')
    _, _, err = grow("--max-seeds", "3")
    assert f"Undecided on copy:max_length=3: {MODEL} and {OTHER}." in err
    assert [seeds(model) for model in (MODEL, OTHER, "lstm:layers=1,units=2")] == [[0, 1, 2], [0, 1, 2], [0, 1]]
