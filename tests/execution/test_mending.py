import pytest

from mann_bench.core.runs import Outcome
from mann_bench.execution.mending import mend_idle
from mann_bench.results.locks import Locks
from mann_bench.results.process import Process
from mann_bench.results.store import Store


@pytest.fixture
def left(tmp_path, make_record):
    """Return a store with a run that has a record, and beside it what a killed process may leave."""
    store = Store(tmp_path)
    record = make_record()
    folder = store.write(record, b"w")
    for name in ("checkpoint-200.pt", ".checkpoint-400.pt.12.tmp", ".lock-1.34.tmp", ".record.json.56.tmp"):
        (folder / name).touch()
    return store, record


def names(store, key):
    return sorted(path.name for path in store.folder(key).iterdir())


def test_beside_a_record_nothing_is_left(left):
    store, record = left
    mend_idle(store, record.key)
    assert names(store, record.key) == ["record.json", "weights.safetensors"]


def test_another_try_of_a_run_that_failed_goes_on_from_its_checkpoint(tmp_path, make_record):
    store = Store(tmp_path)
    folder = store.write(make_record(outcome=Outcome.FAILED, converged_first=None, error="Traceback"), None)
    for name in ("checkpoint-200.pt", "lock-1"):
        (folder / name).touch()
    (folder / "lock-1").write_bytes(Process.this().model_copy(update={"began": "never"}).to_bytes())
    mend_idle(store, folder.name)
    assert names(store, folder.name) == ["checkpoint-200.pt", "record.json"]


def test_nothing_is_touched_while_a_process_is_at_the_run(left):
    store, record = left
    with Locks(store.folder(record.key)).take():
        before = names(store, record.key)
        mend_idle(store, record.key)
        assert names(store, record.key) == before


def test_the_checkpoints_of_a_run_without_a_record_stay(left):
    store, record = left
    (store.folder(record.key) / "record.json").unlink()
    mend_idle(store, record.key)
    assert names(store, record.key) == ["checkpoint-200.pt", "weights.safetensors"]
