import json
import os
import subprocess
import sys

import pytest

from mann_bench.results.process import Process

CHILD = "import sys; from mann_bench.results.process import Process; print(Process.this().to_bytes().decode(), end='')"


@pytest.fixture
def child():
    """Return a process that has ended."""
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, check=True)
    return Process.parse(done.stdout)


def test_this_process_lives():
    assert Process.this().lives() is True


def test_a_process_that_ended_does_not_live(child):
    assert child.pid != os.getpid()
    assert child.lives() is False


def test_a_process_that_nobody_buried_yet_does_not_live():
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE) as process:
        child = Process.parse(process.stdout.read())
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert child.lives() is False


def test_another_process_with_the_number_of_a_dead_one_is_not_taken_for_it(child):
    assert child.model_copy(update={"pid": os.getpid()}).lives() is False


@pytest.mark.parametrize("machine", [None, "another start of the kernel pid:[1]"])
def test_of_a_process_elsewhere_nobody_here_knows(machine):
    assert Process.this().model_copy(update={"machine": machine}).lives() is None


def test_what_is_written_is_read():
    process = Process.this()
    assert Process.parse(process.to_bytes()) == process


def test_a_process_tells_itself_apart_from_its_earlier_self():
    assert Process.this() != Process.this()


def test_people_are_told_machine_and_number():
    assert Process(host="node7", pid=12).text == "process 12 of node7"


SAID = {"host": "node7", "pid": 12, "machine": None, "began": None, "token": "0"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"7",
        b"{}",
        b"[" * 100_000,
        json.dumps(SAID).encode()[:-9],
        json.dumps(SAID | {"pid": "7"}).encode(),
        json.dumps(SAID | {"pid": True}).encode(),
        json.dumps(SAID | {"host": None}).encode(),
        json.dumps(SAID | {"host": "\x1b[2J"}).encode(),
        json.dumps(SAID | {"host": "h" * 1000}).encode(),
        json.dumps(SAID | {"machine": []}).encode(),
        json.dumps(SAID | {"more": 1}).encode(),
    ],
)
def test_of_what_is_no_process_nothing_is_known(content):
    unknown = Process.parse(content)
    assert (unknown.lives(), unknown.text) == (None, "an unknown process")
