"""The records of the entries of a study, which are sound, and the runs of the study that they answer."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mann_bench.analysis.cells import cells
from mann_bench.core.errors import StoreError
from mann_bench.core.message_text import counted
from mann_bench.core.runs import CellName, Run
from mann_bench.execution.plan import by_cell
from mann_bench.leaderboard.files import LoadedEntry, entry_folders
from mann_bench.leaderboard.resolving import rules_resolver
from mann_bench.leaderboard.validate import sound_entries
from mann_bench.registry import Registry
from mann_bench.results.repeatable import differences, repeatable
from mann_bench.results.schema import Record
from mann_bench.studies.plan import StudyPlan, at_tuned_rates, plan_study


def study_records(registry: Registry, root: Path, study: str) -> tuple[StudyPlan, dict[str, Record]]:
    """Return a study, and the records of all of its entries below `root` that answer its runs, as of `answers`.

    Args:
        registry: answers which models, tasks and protocols there are.
        root: folder of the leaderboards.
        study: how the study is named to the registry: its name, or the path of its file.

    Raises:
        EntryError: an entry is not sound.
        StoreError: there is none.
    """
    planned = plan_study(registry, study)
    name = planned.study.name
    folders = entry_folders(root, name)
    if not folders:
        raise StoreError(f"{root}: no entries of {name} here. Expected {root}/{name}/<entry>/entry.json.")
    file = study if study != name else None
    entries = sound_entries(folders, folders, rules_resolver(registry, file))
    planned = judged_plan(registry, planned, entries)
    return planned, answers(planned.all_runs, records_of(entries))


def judged_plan(registry: Registry, planned: StudyPlan, entries: Iterable[LoadedEntry]) -> StudyPlan:
    """Return a study with the runs that its claims are judged by.

    They have the learning rates of the first entry, by date, that tuned all cells of the study. Where none did, they
    have those of the study's protocols: no claim compares cells that were tuned with others.
    """
    tunings = (loaded.entry.tuning for loaded in by_date(entries))
    whole = (tuning for tuning in tunings if tuning and planned.cells.keys() <= tuning.by_name().keys())
    tuning = next(whole, None)
    return planned if tuning is None else at_tuned_rates(registry, planned, tuning)


def records_of(entries: Iterable[LoadedEntry]) -> list[Record]:
    """Return the records of entries, each cell once: of a cell that others replicated, those of its first entry."""
    found: dict[str, Record] = {}
    for loaded in by_date(entries):
        first = [cell.records for cell in cells(loaded.records) if not any(each.key in found for each in cell.records)]
        found |= {record.key: record for records in first for record in records}
    return list(found.values())


def by_date(entries: Iterable[LoadedEntry]) -> list[LoadedEntry]:
    """Return entries in the order in which they were submitted; those of one day by their names."""
    return sorted(entries, key=lambda loaded: (loaded.entry.date, loaded.identifier))


def replications(entries: Iterable[LoadedEntry]) -> list[str]:
    """Return which entries of a study repeat runs of an earlier one, in words."""
    ordered = by_date(entries)
    return [
        f"{later.entry.name} repeats {_repeated(shared)} of {earlier.entry.name}"
        for index, later in enumerate(ordered)
        for earlier in ordered[:index]
        if (shared := _shared(earlier, later))
    ]


def _shared(earlier: LoadedEntry, later: LoadedEntry) -> list[tuple[Record, Record]]:
    known = {record.key: record for record in earlier.records}
    return [(known[record.key], record) for record in later.records if record.key in known]


def _repeated(shared: Sequence[tuple[Record, Record]]) -> str:
    equal = sum(not differences(*map(repeatable, pair)) for pair in shared)
    return f"{counted(len(shared), 'run')} ({equal:,} equal to the last bit)"


def answers(runs: Iterable[Run], records: Iterable[Record]) -> dict[str, Record]:
    """Return the records of entries of a study that answer its runs, by the keys of the runs.

    A cell is answered by one version of its model: the newest of which there are records. So the records of an earlier
    version keep their verdicts until there are records of a later one, and no cell mixes versions.
    """
    newest: dict[tuple[CellName, str], dict[int, Record]] = {}
    for found in sorted(cells(records), key=lambda cell: cell.records[0].model.version):
        name, distribution = CellName(found.model, found.task, found.protocol), found.records[0].model.distribution
        newest[name, distribution] = {record.seed: record for record in found.records}
    answered: dict[str, Record] = {}
    for name, cell in by_cell(runs).items():
        by_seed = newest.get((name, cell[0].model.distribution), {})
        answered |= {run.key: by_seed[run.seed] for run in cell if run.seed in by_seed}
    return answered


def earlier_versions(registry: Registry, records: Iterable[Record]) -> list[str]:
    """Return the models of records that have a later version here, in words: ``ntm version 1 (today 2)``."""
    stated = {(record.model.name, record.model.version, record.model.distribution) for record in records}
    return [
        f"{name} version {version} (today {known.spec.version})"
        for name, version, distribution in sorted(stated)
        if (known := registry.models.get(name))
        and known.plugin.distribution == distribution
        and known.spec.version > version
    ]
