import contextlib
import copy
import json
import math
from pathlib import Path

import pytest

from mann_bench.leaderboard.files import entry_folders, load_entry
from mann_bench.results.keys import record_key
from mann_bench.results.schema import Record
from mann_bench.results.soundness import MOST_SIZES, first_problem
from mann_bench.results.store import CorruptRecordError, load_record

ROOT = Path(__file__).parents[2]


@pytest.fixture
def altered(make_record, make_probe):
    """Return a function that changes a record as plain data, and gives it the key of what it then describes."""

    def alter(change):
        content = copy.deepcopy(make_record(probe=make_probe(0.5, 1.0)).model_dump(mode="json"))
        change(content)
        record = Record.model_validate(content)
        with contextlib.suppress(ValueError):  # no run has such a key
            record = record.model_copy(update={"key": record_key(record)})
        return record

    return alter


def put(*path, value):
    """Return a change that puts a value in a place."""

    def change(content):
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = value

    return change


CHANGES = {
    "escape sequence": (put("model", "text", value="\x1b[31mntm"), "model.text: a character that cannot be shown"),
    "line break": (put("task", "text", value="copy\u2028"), "task.text: a character that cannot be shown"),
    "zero byte": (put("provenance", "os", value="a\0"), "provenance.os: a character"),
    "long text": (put("protocol", "text", value="x" * 1_001), "protocol.text: a text of 1,001 characters, at most"),
    "name of a score": (put("curve", 0, "scores", "a\n", value=0.5), "names: a character"),
    "option that is no number": (put("model", "options", "clip", value=math.inf), "model.options: an option that is"),
    "huge option": (put("model", "options", "slots", value=10**30), "model.options: a whole number beyond"),
    "many names": (
        lambda content: content["curve"][0]["diagnostics"].update({f"d{n}": 0.0 for n in range(1_001)}),
        "names: 1,0",
    ),
    "no budget": (put("protocol", "fields", "max_steps", value=0), "protocol.fields.max_steps: expected a whole"),
    "true as a budget": (put("protocol", "fields", "max_steps", value=True), "protocol.fields.max_steps: expected"),
    "endless budget": (put("protocol", "fields", "max_steps", value=1e300), "protocol.fields.max_steps: expected"),
    "endless test": (put("protocol", "fields", "test_sequences", value=10**6), "protocol.fields.test_sequences: exp"),
    "missing field": (lambda content: content["protocol"]["fields"].pop("probe_every"), "protocol.fields.probe_every"),
    "few in all": (put("all_parameters", value=12_344), "all_parameters: 12,344, though 12,345 are trainable"),
    "spread of nothing": (put("generalization", 0, "spread", "bayes_bits", value=1.0), "spread: expected standard"),
    "negative spread": (put("generalization", 0, "spread", "bit_errors", value=-1.0), "spread: expected standard"),
    "tiny threshold": (put("convergence", "below", value=5e-324), "convergence.below: 4.94066e-324 is no threshold"),
    "negative seconds": (put("seconds", "training", value=-1.0), "seconds.training: -1 is no duration"),
    "seconds that are no number": (put("curve", 0, "training_seconds", value="NaN"), "curve: training_seconds"),
    "falling seconds": (put("curve", 0, "training_seconds", value=9.0), "curve: training_seconds must not fall"),
    "steps beyond the budget": (put("steps", value=10**15), "steps: 1,000,000,000,000,000, though the protocol allows"),
    "curve beyond the budget": (put("curve", 2, "step", value=10**15), "curve: it goes on to step"),
    "unsorted curve": (lambda content: content["curve"].reverse(), "curve: steps must rise from row to row"),
    "falling sequences": (put("curve", 0, "sequences", value=10**5), "curve: sequences must not fall"),
    "falling symbols": (
        lambda content: [row.update(symbols=9 - at) for at, row in enumerate(content["curve"])],
        "curve: symbols must not fall from row to row",
    ),
    "target without its score": (put("curve", 1, "target_scores", value={"loss_bits": 1.0}), "curve: target_scores"),
    "target without its loss": (put("curve", 1, "target_scores", value={"bit_errors": 1.0}), "curve: target_scores"),
    "too many sequences": (put("curve", 2, "sequences", value=2**53), "curve: 9,007,199,254,740,992 sequences"),
    "missing score": (lambda content: content["curve"][1]["scores"].pop("bit_errors"), "curve: a row lacks the score"),
    "convergence between rows": (put("converged_first", value=300), "converged_first: step 300 is none of the curve's"),
    "convergence without a curve": (put("curve", value=[]), "converged_first: step 400 is none of the curve's"),
    "best between rows": (put("best_step", value=17), "best_step: step 17 is none of the curve's"),
    "outcome": (put("outcome", value="not_converged"), "outcome: not_converged, though converged_first is 400"),
    "unsorted probe": (lambda content: content["probe"].reverse(), "probe: steps must rise"),
    "probe beyond the budget": (put("probe", 1, "step", value=10**9), "probe: it goes on to step 1,000,000,000"),
    "empty probe": (put("probe", 0, "rows", value=[]), "probe: step 1,000 has no sizes"),
    "probe without the score": (
        lambda content: content["probe"][0]["rows"][0]["scores"].pop("bit_errors"), "probe: a row lacks"
    ),
    "many sizes": (
        lambda content: content.update(generalization=content["generalization"] * (MOST_SIZES + 1)), "sizes: more than"
    ),
    "no dimension": (put("generalization", 0, "size", value={}), "sizes: a size has no dimension"),
    "another dimension": (put("generalization", 0, "size", value={"n": 3}), "sizes: not all have the same dimensions"),
    "accuracy": (
        put("generalization", 0, "scores", "sequence_accuracy", value=1e308), "scores: sequence_accuracy must be from"
    ),
    "accuracy of tokens": (
        put("generalization", 0, "scores", "token_accuracy", value=-0.5), "scores: token_accuracy must be from 0 to 1"
    ),
    "rule on an accuracy": (
        put("convergence", "metric", value="sequence_accuracy"), "convergence.metric: an accuracy, where the rule"
    ),
}  # fmt: skip


RULE = {"name": "naive", "version": 1, "text": "naive", "given": {}, "options": {}}
RULE |= {"distribution": "mann-bench", "distribution_version": "1"}
COURSES = {
    "none": (None, "syllabus: the protocol has 'naive'"),
    "step of no evaluation": ({"step": 300}, "syllabus.course: its steps must be those of the curve"),
    "sizes": ({"drawn": [1]}, "syllabus.course: a row tells not of 2 sizes"),
    "rewards": ({"rewards": [1.0]}, "syllabus.course: a row tells not of 2 sizes"),
    "more than steps": ({"drawn": [600, 1]}, "syllabus.course: more batches drawn than the 600 steps"),
    "point": ({"point": {"length": 9}}, "syllabus.course: a curriculum point is none"),
    "reward": ({"rewards": [math.nan, None]}, "syllabus.course: a reward is not finite"),
}


def follow(row):
    """Return a change to a record under a syllabus, whose course has one row, with fields changed."""

    def change(content):
        content["protocol"]["fields"]["syllabus"] = "naive"
        course = [{"step": 200, "point": {"length": 1}, "drawn": [200, 0], "rewards": []} | (row or {})]
        sizes = [{"length": 1}, {"length": 2}]
        content["syllabus"] = None if row is None else {"rule": RULE, "sizes": sizes, "course": course}

    return change


@pytest.mark.parametrize(("row", "expected"), COURSES.values(), ids=COURSES)
def test_a_course_that_no_run_takes_is_named(altered, row, expected):
    assert str(first_problem(altered(follow(row)))).startswith(expected)


def test_an_honest_course_has_no_problem(altered):
    assert first_problem(altered(follow({}))) is None


def test_a_syllabus_without_a_protocol_that_names_it_is_told(altered):
    def change(content):
        follow({})(content)
        del content["protocol"]["fields"]["syllabus"]

    assert str(first_problem(altered(change))) == "syllabus: the protocol has None"


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_no_run_leaves_is_named(altered, change, expected):
    assert str(first_problem(altered(change))).startswith(expected)


def test_an_honest_record_has_no_problem(altered):
    assert first_problem(altered(lambda content: None)) is None


def test_what_other_runs_leave_is_no_problem(make_record, make_failed_record):
    nan = {"loss_bits": math.nan, "bit_errors": math.inf, "sequence_accuracy": math.nan}
    last = make_record().curve[0].model_copy(update={"step": 200, "scores": nan})
    diverged = make_record(
        outcome="diverged", curve=[last], converged_first=None, converged_confirmed=None, best_step=0, steps=213
    )
    failed = make_failed_record().model_copy(update={"error": "Traceback:\n\x1b[31mred"})
    assert [first_problem(record) for record in (diverged, failed)] == [None, None]


def test_a_record_with_another_runs_key_is_told(make_record):
    other = make_record(seed=1)
    assert str(first_problem(make_record(key=other.key))).startswith("key: what the record describes is run")


def test_all_committed_records_are_sound():
    records = [record for folder in entry_folders(ROOT / "leaderboards") for record in load_entry(folder).records]
    assert len(records) >= 20
    assert [first_problem(record) for record in records] == [None] * len(records)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"schema_version": 2}', "schema version 2, but this version of mann-bench reads 1; install a newer one"),
        ('{"schema_version": 0}', "schema version 0, but this version of mann-bench reads 1; no version wrote such"),
        ("[" * 10**6, "recursion limit exceeded"),
        ('{"seed": ' + "9" * 10**6 + "}", "number out of range"),
        ('{"model": "\\ud800"}', "file: Invalid JSON"),
        ("{" + ",".join(f'"{n}": 1' for n in range(2_000)) + "}", "values are not what they should be"),
        ('{"\x1b[31m": 1}', "file: Invalid JSON"),
        (json.dumps({"\x1b[31m" + "x" * 10**5: 1}), "schema_version: Field required"),
    ],
    ids=range(8),
)
def test_a_file_that_is_no_record_is_told_in_short(tmp_path, text, reason):
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(CorruptRecordError) as caught:
        load_record(tmp_path / "record.json")
    message = str(caught.value).removeprefix(str(tmp_path))
    assert reason in message
    assert len(message) < 400
    assert message.isprintable()


@pytest.mark.parametrize("field", ["steps", "seed", "parameters", "state_bytes", "peak_memory_bytes", "best_step"])
@pytest.mark.parametrize("value", [-1, 2**53 + 1, 10**400])
def test_a_whole_number_beyond_all_is_refused(tmp_path, make_record, field, value):
    (tmp_path / "record.json").write_text(json.dumps(make_record().model_dump(mode="json") | {field: value}))
    with pytest.raises(CorruptRecordError, match=rf"\({field}: "):
        load_record(tmp_path / "record.json")


def test_of_millions_of_bad_rows_one_is_told(tmp_path, make_record):
    content = make_record().model_dump(mode="json") | {"curve": [{}] * 10**5}
    (tmp_path / "record.json").write_text(json.dumps(content))
    with pytest.raises(CorruptRecordError, match=r"\(curve\[0\]\.step: Field required\)"):
        load_record(tmp_path / "record.json")


def test_a_record_in_another_runs_folder_is_told_wherever_it_is_read(store, make_record):
    one, other = make_record(seed=1), make_record(seed=2)
    file = store.write(one, None).rename(store.folder(other.key)) / "record.json"
    with pytest.raises(CorruptRecordError, match=f"it holds run {one.key}"):
        load_record(file)


def test_a_folder_may_have_another_name_than_a_key(store, make_record):
    record = make_record()
    assert load_record(store.write(record, None).rename(store.root / "best") / "record.json") == record
