import os
import signal
import subprocess
import sys
import time

import pytest

from mann_bench.training import clock as clock_module
from mann_bench.training.clock import RunningClock

ONE_SECOND_OF_WORK = """
import time
from mann_bench.training.clock import RunningClock

with RunningClock() as clock:
    started = clock()
    print(flush=True)
    end = time.process_time() + 1.0
    while time.process_time() < end:
        pass
    print(clock() - started)
"""


@pytest.fixture
def told(monkeypatch):
    """Return a clock without its thread, and a function that lets wall time and processor time pass."""
    at = {"perf_counter": 100.0, "process_time": 10.0}
    monkeypatch.setattr(clock_module.time, "perf_counter", lambda: at["perf_counter"])
    monkeypatch.setattr(clock_module.time, "process_time", lambda: at["process_time"])

    def passes(wall, used):
        at["perf_counter"] += wall
        at["process_time"] += used

    return RunningClock(), passes


@pytest.mark.parametrize(
    ("wall", "used", "counted"),
    [(0.9, 0.0, 0.9), (30.0, 0.2, 0.25), (30.0, 30.0, 30.0), (30.0, 60.0, 30.0), (1.5, 0.8, 1.5)],
)
def test_time_without_a_beat_counts_where_the_process_computed(told, wall, used, counted):
    clock, passes = told
    started = clock()
    passes(wall, used)
    assert clock() - started == pytest.approx(counted)


def test_the_clock_never_falls(told):
    clock, passes = told
    seen = []
    for wall in (0.2, 30.0, 0.1, 1.01, 5.0, 0.0):
        passes(wall, 0.0)
        seen.append(clock())
    assert seen == sorted(seen)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
def test_a_process_that_is_stopped_while_it_works_does_not_count_the_pause():
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", ONE_SECOND_OF_WORK], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(4.0)
        os.kill(process.pid, signal.SIGCONT)
        counted = float(process.stdout.read())
    assert counted < time.perf_counter() - started - 3.0
