"""Boards are made from sound entries alone."""

import pytest

from mann_bench.leaderboard.faults import EntryError
from mann_bench.leaderboard.files import load_entry
from mann_bench.leaderboard.schema import Evidence
from mann_bench.leaderboard.verify import write_evidence
from mann_bench.site.boards import boards


def test_every_study_with_entries_has_a_board(registry, board):
    (made,) = boards(registry, board.root)
    (entry,) = made.entries
    assert (made.name, entry.identifier, len(entry.records)) == ("smoke", board.folder.name, len(board.files))


def test_a_board_has_the_summaries_of_its_tasks_and_models(registry, board):
    (made,) = boards(registry, board.root)
    assert made.task_summaries == {"copy": registry.tasks["copy"].spec.summary}
    assert made.model_summaries["ntm"] == registry.models["ntm"].spec.summary


def test_the_claims_of_a_study_are_checked_against_its_entries(registry, board):
    (made,) = boards(registry, board.root)
    assert "ntm-solves" in [result.claim.name for result in made.claims]
    assert {result.verdict for result in made.claims} <= {"reproduced", "not reproduced", "undecided"}


def test_a_claim_says_how_far_its_runs_were_checked(registry, board):
    loaded = load_entry(board.folder)
    lstm = next(i for i, record in enumerate(loaded.records) if record.model.name == "lstm")
    run = loaded.entry.runs[lstm]
    found = Evidence(
        check="re-run", key=run.key, sha256=run.sha256, comparison="bitwise", agrees=True, text="equal",
        backend="eager", device_name="Some CPU", torch="2.9.0", date="2026-11-29",
    )  # fmt: skip
    write_evidence(loaded, [found])
    (made,) = boards(registry, board.root)
    assert made.checked["ntm-solves"] == "7 runs of entries that are spot-checked"
    assert made.checked["same-speed"].endswith("spot-checked; of these, 1 run repeated to the end")


def test_nothing_is_made_of_an_entry_that_is_not_sound(registry, board):
    board.drop(0)
    with pytest.raises(EntryError, match="missing-seeds"):
        boards(registry, board.root)


def test_the_board_of_one_study_is_made_of_its_entries_alone(registry, board):
    (board.root / "other" / "broken").mkdir(parents=True)
    (board.root / "other" / "broken" / "entry.json").write_text("{")
    assert [made.name for made in boards(registry, board.root, "smoke")] == ["smoke"]
    with pytest.raises(EntryError, match="not-json"):
        boards(registry, board.root)


def test_without_entries_there_are_no_boards(registry, tmp_path):
    assert boards(registry, tmp_path) == []
