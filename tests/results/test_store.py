import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.results.store import CorruptRecordError, Store, digest, find_record, load_record, record_files


@pytest.fixture
def full_disk(monkeypatch):
    """Return a function that lets the disk be full for files whose name contains a text."""

    real = Path.open

    def fill(text):
        def full(path, mode="r", *arguments, **options):
            if mode == "xb" and text in path.name:
                raise_no_space(path)
            return real(path, mode, *arguments, **options)

        monkeypatch.setattr(Path, "open", full)

    return fill


def raise_no_space(_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_is_written_is_found(store, make_record):
    record = make_record()
    store.write(record, b"weights")
    assert store.find(record.key) == record


def test_the_folder_is_named_by_the_key(store, make_record):
    record = make_record()
    folder = store.write(record, b"weights")
    assert folder == store.folder(record.key) == store.root / record.key


def test_weights_lie_beside_the_record(store, make_record):
    folder = store.write(make_record(), b"weights")
    assert sorted(path.name for path in folder.iterdir()) == ["record.json", "weights.safetensors"]
    assert (folder / "weights.safetensors").read_bytes() == b"weights"


def test_a_run_without_weights_has_a_record_alone(store, make_record):
    assert [path.name for path in store.write(make_record(), None).iterdir()] == ["record.json"]


def test_a_run_written_again_replaces_its_record(store, make_record):
    store.write(make_record(steps=600), b"one")
    folder = store.write(make_record(steps=800), b"two")
    assert (store.find(folder.name).steps, (folder / "weights.safetensors").read_bytes()) == (800, b"two")


def test_a_run_that_is_not_there_is_not_found(store):
    assert store.find("0" * 64) is None


def test_a_folder_without_a_record_is_no_run(store, make_record):
    record = make_record()
    store.folder(record.key).mkdir(parents=True)
    (store.folder(record.key) / "weights.safetensors").write_bytes(b"weights")
    assert store.find(record.key) is None


def test_the_record_is_written_last(store, make_record, full_disk):
    full_disk("weights")
    with pytest.raises(StoreError):
        store.write(make_record(), b"weights")
    assert list(store.root.glob("*/*")) == []


def test_a_disk_full_at_the_record_leaves_no_record(store, make_record, full_disk):
    full_disk("record")
    with pytest.raises(StoreError):
        store.write(make_record(), b"weights")
    assert list(store.root.glob("*")) == []


def test_a_full_disk_is_told_with_the_run_the_folder_and_the_remedy(store, make_record, full_disk):
    full_disk("record")
    with pytest.raises(StoreError) as caught:
        store.write(make_record("ntm", "copy", 3), None)
    assert str(caught.value).startswith("the record of ntm on copy, seed 3 could not be written to ")
    assert f"{store.folder(make_record(seed=3).key)}: No space left on device. Make room or" in str(caught.value)
    assert "--out" in str(caught.value)


def test_a_disk_full_at_the_record_leaves_the_old_run_as_it_was(store, make_record, full_disk):
    old = make_record(weights_sha256=digest(b"old"))
    folder = store.write(old, b"old")
    full_disk("record")
    with pytest.raises(StoreError):
        store.write(make_record(weights_sha256=digest(b"new")), b"new")
    assert (store.find(old.key), (folder / "weights.safetensors").read_bytes()) == (old, b"old")


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_a_truncated_record_is_corrupt(store, make_record, keep):
    path = store.write(make_record(), None) / "record.json"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CorruptRecordError, match=re.escape(f"{path}: not a valid record (file: ")) as caught:
        store.find(make_record().key)
    assert caught.value.path == path


@pytest.mark.parametrize("content", [b"[]", b"3", b"null", b"\xff\xfe"])
def test_another_kind_of_file_is_corrupt(tmp_path, content):
    (tmp_path / "record.json").write_bytes(content)
    with pytest.raises(CorruptRecordError, match=r"record\.json: not a valid record \(file: "):
        load_record(tmp_path / "record.json")


def test_a_wrong_value_is_named(tmp_path, make_record):
    content = make_record().model_dump(mode="json")
    content["curve"][1]["step"] = "soon"
    (tmp_path / "record.json").write_text(json.dumps(content))
    with pytest.raises(CorruptRecordError, match=r"\(curve\[1\]\.step: Input should be a valid integer"):
        load_record(tmp_path / "record.json")


def test_a_record_in_another_runs_folder_is_corrupt(store, make_record):
    one, other = make_record(seed=1), make_record(seed=2)
    (store.write(one, None)).rename(store.folder(other.key))
    with pytest.raises(CorruptRecordError, match=f"it holds run {one.key}"):
        store.find(other.key)


def test_an_unknown_schema_version_is_named(tmp_path, make_record):
    content = make_record().model_dump(mode="json") | {"schema_version": 2, "novelty": True}
    (tmp_path / "record.json").write_text(json.dumps(content))
    with pytest.raises(CorruptRecordError, match="schema version 2, but this version of mann-bench reads 1"):
        load_record(tmp_path / "record.json")


def test_a_missing_schema_version_is_told_in_short(tmp_path, make_record):
    content = make_record().model_dump(mode="json", exclude={"schema_version"})
    (tmp_path / "record.json").write_text(json.dumps(content))
    with pytest.raises(CorruptRecordError) as caught:
        load_record(tmp_path / "record.json")
    assert len(str(caught.value)) < 300


def test_a_missing_record_is_a_store_error(tmp_path):
    path = tmp_path / "record.json"
    with pytest.raises(StoreError, match=re.escape(f"{path}: cannot be read: No such file or directory.")):
        load_record(path)


def test_a_record_set_aside_keeps_its_content_and_is_no_longer_found(store, make_record):
    path = store.write(make_record(), None) / "record.json"
    path.write_bytes(b"garbage")
    aside = store.set_aside(path)
    assert (aside.name, aside.read_bytes()) == ("record.json.corrupt-1", b"garbage")
    assert store.find(make_record().key) is None


def test_a_record_set_aside_takes_a_free_name(store, make_record):
    path = store.write(make_record(), None) / "record.json"
    for content in (b"first", b"second"):
        path.write_bytes(content)
        store.set_aside(path)
    found = {aside.name: aside.read_bytes() for aside in path.parent.iterdir()}
    assert found == {"record.json.corrupt-1": b"first", "record.json.corrupt-2": b"second"}


def test_a_store_prepares_its_folder_and_leaves_it_empty(tmp_path):
    Store(tmp_path / "a" / "b").prepare()
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_preparing_twice_is_no_error(store, make_record):
    store.prepare()
    store.write(make_record(), None)
    store.prepare()
    assert store.find(make_record().key) == make_record()


@pytest.mark.parametrize("below", [".", "runs", "runs/today"])
def test_a_file_in_the_way_is_told_with_the_remedy(tmp_path, below):
    (tmp_path / "file").write_text("")
    root = tmp_path / "file" / below
    with pytest.raises(UsageError, match=re.escape(f"cannot write to {root}: ")) as caught:
        Store(root).prepare()
    assert str(caught.value).endswith("Choose another folder with --out.")


def test_a_file_that_is_named_is_its_own_list(tmp_path):
    assert record_files(tmp_path / "any.json") == [tmp_path / "any.json"]


def test_a_runs_folder_holds_its_record(store, make_record):
    folder = store.write(make_record(), None)
    assert record_files(folder) == [folder / "record.json"]


def test_a_folder_of_runs_holds_the_records_of_all_in_the_order_of_their_names(store, make_record):
    folders = [store.write(make_record(seed=seed), None) for seed in range(4)]
    assert record_files(store.root) == sorted(folder / "record.json" for folder in folders)


def test_folders_that_are_no_runs_are_passed_over(store, make_record):
    folder = store.write(make_record(), None)
    (store.root / "wandb" / "offline-run").mkdir(parents=True)
    assert record_files(store.root) == [folder / "record.json"]


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(StoreError, match=re.escape(f"{tmp_path}: no records here. Expected a record.json")):
        record_files(tmp_path)


@pytest.fixture
def leaderboards(tmp_path, make_record):
    """Return the folder of leaderboards with two entries of one record each, and the files of these."""
    root, files = tmp_path / "leaderboards", []
    for seed in (0, 1):
        entry = root / "study" / f"entry-{seed}"
        (entry / "traces").mkdir(parents=True)
        (entry / "records").mkdir()
        record = make_record(seed=seed)
        files.append(entry / "records" / f"{record.key}.json")
        for file in (files[-1], entry / "traces" / files[-1].name, entry / "entry.json", entry / "records/notes.json"):
            file.write_text(record.model_dump_json())
    return root, files


def test_leaderboards_a_study_and_an_entry_hold_their_records(leaderboards):
    root, (first, other) = leaderboards
    assert record_files(root) == record_files(root / "study") == [first, other]
    assert record_files(first.parent) == record_files(first.parents[1]) == [first]


def test_a_folder_that_cannot_be_read_is_an_error(leaderboards, monkeypatch):
    root, (first, _) = leaderboards
    whole = Path.iterdir

    def iterdir(folder):
        if folder == first.parent:
            raise PermissionError(13, "Permission denied")
        return whole(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(StoreError, match="records: cannot be read: Permission denied"):
        record_files(root)


def test_a_record_of_an_entry_is_found_by_the_entry_and_by_its_key(leaderboards):
    root, (first, other) = leaderboards
    assert find_record(str(first.parents[1]), root / "elsewhere") == first
    assert [find_record(file.stem[:12], root) for file in (first, other)] == [first, other]


def test_a_folder_of_several_records_names_no_run(leaderboards):
    root, _ = leaderboards
    with pytest.raises(UsageError, match=r"2 records are here\. Give the folder of a run"):
        find_record(str(root), root)


def test_a_digest_is_the_sha_256():
    assert digest(b"weights") == hashlib.sha256(b"weights").hexdigest()


@pytest.mark.parametrize("below", ["", "record.json"])
def test_a_record_is_found_by_its_folder_and_by_its_file(store, make_record, tmp_path, below):
    folder = store.write(make_record(), None)
    assert find_record(str(folder / below), tmp_path / "elsewhere") == folder / "record.json"


@pytest.mark.parametrize("digits", [1, 12, 64])
def test_a_record_is_found_by_the_first_digits_of_its_key(store, make_record, digits):
    folder = store.write(make_record(), None)
    assert find_record(folder.name[:digits], store.root) == folder / "record.json"


def test_digits_choose_among_several_records(store, make_record):
    folders = [store.write(make_record(seed=seed), None) for seed in range(4)]
    assert [find_record(folder.name[:12], store.root) for folder in folders] == [f / "record.json" for f in folders]


def test_digits_that_several_keys_begin_with_are_an_error(store):
    for key in ("aa1", "aa2", "ab"):
        store.folder(key).mkdir(parents=True)
        (store.folder(key) / "record.json").write_text("{}")
    with pytest.raises(UsageError, match=f"'aa': 2 keys in {re.escape(str(store.root))} begin so. Give more digits."):
        find_record("aa", store.root)


def test_a_path_goes_before_digits(store, make_record, tmp_path, monkeypatch):
    folder = store.write(make_record(), None)
    (tmp_path / folder.name[:4]).mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_record(folder.name[:4], store.root) == Path(folder.name[:4]) / "record.json"


@pytest.mark.parametrize("run", ["0123", "../x", "*", "?", "[0-9a-f]", "**", "nowhere/*", "\0", "a b\n", "~", "-"])
def test_a_text_that_names_no_record_is_an_error(store, make_record, run):
    store.write(make_record(), None)
    (store.root.parent / "x").mkdir()
    (store.root.parent / "x" / "record.json").write_text("{}")
    with pytest.raises(StoreError, match=re.escape(f"{run!r}: no such record. Expected a run's folder, or the first")):
        find_record(run, store.root)


@pytest.mark.parametrize(
    "run",
    ["a" * 300, ""],
    ids=["long", "empty"],
)
def test_a_text_that_can_name_no_record_is_an_error(store, run):
    with pytest.raises(StoreError, match="no such record"):
        find_record(run, store.root)


def test_digits_are_looked_up_in_a_folder_that_need_not_exist(tmp_path):
    with pytest.raises(StoreError, match="no such record"):
        find_record("0123", tmp_path / "nowhere")


def test_a_folder_without_a_record_is_no_run_by_its_digits(store):
    store.folder("0123").mkdir(parents=True)
    with pytest.raises(StoreError, match="no such record"):
        find_record("0123", store.root)


def staged(store, record, weights):
    """Leave the files of a process that was killed after it had staged a run, before it gave them their names."""
    folder = store.folder(record.key)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".weights.safetensors.0a1b.tmp").write_bytes(weights)
    (folder / ".record.json.2c3d.tmp").write_text(record.model_dump_json())
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_that_was_staged_as_a_whole_is_completed(store, make_record):
    record = make_record(weights_sha256=digest(b"new"))
    folder = staged(store, record, b"new")
    assert store.untidy(record.key)
    store.mend(record.key)
    assert names(folder) == ["record.json", "weights.safetensors"]
    assert (store.find(record.key), store.untidy(record.key)) == (record, False)


def test_a_run_whose_weights_have_their_name_already_is_completed(store, make_record):
    old, new = (
        make_record(weights_sha256=digest(weights), steps=steps) for weights, steps in [(b"1", 600), (b"2", 800)]
    )
    store.write(old, b"1")
    folder = staged(store, new, b"2")
    (folder / ".weights.safetensors.0a1b.tmp").replace(folder / "weights.safetensors")
    store.mend(new.key)
    assert (store.find(new.key), names(folder)) == (new, ["record.json", "weights.safetensors"])


def test_a_record_without_weights_is_completed(store, make_record):
    record = make_record(weights_sha256=None)
    folder = staged(store, record, b"of nobody")
    store.mend(record.key)
    assert (store.find(record.key), names(folder)) == (record, ["record.json"])


@pytest.mark.parametrize("weights", [b"", b"ne", b"other"])
def test_a_run_whose_weights_are_not_whole_is_undone(store, make_record, weights):
    old = make_record(weights_sha256=digest(b"old"))
    store.write(old, b"old")
    folder = staged(store, make_record(weights_sha256=digest(b"new"), steps=800), weights)
    store.mend(old.key)
    assert (store.find(old.key), (folder / "weights.safetensors").read_bytes()) == (old, b"old")
    assert names(folder) == ["record.json", "weights.safetensors"]


@pytest.mark.parametrize("kind", ["link", "folder", "large"])
def test_staged_weights_that_are_no_plain_file_of_bounded_size_are_not_taken(store, make_record, kind, monkeypatch):
    record = make_record(weights_sha256=digest(b"new"))
    folder = staged(store, record, b"new")
    (weights,) = folder.glob(".weights.safetensors.*.tmp")
    if kind == "large":
        monkeypatch.setattr("mann_bench.results.store.LARGEST_WEIGHTS", 2)
    else:
        weights.unlink()
        (folder.parent / "elsewhere").write_bytes(b"new")
        weights.symlink_to(folder.parent / "elsewhere") if kind == "link" else weights.mkdir()
    store.mend(record.key)
    assert store.find(record.key) is None
    assert kind != "link" or (folder.parent / "elsewhere").read_bytes() == b"new"


@pytest.mark.parametrize("keep", [0, 1, 500, -1])
def test_a_staged_record_that_is_not_whole_is_undone(store, make_record, keep):
    record = make_record(weights_sha256=digest(b"new"))
    folder = staged(store, record, b"new")
    (folder / ".record.json.2c3d.tmp").write_bytes(record.model_dump_json().encode()[:keep])
    store.mend(record.key)
    assert names(folder) == []


def test_a_staged_record_of_another_run_is_undone(store, make_record):
    record = make_record(seed=1, weights_sha256=None)
    staged(store, make_record(seed=2, weights_sha256=None), b"").rename(store.folder(record.key))
    store.mend(record.key)
    assert names(store.folder(record.key)) == []


def test_mending_leaves_everything_else(store, make_record):
    folder = store.write(make_record(weights_sha256=digest(b"w")), b"w")
    (folder / "checkpoint-200.pt").write_bytes(b"c")
    (folder / ".checkpoint-400.pt.ab.tmp").write_bytes(b"half")
    store.mend(folder.name)
    assert names(folder) == ["checkpoint-200.pt", "record.json", "weights.safetensors"]


def test_what_cannot_be_mended_is_told_with_the_remedy(store, make_record, monkeypatch):
    record = make_record(weights_sha256=None)
    staged(store, record, b"")
    monkeypatch.setattr(Path, "replace", lambda *_: raise_no_space(None))
    with pytest.raises(StoreError, match=r"cannot be mended: No space left on device\. Make the folder writable"):
        store.mend(record.key)


@pytest.mark.parametrize("name", [".record.json.12.tmp", "lock-1", "checkpoint-200.pt"])
def test_what_a_killed_process_left_beside_a_record_is_untidy(store, make_record, name):
    folder = store.write(make_record(), None)
    assert not store.untidy(folder.name)
    (folder / name).touch()
    assert store.untidy(folder.name)


@pytest.mark.parametrize("name", ["lock-1", "checkpoint-200.pt"])
def test_what_a_run_needs_that_goes_on_is_in_order(store, make_record, name):
    folder = store.folder(make_record().key)
    folder.mkdir(parents=True)
    (folder / name).touch()
    assert not store.untidy(folder.name)
