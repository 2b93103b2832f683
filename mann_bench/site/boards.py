"""The boards of the site: a study each, with its entries and what became of its claims."""

from collections.abc import Sequence
from pathlib import Path

from mann_bench.leaderboard.files import LoadedEntry, entry_folders
from mann_bench.leaderboard.records import by_key
from mann_bench.leaderboard.resolving import rules_resolver
from mann_bench.leaderboard.validate import by_study, sound_entries
from mann_bench.registry import Registry
from mann_bench.site.board import Board, BoardEntry, ClaimLine
from mann_bench.studies.claims import ClaimResult, check_claims
from mann_bench.studies.plan import plan_study
from mann_bench.studies.words import measured_text, number_text, tolerance_text


def boards(registry: Registry, root: Path) -> list[Board]:
    """Return the board of every study that has entries below `root`; its claims are checked against all of them.

    Raises:
        EntryError: an entry is not sound; nothing of it is shown.
        StoreError: a folder cannot be read.
        UsageError: a study is not installed.
    """
    folders = entry_folders(root)
    studies = by_study(sound_entries(folders, folders, rules_resolver(registry)))
    return [_board(registry, study, entries) for study, entries in sorted(studies.items())]


def _board(registry: Registry, name: str, entries: Sequence[LoadedEntry]) -> Board:
    planned = plan_study(registry, name)
    return Board(
        name=name,
        summary=planned.study.summary,
        reference=planned.study.reference,
        entries=[
            BoardEntry(
                identifier=each.entry.id,
                name=each.entry.name,
                url=each.entry.url,
                note=each.entry.note or None,
                badge=each.entry.badge,
                records=each.records,
                traces=each.traces,
            )
            for each in entries
        ],
        claims=[_claim_line(result) for result in check_claims(planned.claims, by_key(entries))],
    )


def _claim_line(result: ClaimResult) -> ClaimLine:
    claim = result.claim
    return ClaimLine(
        name=claim.name,
        statement=claim.statement,
        source=claim.source,
        published=None if claim.published is None else number_text(claim.published),
        tolerance=tolerance_text(claim),
        measured=None if result.measured is None else measured_text(result.measured),
        n=result.n,
        verdict=result.verdict.value,
        reason=result.reason,
    )
