import dataclasses
import json

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome
from mann_bench.leaderboard.checks.traces import traced_runs
from mann_bench.leaderboard.faults import EntryError
from mann_bench.leaderboard.files import load_entry
from mann_bench.leaderboard.submit import Submitter, submit
from mann_bench.results.keys import record_key
from mann_bench.results.schema import DivergenceRecord

SUBMITTER = Submitter("Ünit group", "https://example.org/group", "A note.")


@pytest.fixture
def submitted(sound_records, rules, tmp_path):
    """Return a function that submits the made-up study, with fields of the submitter changed."""

    def call(records=sound_records, tracer=lambda record: None, **changes):
        return submit(records, SUBMITTER._replace(**changes), rules, tmp_path, tracer)

    return call


def refused(submitted, *arguments, **changes):
    with pytest.raises(EntryError) as caught:
        submitted(*arguments, **changes)
    return sorted({fault.name.value for fault in caught.value.faults})


def test_an_entry_says_who_what_and_how_far_it_was_checked(submitted, sound_records):
    loaded = load_entry(submitted())
    entry = loaded.entry
    assert (entry.name, entry.url, entry.note, entry.badge) == (*SUBMITTER[:3], "reported")
    assert (entry.study.name, entry.study.version, entry.evidence) == ("smoke", 3, [])
    assert loaded.records == sorted(sound_records, key=lambda record: record.key)
    assert [row["seeds"] for row in entry.aggregates.convergence] == [7, 7]


def test_its_folder_is_named_by_submitter_and_runs(submitted, tmp_path):
    folder = submitted()
    assert folder.parent == tmp_path / "smoke"
    assert folder.name.startswith("unit-group-")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name.startswith(".")) == []


def test_a_record_that_is_given_twice_counts_once(submitted, sound_records):
    assert len(load_entry(submitted([*sound_records, *sound_records])).records) == 14


def test_two_records_of_a_run_are_refused(submitted, sound_records):
    other = sound_records[0].model_copy(update={"peak_memory_bytes": 1})
    with pytest.raises(UsageError, match="two different records"):
        submitted([*sound_records, other])


def test_seeds_that_lack_are_refused_by_name(submitted, sound_records, tmp_path):
    with pytest.raises(EntryError, match=r"missing-seeds: .* lacks seeds 0 of 0-6"):
        submitted(sound_records[1:])
    assert list(tmp_path.rglob("entry.json")) == []


def test_cells_of_different_looks_may_be_submitted_together(sound_records, rules, tmp_path):
    grown = [record for record in sound_records if record.model.name == "ntm" or record.seed < 5]
    looks = [frozenset(range(size)) for size in (5, 7)]
    folder = submit(grown, SUBMITTER, dataclasses.replace(rules, looks=looks), tmp_path)
    assert [row["seeds"] for row in load_entry(folder).entry.aggregates.convergence] == [5, 7]


def test_one_model_alone_may_be_submitted(submitted, sound_records):
    one = [record for record in sound_records if record.model.name == "lstm"]
    assert len(load_entry(submitted(one)).records) == 7


def test_the_same_records_again_are_a_duplicate(submitted):
    submitted()
    assert refused(submitted) == ["duplicate"]
    assert refused(submitted, name="Another group") == ["duplicate"]


def test_an_entry_is_never_overwritten(submitted):
    folder = submitted()
    before = {path: path.read_bytes() for path in folder.rglob("*.json")}
    refused(submitted, note="A better note.")
    assert {path: path.read_bytes() for path in folder.rglob("*.json")} == before


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"name": "<script>"}, "markup"),
        ({"url": "http://example.org"}, "unsafe-url"),
        ({"note": "x" * 3_000}, "too-long"),
        ({"weights_url": "https://example.org/../{key}"}, "unsafe-path"),
    ],
)
def test_words_that_are_unsafe_are_refused(submitted, changes, fault):
    assert refused(submitted, **changes) == [fault]


def test_an_empty_name_is_refused(submitted):
    with pytest.raises(UsageError, match="--name is empty"):
        submitted(name=" ")


def test_weights_are_where_the_submitter_says(submitted):
    loaded = load_entry(submitted(weights_url="https://example.org/{key}.safetensors"))
    run = loaded.entry.runs[0]
    assert run.weights_url == f"https://example.org/{run.key}.safetensors"
    assert run.weights_sha256 == loaded.records[0].weights_sha256


def test_what_contradicts_itself_is_refused(submitted, sound_records):
    lucky = sound_records[0].model_copy(update={"converged_first": 20})
    assert refused(submitted, [lucky, *sound_records[1:]])[0] == "budget"


def test_an_option_that_holds_a_path_cannot_be_published(submitted, sound_records):
    cache, path = "/home/somebody/cache/x", "acme:cache=/home/somebody/cache/x"
    named = {"name": "acme", "text": path, "given": {"cache": cache}, "options": {"cache": cache}}
    model = sound_records[0].model.model_copy(update=named)
    changed = sound_records[0].model_copy(update={"model": model})
    assert refused(submitted, [changed.model_copy(update={"key": record_key(changed)})]) == ["private"]


def test_of_each_cell_the_lowest_seed_is_traced(submitted, make_trace, sound_records):
    traces = load_entry(submitted(tracer=make_trace)).traces
    lowest = {record.key for record in sound_records if record.seed == 0}
    assert [trace.key for trace in traces] == sorted(lowest)


def test_a_seed_without_weights_is_passed_over(sound_records):
    first, second, *_ = sorted((r for r in sound_records if r.model.name == "lstm"), key=lambda record: record.seed)
    without = first.model_copy(update={"weights_sha256": None})
    assert traced_runs([without, second]) == {second.key: second}


def test_without_weights_there_is_no_trace(submitted):
    folder = submitted()
    assert load_entry(folder).traces == []
    assert sorted(path.name for path in folder.iterdir()) == ["entry.json", "records"]


def test_nothing_is_traced_of_what_is_refused(submitted, sound_records):
    assert refused(submitted, sound_records[1:], tracer=pytest.fail) == ["missing-seeds"]


def test_entries_hold_no_number_that_json_lacks(submitted):
    text = (submitted() / "entry.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)


def test_a_model_that_failed_with_every_seed_can_be_submitted(submitted, sound_records):
    nothing = {"outcome": Outcome.FAILED, "error": "Traceback", "steps": 0, "best_step": 0, "weights_sha256": None}
    nothing |= {"converged_first": None, "converged_confirmed": None, "curve": [], "probe": [], "generalization": []}
    nothing |= {"grid": [], "training_range": {}, "parameters": 0, "state_bytes": 0}
    failed = [record.model_copy(update=nothing) for record in sound_records if record.model.name == "lstm"]
    assert load_entry(submitted(failed)).entry.aggregates.convergence[0]["failed"] == 7


def test_a_model_that_never_got_a_finite_loss_can_be_submitted(submitted, sound_records):
    def diverged(record):
        row = record.curve[0]
        row = row.model_copy(update={"scores": row.scores | {"loss_bits": float("nan")}})
        divergence = DivergenceRecord(step=0, culprit="validation loss")
        nothing = {
            "outcome": Outcome.DIVERGED,
            "divergence": divergence,
            "steps": 0,
            "best_step": 0,
            "weights_sha256": None,
        }
        nothing |= {"converged_first": None, "converged_confirmed": None, "probe": [], "generalization": []}
        return record.model_copy(update=nothing | {"curve": [row]})

    made = [diverged(record) for record in sound_records if record.model.name == "lstm"]
    assert load_entry(submitted(made)).entry.aggregates.convergence[0]["diverged"] == 7


def _of(records, model):
    return [record for record in records if record.model.name == model]


@pytest.fixture
def extended(submitted, sound_records, rules, tmp_path, make_trace):
    """Return a function that adds runs to an entry of the LSTM: its folder, and the new entry as loaded."""
    folder = submitted(_of(sound_records, "lstm"), make_trace, weights_url="https://example.org/{key}.safetensors")

    def call(records, tracer=make_trace):
        return folder, load_entry(submit(records, SUBMITTER, rules, tmp_path, tracer, extended=load_entry(folder)))

    return call


def test_an_entry_that_is_extended_has_the_runs_of_both(extended, sound_records, make_trace):
    traced = []
    folder, loaded = extended(
        _of(sound_records, "ntm"), lambda record: traced.append(record.model.name) or make_trace(record)
    )
    assert loaded.records == sorted(sound_records, key=lambda record: record.key)
    assert [row["seeds"] for row in loaded.entry.aggregates.convergence] == [7, 7]
    assert (len(loaded.traces), traced) == (2, ["ntm"])
    with_weights = {run.key for run in loaded.entry.runs if run.weights_url}
    assert with_weights == {record.key for record in _of(sound_records, "lstm")}
    assert load_entry(folder).entry.id == folder.name != loaded.entry.id


def test_a_run_that_an_entry_has_stays_as_it_is(extended, sound_records):
    other = [record.model_copy(update={"peak_memory_bytes": 1}) for record in sound_records]
    _, loaded = extended(other)
    assert {record.peak_memory_bytes for record in _of(loaded.records, "ntm")} == {1}
    assert _of(loaded.records, "lstm") == sorted(_of(sound_records, "lstm"), key=lambda record: record.key)


def test_an_entry_is_extended_by_runs_that_it_lacks(extended, sound_records):
    with pytest.raises(UsageError, match="has all of these runs already"):
        extended(_of(sound_records, "lstm"))


def test_runs_of_an_earlier_version_give_way_to_those_of_a_later_one(submitted, sound_records, rules, tmp_path):
    later = _of(sound_records, "ntm")

    def earlier(record):
        model = record.model.model_copy(update={"version": record.model.version - 1})
        older = record.model_copy(update={"model": model})
        return older.model_copy(update={"key": record_key(older)})

    folder = submitted([*_of(sound_records, "lstm"), *map(earlier, later)])
    loaded = load_entry(submit(later, SUBMITTER, rules, tmp_path, extended=load_entry(folder)))
    assert loaded.records == sorted(sound_records, key=lambda record: record.key)


def test_a_refused_extension_leaves_the_entry(extended, sound_records, tmp_path):
    with pytest.raises(EntryError, match="missing-seeds"):
        extended(_of(sound_records, "ntm")[1:])
    (kept,) = tmp_path.rglob("entry.json")
    assert len(load_entry(kept.parent).records) == 7
