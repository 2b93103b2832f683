import errno
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mann_bench.core.errors import StoreError
from mann_bench.results import locks
from mann_bench.results.locks import LockLostError, Locks, RunLock
from mann_bench.results.process import Process

DIES = """
import os, sys
from pathlib import Path
from mann_bench.results.locks import Locks
Locks(Path(sys.argv[1])).take()
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def clock(monkeypatch):
    """Return the time, as a list of one number, that locks are judged by."""
    now = [1000.0]
    monkeypatch.setattr(locks.time, "monotonic", lambda: now[0])
    return now


def lock_of(folder, process, number=1):
    path = folder / f"lock-{number}"
    path.write_bytes(process.to_bytes())
    return path


def elsewhere():
    return Process.this().model_copy(update={"machine": "another machine", "host": "node7", "pid": 12})


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_lock_that_nobody_holds_is_taken(tmp_path):
    with Locks(tmp_path / "run").take() as lock:
        assert isinstance(lock, RunLock)
        assert names(tmp_path / "run") == ["lock-1"]
    assert names(tmp_path / "run") == []


def test_a_lock_says_who_holds_it(tmp_path):
    with Locks(tmp_path).take():
        holder = Process.parse((tmp_path / "lock-1").read_bytes())
    assert (holder.pid, holder.lives()) == (os.getpid(), True)


def test_a_held_lock_is_not_taken(tmp_path):
    with Locks(tmp_path).take():
        assert Locks(tmp_path).take().pid == os.getpid()


def test_a_lock_is_free_again_when_an_error_ends_its_work(tmp_path):
    with pytest.raises(ZeroDivisionError), Locks(tmp_path).take():
        _ = 1 / 0
    assert isinstance(Locks(tmp_path).take(), RunLock)


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path):
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False)
    assert (done.returncode, names(tmp_path)) == (-9, ["lock-1"])
    with Locks(tmp_path).take() as lock:
        assert isinstance(lock, RunLock)
        assert names(tmp_path) == ["lock-2"]


def test_a_lock_elsewhere_holds_while_it_is_touched(tmp_path, clock):
    path, looking = lock_of(tmp_path, elsewhere()), Locks(tmp_path)
    for beat in range(20):
        os.utime(path, ns=(beat, beat))
        assert looking.take().text == "process 12 of node7"
        clock[0] += locks.STILL_SECONDS - 1


def test_a_lock_elsewhere_that_is_never_touched_is_taken_over(tmp_path, clock):
    lock_of(tmp_path, elsewhere())
    looking = Locks(tmp_path)
    assert isinstance(looking.take(), Process)
    clock[0] += locks.STILL_SECONDS - 1
    assert isinstance(looking.take(), Process)
    clock[0] += 1
    with looking.take() as lock:
        assert isinstance(lock, RunLock)
        assert names(tmp_path) == ["lock-2"]


@pytest.mark.parametrize("touched", [-(10**18), 0, 4 * 10**18])
def test_no_clock_is_compared_with_another(tmp_path, clock, touched):
    os.utime(lock_of(tmp_path, elsewhere()), ns=(touched, touched))
    assert isinstance(Locks(tmp_path).take(), Process)


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 10_000])
def test_a_damaged_lock_counts_as_one_elsewhere(tmp_path, clock, content):
    (tmp_path / "lock-3").write_bytes(content)
    looking = Locks(tmp_path)
    assert looking.take().text == "an unknown process"
    clock[0] += locks.STILL_SECONDS
    with looking.take():
        assert names(tmp_path) == ["lock-4"]


def test_who_was_taken_for_dead_finds_out_before_it_writes(tmp_path):
    with Locks(tmp_path).take() as lock:
        (tmp_path / "lock-1").rename(tmp_path / "lock-2")  # as one that takes over does: the old one goes
        with pytest.raises(LockLostError):
            lock.confirm()
        with pytest.raises(LockLostError):
            lock.check()
    assert names(tmp_path) == ["lock-2"]


def test_a_lock_is_touched_while_it_is_held(tmp_path, monkeypatch):
    touched = threading.Event()
    monkeypatch.setattr(locks, "HEARTBEAT_SECONDS", 0.001)
    monkeypatch.setattr(locks.os, "utime", lambda path: touched.set())
    with Locks(tmp_path).take():
        assert touched.wait(10)


def test_a_file_system_in_trouble_costs_no_lock(tmp_path, monkeypatch):
    with Locks(tmp_path).take() as lock:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", lambda path: raise_error(errno.EIO))
            lock.confirm()
        lock.confirm()
    assert names(tmp_path) == []


def test_of_many_that_try_one_gets_the_lock(tmp_path):
    """Again and again, of all that try at once, exactly one holds it; a dead one's lock stands in the way at first."""
    lock_of(tmp_path, Process.this().model_copy(update={"began": "never"}), number=7)
    with ThreadPoolExecutor(16) as pool:
        for _ in range(50):
            taken = list(pool.map(lambda _: Locks(tmp_path).take(), range(16)))
            held = [lock for lock in taken if isinstance(lock, RunLock)]
            assert len(held) == 1
            with held[0]:
                held[0].confirm()
            assert names(tmp_path) == []


def test_where_there_are_no_hard_links_locks_work_too(tmp_path, monkeypatch):
    monkeypatch.setattr(locks.os, "link", lambda *_: raise_error(errno.EPERM))
    with Locks(tmp_path).take() as lock:
        assert isinstance(lock, RunLock)
        assert isinstance(Locks(tmp_path).take(), Process)


def test_a_server_that_says_of_our_own_lock_that_it_is_there_is_understood(tmp_path, monkeypatch):
    link = os.link

    def twice(source, target):
        link(source, target)
        link(source, target)

    monkeypatch.setattr(locks.os, "link", twice)
    with Locks(tmp_path).take() as lock:
        assert isinstance(lock, RunLock)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_a_lock_that_cannot_be_made_is_told_with_the_remedy(tmp_path, monkeypatch, number):
    monkeypatch.setattr(Path, "write_bytes", lambda *_: raise_error(number))
    with pytest.raises(StoreError, match=r"the lock of the run cannot be taken: .*--out") as caught:
        Locks(tmp_path).take()
    assert os.strerror(number) in str(caught.value)
    assert names(tmp_path) == []


def raise_error(number):
    raise OSError(number, os.strerror(number))
