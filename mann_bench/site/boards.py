"""The boards of the site: a study each, with its entries and what became of its claims."""

from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

from mann_bench.leaderboard.files import LoadedEntry, entry_folders
from mann_bench.leaderboard.records import answers, earlier_versions, judged_plan, records_of, replications
from mann_bench.leaderboard.resolving import rules_resolver
from mann_bench.leaderboard.validate import by_study, sound_entries
from mann_bench.registry import Registered, Registry
from mann_bench.results.schema import Record
from mann_bench.site.board import Board
from mann_bench.site.checked import checked_text
from mann_bench.studies.claims import ClaimRuns, check_claims
from mann_bench.studies.loading import load_study
from mann_bench.studies.plan import plan_study


def boards(registry: Registry, root: Path, study: str | None = None) -> list[Board]:
    """Return the board of every study that has entries below `root`; its claims are checked against all of them.

    Args:
        registry: answers which studies, tasks and protocols there are.
        root: the folder of the leaderboards.
        study: the only one that a board is made of: a name, or the path of a file that ends in ``.toml``.

    Raises:
        EntryError: an entry is not sound; nothing of it is shown.
        StoreError: a folder cannot be read.
        UsageError: a study is not installed.
    """
    every = entry_folders(root)
    asked = entry_folders(root, load_study(registry, study).name) if study else every
    studies = by_study(sound_entries(asked, every, rules_resolver(registry, study)))
    return [_board(registry, study or name, entries) for name, entries in sorted(studies.items())]


def _board(registry: Registry, study: str, entries: Sequence[LoadedEntry]) -> Board:
    planned, records = judged_plan(registry, plan_study(registry, study), entries), records_of(entries)
    answered = answers(planned.all_runs, records)
    return Board(
        name=planned.study.name,
        summary=planned.study.summary,
        reference=planned.study.reference,
        entries=entries,
        claims=check_claims(planned.claims, answered),
        earlier_versions=earlier_versions(registry, records),
        replications=replications(entries),
        checked={each.claim.name: checked_text(entries, _keys(each, answered)) for each in planned.claims},
        significance=planned.looks.significance,
        task_summaries=_summaries(registry.tasks, {record.task.name for record in records}),
        model_summaries=_summaries(registry.models, {record.model.name for record in records}),
    )


def _summaries(registered: Mapping[str, Registered[Any]], names: Set[str]) -> dict[str, str]:
    return {name: registered[name].spec.summary for name in sorted(names & registered.keys())}


def _keys(claim: ClaimRuns, answered: Mapping[str, Record]) -> Iterator[str]:
    """Yield the keys of the records that answer the runs of a claim."""
    return (answered[run.key].key for cell in claim.cells for run in cell if run.key in answered)
