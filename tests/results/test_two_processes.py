import os
from pathlib import Path

import pytest

from mann_bench.results import two_processes
from mann_bench.results.two_processes import TwoProcesses

FILES = [Path(str(number)) for number in range(350)]


def numbers(files):
    return [(int(str(file)), os.getpid()) for file in files]


@pytest.fixture
def as_on_a_large_folder(monkeypatch):
    monkeypatch.setattr(two_processes, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def test_few_files_are_worked_on_here():
    with TwoProcesses(numbers, FILES) as begun:
        assert begun.results() == [(number, os.getpid()) for number in range(350)]


@pytest.mark.usefixtures("as_on_a_large_folder")
def test_results_come_in_the_order_of_the_files_whoever_made_them():
    with TwoProcesses(len_each, FILES) as begun:
        assert begun.results() == [len(str(file)) for file in FILES]


def len_each(files):
    return [len(str(file)) for file in files]


def test_no_files_have_no_results():
    with TwoProcesses(numbers, []) as begun:
        assert begun.results() == []


def test_a_process_with_threads_is_not_forked(monkeypatch):
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([Path("1"), Path("2")]))
    assert two_processes._start_method() == "spawn"
    monkeypatch.setattr(Path, "iterdir", lambda _: iter([Path("1")]))
    monkeypatch.setattr(Path, "is_dir", lambda _: True)
    assert two_processes._start_method() == "fork"
