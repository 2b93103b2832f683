import os
from pathlib import Path

import pytest

from mann_bench.results import beside
from mann_bench.results.beside import Beside

FILES = [Path(str(number)) for number in range(350)]


def numbers(files):
    return [(int(str(file)), os.getpid()) for file in files]


@pytest.fixture
def two_processes(monkeypatch):
    monkeypatch.setattr(beside, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def test_few_files_are_worked_on_here():
    with Beside(numbers, FILES) as begun:
        assert begun.results() == [(number, os.getpid()) for number in range(350)]


@pytest.mark.usefixtures("two_processes")
def test_results_come_in_the_order_of_the_files_whoever_made_them():
    with Beside(len_each, FILES) as begun:
        assert begun.results() == [len(str(file)) for file in FILES]


def len_each(files):
    return [len(str(file)) for file in files]


def test_no_files_have_no_results():
    with Beside(numbers, []) as begun:
        assert begun.results() == []
