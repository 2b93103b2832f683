"""Boards are made from sound entries alone."""

import pytest

from mann_bench.leaderboard.faults import EntryError
from mann_bench.site.boards import boards


def test_every_study_with_entries_has_a_board(registry, board):
    (made,) = boards(registry, board.root)
    (entry,) = made.entries
    assert (made.name, entry.identifier, len(entry.records)) == ("smoke", board.folder.name, len(board.files))


def test_the_claims_of_a_study_are_checked_against_its_entries(registry, board):
    (made,) = boards(registry, board.root)
    assert "ntm-solves" in [result.claim.name for result in made.claims]
    assert {result.verdict for result in made.claims} <= {"reproduced", "not reproduced", "undecided"}


def test_nothing_is_made_of_an_entry_that_is_not_sound(registry, board):
    board.drop(0)
    with pytest.raises(EntryError, match="missing-seeds"):
        boards(registry, board.root)


def test_without_entries_there_are_no_boards(registry, tmp_path):
    assert boards(registry, tmp_path) == []
