import hashlib

import pytest

from mann_bench.core.errors import StoreError
from mann_bench.results.files import write_atomically
from mann_bench.results.merge import MergeConflictError, merge
from mann_bench.results.store import Store, load_record

WEIGHTS = b"some weights"


@pytest.fixture
def make(make_record, tmp_path):
    """Return a function that writes the record of a seed, with weights, into a named folder."""

    def write(folder, seed=0, weights=WEIGHTS, **fields):
        record = make_record(seed=seed, **{"weights_sha256": hashlib.sha256(weights).hexdigest()} | fields)
        return Store(tmp_path / folder).write(record, weights)

    return write


@pytest.fixture
def fail(make_failed_record, tmp_path):
    def write(folder, seed=0):
        return Store(tmp_path / folder).write(make_failed_record(seed=seed), None)

    return write


@pytest.fixture
def bring(tmp_path):
    """Return a function that merges named folders into `all`."""
    return lambda *folders: merge([tmp_path / folder for folder in folders], tmp_path / "all")


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_records_of_all_folders_come_with_their_weights(make, bring, tmp_path):
    folders = make("one", 0), make("two", 1)
    assert bring("one", "two") == (2, 0)
    assert content(tmp_path / "all") == content(tmp_path / "one") | content(tmp_path / "two")
    assert all((tmp_path / "all" / folder.name).is_dir() for folder in folders)


def test_equal_records_are_kept_once(make, bring, tmp_path, make_record):
    make("one"), make("two", seconds={"training": 9.0, "evaluation": 1.0, "compilation": 0.0})
    assert bring("one", "two") == (1, 0)
    assert content(tmp_path / "all") == content(tmp_path / "one")


def test_what_is_there_is_kept(make, bring, tmp_path):
    make("all"), make("one", peak_memory_bytes=1)
    before = content(tmp_path / "all")
    assert bring("one") == (0, 1)
    assert content(tmp_path / "all") == before


def test_a_different_record_is_refused_and_nothing_is_written(make, bring, tmp_path):
    one, two = make("one"), make("two", steps=601)
    make("one", 1)
    with pytest.raises(MergeConflictError, match=r"they differ in steps\. Nothing was written") as caught:
        bring("one", "two")
    assert str(one) in str(caught.value)
    assert str(two) in str(caught.value)
    assert caught.value.exit_code == 4
    assert not (tmp_path / "all").exists()


def test_what_an_earlier_version_did_not_write_down_is_no_conflict(make, bring):
    make("one"), make("two", all_parameters=12_346), make("three", all_parameters=12_347)
    with pytest.raises(MergeConflictError, match=r"they differ in all_parameters\."):
        bring("two", "three")
    assert bring("one", "two") == (1, 0)


def test_other_weights_are_a_conflict(make, bring):
    make("one"), make("two", weights=b"other weights")
    with pytest.raises(MergeConflictError, match="they differ in weights_sha256"):
        bring("one", "two")


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_a_failed_record_gives_way(make, fail, bring, tmp_path, order):
    fail("one"), make("two")
    bring(*order)
    assert content(tmp_path / "all") == content(tmp_path / "two")


def test_a_failed_record_that_is_there_is_replaced(make, fail, bring, tmp_path):
    fail("all"), make("one")
    assert bring("one") == (1, 0)
    assert content(tmp_path / "all") == content(tmp_path / "one")


def test_of_failed_records_one_is_kept(fail, bring, tmp_path):
    folder = fail("one")
    fail("two")
    assert bring("one", "two") == (1, 0)
    assert load_record(tmp_path / "all" / folder.name / "record.json").error


def test_a_record_without_its_weights_is_refused(make, bring, tmp_path):
    (make("one") / "weights.safetensors").write_bytes(b"others")
    with pytest.raises(StoreError, match=r"not the weights of the record beside it.*Nothing was written"):
        bring("one")
    assert not (tmp_path / "all").exists()


def test_an_equal_record_with_its_weights_is_taken_instead(make, bring, tmp_path):
    (make("all") / "weights.safetensors").unlink()
    make("one")
    assert bring("one") == (1, 0)
    assert content(tmp_path / "all") == content(tmp_path / "one")


def test_an_interrupted_merge_goes_on(make, bring, tmp_path, monkeypatch):
    make("one", 0), make("one", 1)
    calls = []

    def second_fails(files):
        calls.append(files)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write_atomically(files)

    with monkeypatch.context() as patched:
        patched.setattr("mann_bench.results.merge.write_atomically", second_fails)
        with pytest.raises(KeyboardInterrupt):
            bring("one")
    assert bring("one") == (1, 1)
    assert content(tmp_path / "all") == content(tmp_path / "one")


def test_a_record_that_cannot_be_read_stops_the_merge(make, bring, tmp_path):
    (make("one") / "record.json").write_text("{")
    with pytest.raises(StoreError, match="not a valid record"):
        bring("one")


def test_a_disk_that_is_full_is_named(make, bring, tmp_path, monkeypatch):
    make("one")

    def full(files):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mann_bench.results.merge.write_atomically", full)
    with pytest.raises(StoreError, match=r"No space left on device.*give the same command again"):
        bring("one")


def as_entry(folder):
    """Move a record to where an entry of a leaderboard keeps it."""
    (folder.parent / "entry/records").mkdir(parents=True)
    return (folder / "record.json").rename(folder.parent / "entry/records" / f"{folder.name}.json").parents[1]


def test_a_record_of_an_entry_without_weights_comes_along(bring, make_failed_record, tmp_path):
    record = make_failed_record()
    as_entry(Store(tmp_path / "one").write(record, None))
    assert bring("one/entry") == (1, 0)
    assert load_record(tmp_path / "all" / record.key / "record.json") == record


def test_an_entry_does_not_keep_the_weights_that_merging_takes(make, bring):
    as_entry(make("one"))
    with pytest.raises(StoreError, match=r"is missing: a record is merged with its weights.*Nothing was written"):
        bring("one/entry")
