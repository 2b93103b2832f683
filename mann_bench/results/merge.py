"""Bring the records of several folders together in one."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mann_bench.core.errors import StoreError
from mann_bench.core.runs import Outcome
from mann_bench.results.files import write_atomically
from mann_bench.results.reading import LARGEST_WEIGHTS, UnreadableFileError, read_plain
from mann_bench.results.repeatable import differences, repeatable
from mann_bench.results.schema import Record
from mann_bench.results.store import RECORD_NAME, WEIGHTS_NAME, digest, load_record, record_files


class MergeConflictError(StoreError):
    """Folders hold different records of one run."""

    exit_code = 4


class Merged(NamedTuple):
    """How many records were brought, and how many stood there already."""

    brought: int
    kept: int


class _Found(NamedTuple):
    file: Path
    record: Record

    @property
    def folder(self) -> Path:
        return self.file.parent


def merge(sources: Sequence[Path], out: Path) -> Merged:
    """Write one record of every run at or below `sources` into `out`, with its weights.

    What `out` holds counts as a source, and is kept where it serves. Of equal records one is taken, a failed one
    only where there is no other. Nothing is written before everything was checked, and each run appears whole or
    not at all, so that a merge which was interrupted can be given again.

    Args:
        sources: records, runs' folders or folders of runs.
        out: folder of runs, there or not.

    Raises:
        MergeConflictError: two records of a run differ, apart from when, where and how long it ran.
        StoreError: a record or its weights cannot be read or written, or the weights are not those of the record.
    """
    found: dict[str, list[_Found]] = {}
    for file in [*sorted(out.glob(f"*/{RECORD_NAME}")), *(file for path in sources for file in record_files(path))]:
        record = load_record(file)
        found.setdefault(record.key, []).append(_Found(file, record))
    chosen = [_chosen(each) for each in found.values()]
    brought = [each for each in chosen if each.folder.resolve() != (out / each.record.key).resolve()]
    for each in brought:
        _write(each, out)
    return Merged(len(brought), len(chosen) - len(brought))


def _chosen(found: Sequence[_Found]) -> _Found:
    """Return the record of a run to take: the first that did not fail and has its weights."""
    finished = [each for each in found if each.record.outcome is not Outcome.FAILED]
    for other in finished[1:]:
        _refuse_conflict(finished[0], other)
    candidates = finished or found
    problems = [_problem_of_weights(each) for each in candidates]
    for each, problem in zip(candidates, problems, strict=True):
        if problem is None:
            return each
    raise StoreError(f"{problems[0]} Nothing was written. Restore the weights, or remove the record's folder.")


def _refuse_conflict(one: _Found, other: _Found) -> None:
    if differing := differences(repeatable(one.record), repeatable(other.record)):
        raise MergeConflictError(
            f"{one.file} and {other.file} are different records of {one.record.text}: they differ in "
            f"{', '.join(differing)}. Nothing was written. A run repeats exactly on one kind of machine alone: "
            "keep one of the two, or merge into two folders."
        )


def _problem_of_weights(found: _Found) -> str | None:
    """Return what is wrong with the weights beside a record, or None."""
    if found.record.weights_sha256 is None:
        return None
    file = found.folder / WEIGHTS_NAME
    try:
        right = digest(read_plain(file, LARGEST_WEIGHTS)) == found.record.weights_sha256
    except FileNotFoundError:
        return f"{file} is missing: a record is merged with its weights, which an entry of a leaderboard does not keep."
    except OSError as error:
        return f"{file}: cannot be read: {error.strerror}."
    except UnreadableFileError as error:
        return f"{file}: is not read: {error}."
    return None if right else f"{file}: these are not the weights of the record beside it (SHA-256 differs)."


def _write(found: _Found, out: Path) -> None:
    folder = out / found.record.key
    files = {folder / RECORD_NAME: found.file}
    if found.record.weights_sha256:
        files = {folder / WEIGHTS_NAME: found.folder / WEIGHTS_NAME} | files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically({path: read_plain(file, LARGEST_WEIGHTS) for path, file in files.items()})
    except (OSError, UnreadableFileError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(
            f"{found.file} could not be brought to {folder}: {reason}. Mend that, then give the same command again."
        ) from error
