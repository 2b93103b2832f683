"""Entries whose learning rates were tuned."""

import dataclasses
import json

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.leaderboard.faults import EntryError
from mann_bench.leaderboard.files import load_entry
from mann_bench.leaderboard.records import judged_plan
from mann_bench.leaderboard.submit import Submitter, submit
from mann_bench.leaderboard.validate import validate
from mann_bench.studies.plan import at_tuned_rates, plan_study
from mann_bench.studies.schema import TuningTable
from mann_bench.studies.tuning import plan_tuning, run_at_rate, tuning_of

SUBMITTER = Submitter("A tuned group", "https://example.org/group")


@pytest.fixture(scope="module")
def planned(registry):
    return plan_study(registry, "smoke")


@pytest.fixture(scope="module")
def tuning(registry, planned, make_sound):
    """The smoke study, tuned: its NTM converges first at 3e-3, its LSTM at 3e-4."""
    best = {"ntm": 3e-3, "lstm": 3e-4}
    plan = plan_tuning(registry, "smoke", planned.study.version, TuningTable(), planned.cells)
    at = {run.key: 120 if run.protocol.learning_rate == best[run.model.name] else 200 for run in plan.plan.runs}
    return tuning_of(plan, {run.key: make_sound(run, at=at[run.key]) for run in plan.plan.runs})


@pytest.fixture(scope="module")
def tuned_records(registry, planned, tuning, make_sound):
    return [make_sound(run, at=120 + 20 * run.seed) for run in at_tuned_rates(registry, planned, tuning).plan.runs]


@pytest.fixture
def submitted(tuned_records, rules, tuning, tmp_path):
    """Return a function that submits the tuned study."""

    def call(records=tuned_records, tuning=tuning):
        return submit(records, SUBMITTER, rules, tmp_path / "leaderboards", tuning=tuning)

    return call


def refused(submitted, **changes):
    with pytest.raises(EntryError) as caught:
        submitted(**changes)
    return sorted({fault.name.value for fault in caught.value.faults})


def names(folder, rules):
    return sorted({fault.name.value for fault in validate([folder], [folder], lambda study, models: rules)})


def test_an_entry_carries_its_tuning_and_is_sound(submitted, rules, tuning):
    folder = submitted()
    assert load_entry(folder).entry.tuning == tuning
    assert names(folder, rules) == []


def test_an_entry_that_was_not_tuned_has_no_such_field(board):
    assert "tuning" not in json.loads(board.file.read_text())


def test_runs_at_a_tuned_rate_are_none_of_the_studys_without_the_file(submitted):
    assert refused(submitted, tuning=None) == ["wrong-protocol"]


def test_a_run_at_another_rate_than_the_file_states_is_refused(submitted, registry, planned, tuned_records, make_sound):
    other = [make_sound(run_at_rate(registry, run, 0.5)) for run in planned.plan.runs[:1]]
    assert refused(submitted, records=[*tuned_records[1:], *other]) == ["wrong-protocol"]


def test_a_run_that_differs_in_more_than_the_rate_is_refused(
    submitted, registry, planned, tuning, tuned_records, make_sound
):
    (run, *_) = at_tuned_rates(registry, planned, tuning).plan.runs
    changed = dataclasses.replace(run, protocol=dataclasses.replace(run.protocol, momentum=0.5))
    assert "wrong-protocol" in refused(submitted, records=[*tuned_records[1:], make_sound(changed)])


def test_the_rate_of_another_cell_is_refused(submitted, registry, planned, tuned_records, make_sound):
    ntm = next(run for run in planned.plan.runs if run.model.name == "ntm" and run.seed == 0)
    rest = [record for record in tuned_records if (record.model.name, record.seed) != ("ntm", 0)]
    assert refused(submitted, records=[*rest, make_sound(run_at_rate(registry, ntm, 3e-4))]) == ["wrong-protocol"]


CHANGES = {
    "another study": lambda tuning: tuning.update(study="other"),
    "another version": lambda tuning: tuning.update(study_version=9),
    "another protocol": lambda tuning: tuning["cells"][0].update(protocol="collier2018:grace=7"),
    "another task": lambda tuning: tuning["cells"][0].update(task="copy:bits=3"),
    "more than the rate": lambda tuning: tuning["cells"][0].update(
        tuned_protocol=tuning["cells"][0]["tuned_protocol"].replace("max_steps=", "max_steps=1")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_tuning_that_is_none_of_the_study_is_a_fault(submitted, rules, change):
    folder = submitted()
    content = json.loads((folder / "entry.json").read_text())
    change(content["tuning"])
    (folder / "entry.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    assert "wrong-tuning" in names(folder, rules)


def test_a_tuning_by_another_table_than_the_study_states_is_a_fault(submitted, rules):
    stated = dataclasses.replace(rules, tuning=TuningTable(rates=[0.1, 0.2]))
    assert names(submitted(), stated) == ["wrong-tuning"]


def test_claims_are_judged_at_the_rates_of_the_entry_that_tuned_every_cell(submitted, registry, planned, tuning):
    loaded = load_entry(submitted())
    keys = {record.key for record in loaded.records}
    assert {run.key for run in judged_plan(registry, planned, [loaded]).plan.runs} == keys
    some = loaded._replace(
        entry=loaded.entry.model_copy(update={"tuning": tuning.model_copy(update={"cells": tuning.cells[:1]})})
    )
    assert judged_plan(registry, planned, [some]) is planned


def test_the_cells_of_a_tuned_entry_stand_under_one_protocol(submitted):
    loaded = load_entry(submitted())
    made = cells(loaded.records, loaded.tuned)
    assert {cell.protocol.count("learning_rate=tuned") for cell in made} == {1}
    assert [cell.tuned.rate for cell in made] == [3e-4, 3e-3]
    assert len({cell.protocol for cell in made}) == 1
