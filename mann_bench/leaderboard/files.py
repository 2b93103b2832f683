"""The files of an entry: what may lie in its folder, and reading it without trusting any of it.

Sizes are looked at before anything is read, and links are never followed.
"""

import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from mann_bench.analysis.tuned import TunedCells
from mann_bench.core.errors import StoreError, UsageError, nearest
from mann_bench.leaderboard.faults import EntryError, Fault, FaultName
from mann_bench.leaderboard.schema import Entry, RunReference
from mann_bench.results.parsing import parsed
from mann_bench.results.problem import Problem, RecordFault, UnsoundError
from mann_bench.results.reading import UnreadableFileError, read_plain
from mann_bench.results.schema import Record
from mann_bench.results.soundness import sound_record
from mann_bench.results.store import RECORDS_NAME, digest
from mann_bench.results.trace import RunTrace

ENTRY_NAME = "entry.json"
TRACES_NAME = "traces"

LARGEST_ENTRY = 4 * 2**20
LARGEST_ENTRY_RECORD = 2 * 2**20
LARGEST_TRACE = 256 * 2**10
LARGEST_TOTAL = 128 * 2**20
MOST_RECORDS = 5_000

_RUN_FILE = re.compile(r"[0-9a-f]{64}\.json")
_FOLDER_NAME = re.compile(r"[a-z0-9-]+-[0-9a-f]{8}")

Made = TypeVar("Made")


class LoadedEntry(NamedTuple):
    """An entry with its folder, its records in the order of its runs, and the traces of some of them, as sorted."""

    folder: Path
    entry: Entry
    records: Sequence[Record]
    traces: Sequence[RunTrace]

    def record_file(self, key: str) -> Path:
        """Return the file of a run's record."""
        return record_file(self.folder, key)

    @property
    def tuned(self) -> TunedCells:
        """Its cells whose learning rate was tuned, and what that cost."""
        return self.entry.tuning.tuned_cells() if self.entry.tuning else {}

    @property
    def identifier(self) -> str:
        """The name of its folder, unique in its study: of an entry that is sound, `Entry.id`."""
        return self.folder.name

    @property
    def entry_file(self) -> Path:
        """The file that the entry itself stands in."""
        return self.folder / ENTRY_NAME


def record_file(folder: Path, key: str) -> Path:
    """Return where the record of a run lies in the folder of an entry."""
    return folder / RECORDS_NAME / f"{key}.json"


def trace_file(folder: Path, key: str) -> Path:
    """Return where the trace of a run lies in the folder of an entry."""
    return folder / TRACES_NAME / f"{key}.json"


def entry_folders(root: Path, study: str | None = None) -> list[Path]:
    """Return the folders of all entries below the folder of leaderboards, sorted; of one study, where it is given.

    What else lies there, such as pages, is passed over.

    Raises:
        StoreError: a folder cannot be read.
    """
    studies = [root / study] if study else _inside(root)
    return [folder for each in studies for folder in _inside(each) if _is_entry(folder)]


def _inside(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted; nothing where there is no such folder."""
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise StoreError(f"{folder} could not be read: {error.strerror}. Make it readable.") from error


def find_entry(text: str, root: Path) -> Path:
    """Return the folder that a user means by its path, or by the name or ``study/name`` of an entry below `root`.

    Raises:
        StoreError: there is none.
        UsageError: several studies have an entry of that name.
    """
    if _is_entry(path := Path(text)):
        return path
    found = [folder for folder in entry_folders(root) if text in (folder.name, f"{folder.parent.name}/{folder.name}")]
    if len(found) > 1:
        raise UsageError(f"{text!r}: {len(found)} studies have such an entry. Name the study too: study/{text}.")
    if not found:
        hint = nearest(text, [folder.name for folder in entry_folders(root)])
        raise StoreError(f"{text!r}: no such entry.{hint} Expected a folder, or the name of an entry in {root}.")
    return found[0]


def find_runs(text: str, root: Path) -> tuple[LoadedEntry, Sequence[Record]]:
    """Return the entry and the records that a user means by an entry, as of `find_entry`, or by digits of a run key.

    Raises:
        StoreError: there is no such entry or run.
        UsageError: several run keys begin so, or several studies have such an entry.
        EntryError: the entry cannot be read.
    """
    keys = [
        path for folder in entry_folders(root) for path in (folder / RECORDS_NAME).glob(f"{glob.escape(text)}*.json")
    ]
    if not keys or "/" in text:
        loaded = load_entry(find_entry(text, root))
        return loaded, loaded.records
    if len({path.stem for path in keys}) > 1:
        raise UsageError(f"{text!r}: {len(keys)} run keys in {root} begin so. Give more digits.")
    # Of a run that stands in several entries, as one that was replicated, the first submitted is meant.
    loaded = min((load_entry(path.parents[1]) for path in keys), key=lambda each: (each.entry.date, each.identifier))
    return loaded, [record for record in loaded.records if record.key == keys[0].stem]


def _is_entry(folder: Path) -> bool:
    return folder.is_dir() and bool(_FOLDER_NAME.fullmatch(folder.name) or os.path.lexists(folder / ENTRY_NAME))


def entry_content(entry: Entry) -> bytes:
    """Return the file of an entry, byte for byte."""
    untuned = {"tuning"} if entry.tuning is None else None  # entries of before have no such field
    return f"{entry.model_dump_json(indent=1, exclude=untuned)}\n".encode()


def record_content(record: Record) -> bytes:
    """Return the compact file of a record, one line; fields that it was made without are not added."""
    return f"{record.model_dump_json(exclude_unset=True)}\n".encode()


def trace_content(trace: RunTrace) -> bytes:
    """Return the file of a trace, one line."""
    return f"{trace.model_dump_json()}\n".encode()


def load_entry(folder: Path) -> LoadedEntry:
    """Read an entry.

    Returns an entry whose files have the schema and the digests that they should, and whose records are sound. The
    rest of what they say is not checked.

    Raises:
        EntryError: they have not; each fault by its name.
    """
    _refuse(list(_folder_faults(folder)))
    entry = _entry(folder / ENTRY_NAME)
    _refuse(list(_reference_faults(folder, entry)))
    records: list[Record] = []
    faults: list[Fault] = []
    for run in entry.runs:
        try:
            records.append(_record(record_file(folder, run.key), run))
        except EntryError as error:
            faults += error.faults
    _refuse(faults)
    return LoadedEntry(folder, entry, records, [_trace(path) for path in sorted((folder / TRACES_NAME).glob("*"))])


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise EntryError(faults)


def _folder_faults(folder: Path) -> Iterator[Fault]:
    """Yield what is wrong with the files of an entry, of which none is opened."""
    total = count = 0
    if not os.path.lexists(folder / ENTRY_NAME):
        yield Fault(FaultName.UNREADABLE, folder, None, f"there is no {ENTRY_NAME}. Name the folder of an entry.")
    for path in [folder, *sorted(folder.rglob("*"))]:
        try:
            status = path.lstat()
        except OSError as error:
            yield Fault(FaultName.UNREADABLE, path, None, f"{error.strerror}. Mend or remove it.")
            continue
        if stat.S_ISLNK(status.st_mode):
            yield Fault(FaultName.LINK, path, None, "it is a link. Put the file itself there, or remove it.")
        elif stat.S_ISREG(status.st_mode):
            yield from _file_faults(path, path.relative_to(folder), status.st_size, status.st_mode)
            total, count = total + status.st_size, count + 1
        elif not stat.S_ISDIR(status.st_mode) or path not in (folder, *_folders(folder)):
            yield _unknown(path)
    if total > LARGEST_TOTAL or count > MOST_RECORDS + 1:
        text = f"{count:,} files of {total:,} bytes; at most {MOST_RECORDS + 1:,} and {LARGEST_TOTAL:,} bytes."
        yield Fault(FaultName.TOO_LARGE, folder, None, text)


def _folders(folder: Path) -> tuple[Path, Path]:
    return folder / RECORDS_NAME, folder / TRACES_NAME


def _file_faults(path: Path, name: Path, size: int, mode: int) -> Iterator[Fault]:
    most = _largest(name)
    if most is None:
        yield _unknown(path)
        return
    if size > most:
        yield Fault(FaultName.TOO_LARGE, path, None, f"{size:,} bytes, at most {most:,}. It was not read.")
    if mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
        yield Fault(FaultName.EXECUTABLE, path, None, "it may be executed. Take the permission away: chmod -x.")


def _largest(name: Path) -> int | None:
    """Return how many bytes a file of an entry may have; None where it has no place there."""
    if name == Path(ENTRY_NAME):
        return LARGEST_ENTRY
    largest = {RECORDS_NAME: LARGEST_ENTRY_RECORD, TRACES_NAME: LARGEST_TRACE}
    return largest.get(str(name.parent)) if _RUN_FILE.fullmatch(name.name) else None


def _unknown(path: Path) -> Fault:
    text = f"an entry holds {ENTRY_NAME}, {RECORDS_NAME} and {TRACES_NAME}/<run key>.json alone. Remove it."
    return Fault(FaultName.UNKNOWN_FILE, path, None, text)


def _reference_faults(folder: Path, entry: Entry) -> Iterator[Fault]:
    """Yield where the runs that the entry names are not the records that lie there, each once and in order.

    Its traces must be of such runs.
    """
    keys = [run.key for run in entry.runs]
    if keys != sorted(set(keys)):
        yield Fault(
            RecordFault.SCHEMA, folder / ENTRY_NAME, "runs", "each run must stand there once, in the order of the keys."
        )
    for path in sorted(path for part in _folders(folder) for path in part.glob("*")):
        if path.stem not in keys:
            yield Fault(FaultName.UNKNOWN_FILE, path, None, f"{ENTRY_NAME} does not name this run. Submit it anew.")


def _entry(file: Path) -> Entry:
    content = _content(file, LARGEST_ENTRY)
    entry = _made(lambda content: parsed(Entry, content), file, content)
    _refuse([] if entry_content(entry) == content else [_not_canonical(file)])
    return entry


def _record(file: Path, run: RunReference) -> Record:
    """Return a record that is sound by the rules for every record, and is the one that the entry names."""
    content = _content(file, LARGEST_ENTRY_RECORD)
    if (found := digest(content)) != run.sha256:
        text = f"its SHA-256 is {found}, not {run.sha256} as in {ENTRY_NAME}. It was changed: put the original back."
        raise EntryError([Fault(FaultName.DIGEST, file, None, text)])
    record = _made(lambda content: sound_record(content, [run.key]), file, content)
    _refuse([] if record_content(record) == content else [_not_canonical(file)])
    return record


def _trace(file: Path) -> RunTrace:
    content = _content(file, LARGEST_TRACE)
    trace = _made(lambda content: parsed(RunTrace, content), file, content)
    _refuse([] if trace_content(trace) == content else [_not_canonical(file)])
    if trace.key != file.stem:
        raise EntryError(
            [Fault(FaultName.WRONG_TRACE, file, "key", "it is of another run than its name says. Remove it.")]
        )
    return trace


def _not_canonical(file: Path) -> Fault:
    text = "it holds the right fields, written in another way than mann-bench writes them. Submit it anew."
    return Fault(FaultName.NOT_CANONICAL, file, None, text)


def _content(file: Path, most: int) -> bytes:
    try:
        return read_plain(file, most)
    except FileNotFoundError as error:
        text = f"it is not there, and {ENTRY_NAME} names it. Put it there."
        raise EntryError([Fault(FaultName.UNREADABLE, file, None, text)]) from error
    except (OSError, UnreadableFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise EntryError([Fault(FaultName.UNREADABLE, file, None, f"{reason}.")]) from error


def _made(make: Callable[[bytes], Made], file: Path, content: bytes) -> Made:
    """Return what is made of a file's content; raises EntryError where it is unsound, for the reasons of `make`."""
    try:
        return make(content)
    except UnsoundError as error:
        raise EntryError([_fault(file, problem) for problem in error.problems]) from error


def _fault(file: Path, problem: Problem) -> Fault:
    newer = problem.name is RecordFault.FUTURE_SCHEMA
    advice = "" if newer else " Submit it anew with mann-bench leaderboard submit, from records as they were written."
    return Fault(problem.name, file, problem.place, f"{problem.text}.{advice}")
