"""The records of the entries of a study, which are sound."""

from collections.abc import Iterable
from pathlib import Path

from mann_bench.core.errors import StoreError
from mann_bench.leaderboard.files import LoadedEntry, entry_folders
from mann_bench.leaderboard.resolving import rules_resolver
from mann_bench.leaderboard.validate import sound_entries
from mann_bench.registry import Registry
from mann_bench.results.schema import Record


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
    return by_key(sound_entries(folders, folders, rules_resolver(registry, file)))


def by_key(entries: Iterable[LoadedEntry]) -> dict[str, Record]:
    """Return the records of entries by run key."""
    return {record.key: record for entry in entries for record in entry.records}
