"""The pages of the leaderboards: boards from the entries of every study, and the folder that holds the site."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.leaderboard.files import LoadedEntry, entry_folders
from mann_bench.leaderboard.resolving import rules_resolver
from mann_bench.leaderboard.validate import by_study, sound_entries
from mann_bench.registry import Registry
from mann_bench.reporting.site.assets import FOLDER
from mann_bench.reporting.site.board import Board, BoardEntry, ClaimLine
from mann_bench.results.schema import Record
from mann_bench.studies.claims import ClaimResult, check_claims
from mann_bench.studies.plan import plan_study
from mann_bench.studies.words import measured_text, number_text, tolerance_text

_FIRST_PAGE = "index.html"
_GENERATOR = b'<meta name="generator" content="mann-bench">'


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


def study_records(registry: Registry, root: Path, study: str, name: str) -> dict[str, Record]:
    """Return the records of all entries of a study below `root`, by run key.

    Args:
        registry: answers which models, tasks and protocols there are.
        root: folder of the leaderboards.
        study: how the study is named to the registry: its name, or the path of its file.
        name: its name.

    Raises:
        EntryError: an entry is not sound.
        StoreError: there is none.
    """
    folders = entry_folders(root, name)
    if not folders:
        raise StoreError(f"{root}: no entries of {name} here. Expected {root}/{name}/<entry>/entry.json.")
    file = study if study != name else None
    return _records(sound_entries(folders, folders, rules_resolver(registry, file)))


def write_pages(files: Mapping[str, bytes], folder: Path) -> None:
    """Put a site in the place of the one in `folder`, whole or not at all; pages that are gone go, boards never.

    Raises:
        UsageError: the folder holds something else than a site, or a board that is not among `files`.
        StoreError: the site could not be written; the old one stays.
    """
    gone = _boards_in(folder) - {path.partition("/")[0] for path in files}
    if gone:
        raise UsageError(
            f"{folder} has boards that no entry is there for: {', '.join(sorted(gone))}. Is --root the folder with all "
            "leaderboards? To take a board down, remove its folder of pages first."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
            staged, old = Path(temporary, "new"), Path(temporary, "old")
            for path, content in files.items():
                file = staged / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            if folder.exists():
                folder.rename(old)
            staged.rename(folder)
    except OSError as error:
        raise StoreError(f"the site could not be written to {folder}: {error.strerror}.") from error


def _boards_in(folder: Path) -> set[str]:
    """Return the names of the boards of an earlier site, none where there is none; raises as of `write_pages`."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise _something_else(folder)
    names = {path.name for path in folder.iterdir()}
    pages = {name for name in names if _is_page(folder / name / _FIRST_PAGE)}
    others = names - pages - {FOLDER, _FIRST_PAGE}
    if others or (names and not _is_page(folder / _FIRST_PAGE)):
        raise _something_else(folder / min(others, default=_FIRST_PAGE))
    return pages


def _is_page(file: Path) -> bool:
    return file.is_file() and _GENERATOR in file.read_bytes()


def _something_else(path: Path) -> UsageError:
    return UsageError(
        f"{path} is something else than a leaderboard site, which would be replaced. Choose another folder with --out."
    )


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
        claims=[_claim_line(result) for result in check_claims(planned.claims, _records(entries))],
    )


def _records(entries: Iterable[LoadedEntry]) -> dict[str, Record]:
    return {record.key: record for entry in entries for record in entry.records}


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
