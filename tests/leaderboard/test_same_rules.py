"""A record is sound by one set of rules: it is judged alike in a folder of runs and in an entry."""

import contextlib
import copy
import json

import pytest

from mann_bench.leaderboard.faults import EntryError, FaultName
from mann_bench.leaderboard.files import entry_content, load_entry, record_content
from mann_bench.leaderboard.schema import Entry, RunReference
from mann_bench.results.keys import record_key
from mann_bench.results.schema import Record
from mann_bench.results.store import CorruptRecordError, digest, load_record

VALUES = {
    "no-break space": "a\u00a0b",
    "turned text": "\u202e",
    "private use": "\ue000",
    "line break": "a\nb",
    "long text": "x" * 1_001,
    "other text": "other",
    "no text": "",
    "below zero": -1,
    "zero": 0,
    "one and a half": 1.5,
    "enormous": 2**53 + 1,
    "beyond floats": 10**400,
    "not a number": "NaN",
    "infinite": "Infinity",
    "infinite below": "-Infinity",
    "true": True,
    "null": None,
    "empty list": [],
    "empty table": {},
    "many names": {f"n{n}": 1 for n in range(1_001)},
    "deep": [[[[[]]]]],
}


@pytest.fixture
def content(board):
    return json.loads(board.files[0].read_text())


@pytest.fixture
def judged(board, content):
    """Return a function that lays a file into a folder of runs and into an entry, and returns why each refuses it."""
    entry, file = Entry.model_validate_json(board.file.read_bytes()), board.files[0]
    for each in board.files:
        each.unlink()

    def judge(written, key):
        file.with_name(f"{key}.json").write_bytes(written)
        run = RunReference(key=key, sha256=digest(written), weights_sha256=None)
        board.file.write_bytes(entry_content(entry.model_copy(update={"runs": [run]})))
        reasons = _loaded(file.with_name(f"{key}.json")), _entered(board.folder)
        file.with_name(f"{key}.json").unlink()
        return reasons

    return judge


def _loaded(file):
    try:
        load_record(file)
    except CorruptRecordError as error:
        return str(error).removeprefix(f"{file}: not a valid record (").removesuffix(").").removesuffix("...")
    return ""


def _entered(folder):
    try:
        load_entry(folder)
    except EntryError as error:
        return f"{error.faults[0].place or 'file'}: {error.faults[0].text}"
    return ""


def _written(content):
    """Return a record as a run would write it where it has the schema, with its key, and the key."""
    with contextlib.suppress(ValueError):
        content = content | {"key": record_key(Record.model_validate_json(json.dumps(content)))}
    try:
        return record_content(Record.model_validate_json(json.dumps(content))), content["key"]
    except ValueError:
        return json.dumps(content).encode(), "0" * 64


def _holders(value):
    """Yield all tables and lists in a record, of the items of a list the first."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value[:1]:
            yield from _holders(inner)


def _changed(content, change):
    """Yield copies of a record, each with one change: of every value by its holder and its key."""
    for number, holder in enumerate(_holders(content)):
        for key in [*holder] if isinstance(holder, dict) else [0]:
            changed = copy.deepcopy(content)
            change([*_holders(changed)][number], key)
            yield changed


def _all_agree(judged, contents):
    judgements = [judged(*_written(content)) for content in contents]
    assert len(judgements) > 50
    assert [each for each in judgements if not each[1].startswith(each[0]) or bool(each[0]) != bool(each[1])] == []
    return judgements


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_in_any_place_is_judged_alike(judged, content, value):
    judgements = _all_agree(judged, _changed(content, lambda holder, key: holder.__setitem__(key, value)))
    assert any(reason for reason, _ in judgements)


def test_a_missing_value_is_judged_alike(judged, content):
    _all_agree(judged, _changed(content, lambda holder, key: holder.pop(key)))


@pytest.mark.parametrize("name", ["a\u00a0b", "x" * 1_001, "", "new"], ids=["no-break space", "long", "empty", "new"])
def test_another_name_in_any_place_is_judged_alike(judged, content, name):
    def rename(holder, key):
        if isinstance(holder, dict):
            holder[name] = holder.pop(key)

    _all_agree(judged, _changed(content, rename))


def test_a_row_twice_is_judged_alike(judged, content):
    def repeat(holder, key):
        if isinstance(holder, list):
            holder.insert(0, copy.deepcopy(holder[0]))

    _all_agree(judged, _changed(content, repeat))


@pytest.mark.parametrize(
    "written",
    [b"", b"[]", b"null", b"{", b"\xff", b'{"schema_version": 2}', b'{"schema_version": 0}', b"[" * 10**5,
     b'{"a": "\\ud800"}', b"\xef\xbb\xbf{}", b'{"seed": ' + b"9" * 10**4 + b"}"],
)  # fmt: skip
def test_a_file_that_is_no_record_is_judged_alike(judged, written):
    loaded, entered = judged(written, "0" * 64)
    assert loaded
    assert entered.startswith(loaded)


def test_a_file_named_for_another_run_is_refused_by_both(judged, content):
    loaded, entered = judged(_written(content)[0], "0" * 64)
    assert loaded == f"file: it holds run {content['key']}"
    assert entered.startswith(loaded)


@pytest.mark.parametrize("spelt", [b'"seed":0,"seed":', b'"seed": '], ids=["a field twice", "a space"])
def test_only_an_entry_insists_on_the_spelling(judged, content, spelt):
    written = _written(content)[0].replace(b'"seed":', spelt)
    loaded, entered = judged(written, content["key"])
    assert loaded == ""
    assert "written in another way" in entered


@pytest.mark.parametrize(
    ("text", "fault"), [("/home/somebody/x", FaultName.PRIVATE), ("<b>", FaultName.MARKUP)], ids=["a path", "markup"]
)
def test_only_an_entry_must_not_hold_what_is_not_for_pages(board, text, fault):
    board.edit_record(lambda record: record.update(details={"where": text}))
    assert _loaded(board.files[0]) == ""
    assert board.names() == [fault]
