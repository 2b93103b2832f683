"""Records of an earlier version of a model are sound, and keep their verdicts until there are some of a later one."""

import dataclasses

import pytest

from mann_bench.leaderboard.checks.identity import check_identity
from mann_bench.leaderboard.records import answers, earlier_versions, records_of, replications
from mann_bench.leaderboard.resolving import rules_resolver, study_rules
from mann_bench.leaderboard.validate import validate
from mann_bench.registry import Registry
from mann_bench.results.keys import record_key
from mann_bench.site.boards import boards
from mann_bench.studies.plan import plan_study


@pytest.fixture(scope="module")
def later():
    """The registry of a suite in which every model has risen in version."""
    registry = Registry.discover(third_party=False)
    for name, known in registry.models.items():
        raised = dataclasses.replace(known.spec, version=known.spec.version + 1)
        registry.models[name] = dataclasses.replace(known, spec=raised)
    return registry


@pytest.fixture
def later_runs(later):
    return plan_study(later, "smoke").plan.runs


def _of_version(record, version):
    changed = record.model_copy(update={"model": record.model.model_copy(update={"version": version})})
    return changed.model_copy(update={"key": record_key(changed)})


def test_an_entry_stays_sound_where_its_models_rise_in_version(board, later):
    assert validate([board.folder], [], rules_resolver(later)) == []


def test_an_earlier_version_need_not_have_had_all_options(later, sound_records):
    record = next(record for record in sound_records if record.model.name == "ntm")
    fewer = {name: value for name, value in record.model.options.items() if name != "clip"}
    changed = record.model_copy(update={"model": record.model.model_copy(update={"options": fewer})})
    assert list(check_identity(changed, study_rules(later, "smoke", {changed.model.text}))) == []


def test_claims_keep_their_verdicts_where_models_rise_in_version(board, registry, later):
    (before,), (after,) = boards(registry, board.root), boards(later, board.root)
    assert [str(result) for result in after.claims] == [str(result) for result in before.claims]
    assert before.earlier_versions == []
    assert [words.partition(" ")[0] for words in after.earlier_versions] == ["lstm", "ntm"]


def test_records_of_today_answer_their_own_runs(smoke_runs, sound_records):
    assert answers(smoke_runs, sound_records) == {record.key: record for record in sound_records}


def test_the_newest_version_that_has_records_answers(later_runs, sound_records):
    version = later_runs[0].model.version
    newer = [_of_version(record, version) for record in sound_records]
    assert answers(later_runs, [*newer, *sound_records]) == {record.key: record for record in newer}


def test_a_cell_does_not_mix_versions(later_runs, sound_records):
    newer = _of_version(sound_records[0], later_runs[0].model.version)
    answered = answers(later_runs, [newer, *sound_records])
    cell = [run for run in later_runs if run.model.text == newer.model.text]
    assert [answered[run.key] for run in cell if run.key in answered] == [newer]


def test_records_of_another_distribution_answer_nothing(later_runs, sound_records):
    model = sound_records[0].model.model_copy(update={"distribution": "acme"})
    assert answers(later_runs, [sound_records[0].model_copy(update={"model": model})]) == {}


def test_earlier_versions_are_told(later, sound_records):
    version = sound_records[0].model.version
    told = earlier_versions(later, sound_records)
    assert told == [f"{name} version {version} (today {version + 1})" for name in ("lstm", "ntm")]


@pytest.fixture
def replicated(make_loaded, sound_records):
    """An entry of some cells, a later one that repeats them with other times, and adds a cell."""
    lstm = [record for record in sound_records if record.model.name == "lstm"]
    again = [record.model_copy(update={"peak_memory_bytes": 1}) for record in sound_records]
    place = again.index(next(record for record in again if record.model.name == "lstm"))
    again[place] = again[place].model_copy(update={"curve": again[place].curve[:2]})
    entry = make_loaded("first", lstm)
    return [make_loaded("second", again), entry._replace(entry=entry.entry.model_copy(update={"date": "2025-12-31"}))]


def test_claims_rest_on_the_first_entry_of_each_cell(replicated, sound_records):
    found = {record.key: record.peak_memory_bytes for record in records_of(replicated)}
    assert found == {r.key: 2**28 if r.model.name == "lstm" else 1 for r in sound_records}


def test_a_replication_is_said_to_be_one(replicated):
    (words,) = replications(replicated)
    assert words == "Second repeats 7 runs (6 equal to the last bit) of First"
