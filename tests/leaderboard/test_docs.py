"""docs/leaderboard.md says what is so."""

from pathlib import Path

import pytest

from mann_bench.leaderboard import files
from mann_bench.leaderboard.checks import publishable
from mann_bench.leaderboard.faults import FaultName
from mann_bench.leaderboard.schema import LONGEST_NAME, LONGEST_NOTE, Badge
from mann_bench.results.problem import RecordFault

PAGE = (Path(__file__).parents[2] / "docs" / "leaderboard.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("fault", [*FaultName, *RecordFault])
def test_every_fault_has_its_row(fault):
    assert f"\n| `{fault}` |" in PAGE


@pytest.mark.parametrize("badge", Badge)
def test_every_badge_has_its_row_in_the_words_of_the_pages(badge):
    assert f"\n| {badge} | {badge.words[0].upper()}{badge.words[1:]}." in PAGE


def test_bounds_are_those_of_the_page():
    sizes = [each // 2**20 for each in (files.LARGEST_ENTRY_RECORD, files.LARGEST_ENTRY, files.LARGEST_TOTAL)]
    assert "{} MiB a record, {} MiB for `entry.json`, {} MiB or 5,000".format(*sizes) in PAGE
    assert f"{LONGEST_NAME} characters for a name, {LONGEST_NOTE:,} for a note, {publishable.LONGEST_URL}" in PAGE
    assert files.MOST_RECORDS == 5_000
    assert f"a trace larger than {files.LARGEST_TRACE // 2**10} KiB" in PAGE
