"""The store on disk: a folder a run, named by its key, with ``weights.safetensors`` and then ``record.json``.

The record is written last: where it stands, the run is complete.
"""

import contextlib
import hashlib
import os
import re
from pathlib import Path

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.message_text import shortened, unstopped
from mann_bench.results.files import prepare_folder, write_atomically
from mann_bench.results.problem import RecordFault, UnsoundError
from mann_bench.results.reading import LARGEST_RECORD, LARGEST_WEIGHTS, UnreadableFileError, read_plain
from mann_bench.results.schema import Record
from mann_bench.results.soundness import sound_record

RECORD_NAME = "record.json"
WEIGHTS_NAME = "weights.safetensors"
RECORDS_NAME = "records"
"""Folder in an entry of a leaderboard, of records that are named by their keys."""

_LONGEST_REASON = 300
_LEVELS = 3
"""Folders from that of the leaderboards down to that of an entry's records: study, entry, records."""
_KEY = re.compile(r"[0-9a-f]{64}")


class CorruptRecordError(StoreError):
    """A record on disk cannot be read as one."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: not a valid record ({reason}).")
        self.path = path


class UnfitRecordError(StoreError):
    """A record that was to be written is one that no reader would take."""


class NewerRecordError(CorruptRecordError):
    """A record has a later schema than this version knows; it is somebody's work, and not to be set aside."""


def load_record(path: Path) -> Record:
    """Read one record, whoever wrote it.

    Raises:
        NewerRecordError: it has a later schema.
        CorruptRecordError: it is none, or none that a run could have left, or its file or folder is of another run.
        StoreError: the system does not let it be read, or there is none.
    """
    try:
        return sound_record(read_plain(path, LARGEST_RECORD), filter(_KEY.fullmatch, (path.parent.name, path.stem)))
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror}.") from error
    except UnreadableFileError as error:
        raise CorruptRecordError(path, str(error)) from error
    except UnsoundError as error:
        problem = error.problems[0]
        kind = NewerRecordError if problem.name is RecordFault.FUTURE_SCHEMA else CorruptRecordError
        raise kind(path, shortened(str(problem), _LONGEST_REASON)) from error


def record_files(path: Path) -> list[Path]:
    """Return the records at or below a path.

    Args:
        path: a record, a run's folder, a folder of runs; or an entry, a folder of entries, a folder of leaderboards.

    Raises:
        StoreError: there are none, or a folder cannot be read.
    """
    if not path.is_dir():
        return [path]
    own = path / RECORD_NAME
    found = [own] if os.path.lexists(own) else _records_below(path) or _entry_records(path, _LEVELS)
    if not found:
        raise StoreError(
            f"{path}: no records here. Expected a record.json, a run's folder, a folder of runs, or entries of a "
            "leaderboard."
        )
    return found


def _records_below(folder: Path) -> list[Path]:
    """Return the records in the folders of a folder, in the order of their names, whatever kind of file each is."""
    return [file for each in _inside(folder) if os.path.lexists(file := each / RECORD_NAME)]


def _entry_records(folder: Path, levels: int) -> list[Path]:
    """Return the records of the entries in a folder, at most so many levels below it."""
    if folder.name == RECORDS_NAME:
        return [file for file in _inside(folder) if _KEY.fullmatch(file.stem) and file.suffix == ".json"]
    folders = [each for each in _inside(folder) if each.is_dir()] if levels else []
    return [file for each in folders for file in _entry_records(each, levels - 1)]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise StoreError(f"{folder}: cannot be read: {error.strerror}.") from error


def find_record(run: str, folder: Path) -> Path:
    """Return the record that a user means by a path or by the first digits of a key in `folder`.

    Raises:
        StoreError: there is none.
        UsageError: several keys begin so, or several records lie at the path.
    """
    path = Path(run)
    with contextlib.suppress(OSError):  # text that cannot be a path
        if run and path.exists():
            return _only_record(path)
    found = [file for file in _files_in(folder) if run and _key_of(file).startswith(run)]
    if not found:
        raise StoreError(f"{run!r}: no such record. Expected a run's folder, or the first digits of a key in {folder}.")
    if len(keys := {_key_of(file) for file in found}) > 1:
        raise UsageError(f"{run!r}: {len(keys)} keys in {folder} begin so. Give more digits.")
    return found[0]


def _only_record(path: Path) -> Path:
    found = _files_in(path) if path.is_dir() else [path]
    if len(found) > 1:
        raise UsageError(f"{path}: {len(found)} records are here. Give the folder of a run, or its record.")
    return found[0] if found else path / RECORD_NAME


def _files_in(folder: Path) -> list[Path]:
    """Return the records in a folder, none where it has none or is not there."""
    with contextlib.suppress(StoreError):
        return record_files(folder) if folder.is_dir() else []
    return []


def _key_of(file: Path) -> str:
    return file.parent.name if file.name == RECORD_NAME else file.stem


class Store:
    """The records under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folder and see that it can be written to; raises UsageError."""
        prepare_folder(self.root, "--out")

    def folder(self, key: str) -> Path:
        """Return the folder of a run, there or not."""
        return self.root / key

    def find(self, key: str) -> Record | None:
        """Return the record of a run, or None where it has none; raises CorruptRecordError or StoreError."""
        path = self.folder(key) / RECORD_NAME
        try:
            if not path.exists():
                return None
        except OSError as error:
            raise StoreError(f"{path}: cannot be read: {error.strerror}.") from error
        return load_record(path)

    def set_aside(self, path: Path) -> Path:
        """Rename a corrupt record so that its run can be done again; return its new path."""
        number = 1
        while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
            number += 1
        try:
            path.rename(aside)
        except OSError as error:
            raise StoreError(f"{path}: corrupt, and cannot be set aside: {error.strerror}. Rename it.") from error
        return aside

    def untidy(self, key: str) -> bool:
        """Tell whether the folder of a run holds what only a killed process leaves, or one that is at work has there.

        That is a file which has not got its name, or a lock or a checkpoint beside a record. Raises StoreError.
        """
        names = self._names(key)
        passing = (".", "lock-", "checkpoint-") if RECORD_NAME in names else (".",)
        return any(name.startswith(passing) for name in names)

    def mend(self, key: str) -> None:
        """Finish or undo what a process left that was stopped while it wrote. Only who holds the run's lock may.

        Record and weights are on disk as a whole before either gets its name: where both can be read, they get it now.

        Raises:
            StoreError: a file cannot be read or renamed.
        """
        try:
            for staged in self._staged(key, RECORD_NAME):
                self._complete(key, staged)
        except OSError as error:
            raise StoreError(
                f"{self.folder(key)}: what an interrupted process left there cannot be mended: {error.strerror}. Make "
                "the folder writable, then give the same command again."
            ) from error
        for staged in self._staged(key):
            with contextlib.suppress(OSError):  # it does no harm
                staged.unlink()

    def _staged(self, key: str, name: str = "") -> list[Path]:
        """Return the files in the folder of a run that have not got their names, or not one name; raises StoreError."""
        names = (each for each in self._names(key) if each.startswith(f".{name}") and each.endswith(".tmp"))
        return [self.folder(key) / each for each in names]

    def _names(self, key: str) -> list[str]:
        """Return the names in the folder of a run, none where it is not there; raises StoreError."""
        try:
            return sorted(path.name for path in self.folder(key).iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.folder(key)}: cannot be read: {error.strerror}.") from error

    def _complete(self, key: str, staged: Path) -> None:
        """Give a staged record and its weights their names; leave one that is not whole, or whose weights are gone."""
        try:
            record = load_record(staged)
        except CorruptRecordError:
            return
        if record.key != key:
            return
        if record.weights_sha256 is not None:
            places = [self.folder(key) / WEIGHTS_NAME, *sorted(self.folder(key).glob(f".{WEIGHTS_NAME}.*.tmp"))]
            weights = next((place for place in places if _is_whole(place, record.weights_sha256)), None)
            if weights is None:
                return
            weights.replace(places[0])
        staged.replace(self.folder(key) / RECORD_NAME)

    def write(self, record: Record, weights: bytes | None) -> Path:
        """Store a run, its record last; return its folder.

        Raises:
            UnfitRecordError: no reader would take it.
            StoreError: the system does not let it be written. Either way the old run stays.
        """
        folder, content = self.folder(record.key), _checked(record)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files = {} if weights is None else {folder / WEIGHTS_NAME: weights}
            write_atomically(files | {folder / RECORD_NAME: content})
        except OSError as error:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only where it is empty
            raise StoreError(
                f"the record of {record.text} could not be written to {folder}: {error.strerror}. "
                "Make room or choose another folder with --out, then give the same command again."
            ) from error
        return folder


def _checked(record: Record) -> bytes:
    """Return the content of a record's file as its readers would take it; raises UnfitRecordError."""
    try:
        content = record.model_dump_json(indent=1).encode()
        sound_record(content, [record.key])
        if len(content) > LARGEST_RECORD:
            raise ValueError(f"it takes {len(content):,} bytes, and at most {LARGEST_RECORD:,} are read")
    except (ValueError, UnsoundError) as error:  # ValueError where a text has no form in UTF-8
        reason = shortened(str(error), _LONGEST_REASON)
        raise UnfitRecordError(f"the record of {record.text} would not be read again: {unstopped(reason)}.") from error
    return content


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _is_whole(weights: Path, sha256: str) -> bool:
    """Tell whether a plain file has that digest."""
    try:
        return digest(read_plain(weights, LARGEST_WEIGHTS)) == sha256
    except (FileNotFoundError, UnreadableFileError):
        return False
