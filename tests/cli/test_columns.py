import sys
from pathlib import Path

import pytest

from mann_bench.cli import columns
from mann_bench.cli.columns import aligned

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"


def test_columns_stand_one_below_the_other():
    assert aligned([["a", "bcd", "e"], ["fgh", "i", ""]]) == ["a    bcd  e", "fgh  i"]


def test_no_rows_are_no_lines():
    assert aligned([]) == []


@pytest.fixture
def terminal(mann_bench, monkeypatch):
    """Return a function that runs the command line on a terminal of so many columns, or on none; returns stdout."""

    def call(command, width=None):
        with monkeypatch.context() as patch:
            patch.setattr(sys.stdout, "isatty", lambda: width is not None)
            patch.setenv("COLUMNS", str(width or ""))
            return mann_bench(*command.replace("LEADERBOARDS", str(LEADERBOARDS)).split())[1]

    return call


COMMANDS = [
    "report LEADERBOARDS/memory-init",
    "report LEADERBOARDS/graves-2014-short --table pairs",
    "report LEADERBOARDS/collier-beel-2018-short --compare ntm dnc",
    "study check graves-2014-recall --leaderboards LEADERBOARDS",
    "study power smoke",
    "study show memory-init",
    "study status smoke",
    "study list",
    "list models",
    "list tasks",
    "plugins",
    "show model ntm",
    "show protocol collier2018",
    "show executor local",
]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_printed_fits_a_terminal_and_breaks_no_word(terminal, command, width):
    narrow, wide = terminal(command, width), terminal(command)
    assert narrow
    assert [line for line in narrow.splitlines() if len(line) > width] == []
    assert [word for word in narrow.split() if word.strip("─,") not in wide] == []


def test_what_is_no_terminal_gets_lines_of_any_length(terminal):
    assert max(map(len, terminal("list models").splitlines())) > 80


def test_a_row_goes_on_below_itself_on_a_terminal(monkeypatch):
    monkeypatch.setattr(columns, "terminal_width", lambda: 14)
    assert aligned([["name", "words"], ["a", "some words"]]) == ["name  words", "a     some", "      words"]


def test_where_a_terminal_is_too_narrow_for_columns_each_row_is_a_block(monkeypatch):
    monkeypatch.setattr(columns, "terminal_width", lambda: 12)
    rows = [["claim", "n"], ["a-long-name", "3"]]
    assert aligned(rows, headed=True) == ["a-long-name", "  n   3"]
