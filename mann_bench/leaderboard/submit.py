"""Make an entry from records and write it, where nothing is wrong with it."""

import datetime
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.runs import short_key
from mann_bench.leaderboard.checks.aggregates import aggregates_of
from mann_bench.leaderboard.checks.identity import check_cells
from mann_bench.leaderboard.checks.names import check_name
from mann_bench.leaderboard.checks.publishable import check_text, check_url
from mann_bench.leaderboard.checks.traces import traced_runs
from mann_bench.leaderboard.checks.tuning import check_tuning
from mann_bench.leaderboard.faults import EntryError
from mann_bench.leaderboard.files import (
    ENTRY_NAME,
    TRACES_NAME,
    LoadedEntry,
    entry_content,
    entry_folders,
    record_content,
    record_file,
    trace_content,
    trace_file,
)
from mann_bench.leaderboard.private import without_private
from mann_bench.leaderboard.rules import StudyRules
from mann_bench.leaderboard.schema import (
    LONGEST_NAME,
    LONGEST_NOTE,
    Badge,
    Entry,
    RunReference,
    StudyReference,
    entry_id,
)
from mann_bench.leaderboard.validate import check_record, validate
from mann_bench.results.files import write_atomically
from mann_bench.results.schema import Record
from mann_bench.results.store import RECORDS_NAME, digest
from mann_bench.results.trace import RunTrace
from mann_bench.studies.tuning_file import Tuning

Tracer = Callable[[Record], RunTrace | None]
"""Traces a run; None where it cannot."""


class Submitter(NamedTuple):
    """What readers are told about who submits.

    Attributes:
        name: who, or what.
        url: https address where more is to be found.
        note: what readers should know; may be empty.
        weights_url: where the weights are kept, with ``{key}`` for the run key; None where they are not.
    """

    name: str
    url: str
    note: str = ""
    weights_url: str | None = None

    def weights_of(self, record: Record) -> str | None:
        """Return where the weights of a run are kept; None where it has none, or they are not kept."""
        if self.weights_url is None or record.weights_sha256 is None:
            return None
        return self.weights_url.replace("{key}", record.key)


def submit(
    records: Iterable[Record],
    submitter: Submitter,
    rules: StudyRules,
    root: Path,
    tracer: Tracer = lambda record: None,
    tuning: Tuning | None = None,
    extended: LoadedEntry | None = None,
) -> Path:
    """Write an entry and return its folder.

    Args:
        records: of the runs, a complete set of seeds of each cell, however they ended.
        submitter: who submits.
        rules: what the study asks.
        root: folder of the leaderboards.
        tracer: is asked for the trace of one run of each cell; by default there are none.
        tuning: the learning rates of the runs; by default all have that of the study's protocols.
        extended: an entry whose records and traces the new one takes over, as of `_together`. Its folder stays.

    Raises:
        EntryError: something is wrong with the records or the words; each fault by its name. Nothing is written.
        UsageError: two records of one run differ, or there are none that `extended` lacks.
        StoreError: the entry could not be written.
    """
    public = [without_private(record) for record in _each_once(records)]
    if extended is not None:
        public = _together(extended, public)
    _check(public, submitter, rules.at_rates(tuning), root, tuning)
    entry = _entry(public, submitter, rules, tuning, extended)
    traces = list(_traces(public, tracer, extended))
    folder = root / rules.name / entry.id
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
            # The folder appears whole, and only once what will lie there has been read back and validated.
            staged = Path(temporary, rules.name, entry.id)
            _write(staged, entry, public, traces)
            _check_written(staged, folder, rules, extended)
            staged.rename(folder)
    except OSError as error:
        raise StoreError(f"the entry could not be written to {folder}: {error.strerror}.") from error
    return folder


def _each_once(records: Iterable[Record]) -> list[Record]:
    """Return the records in the order of their keys."""
    found: dict[str, Record] = {}
    for record in records:
        if found.setdefault(record.key, record) != record:
            raise UsageError(f"{record.text}: two different records of this run. Name one of them alone.")
    if not found:
        raise UsageError("there are no records. Name records, runs' folders or folders of runs.")
    return [found[key] for key in sorted(found)]


def _together(extended: LoadedEntry, records: Sequence[Record]) -> list[Record]:
    """Return the records of an entry and further ones, in the order of their keys.

    A run that the entry has stays as it is there. Where `records` have a later version of a cell, the entry's records
    of that cell are left out: no cell mixes versions.
    """
    latest = {record.cell_name: _versions(record) for record in records}
    kept = [each for each in extended.records if _versions(each) >= latest.get(each.cell_name, (0, 0, 0))]
    found = {record.key: record for record in (*records, *kept)}
    if len(found) == len(kept):
        raise UsageError(f"{extended.folder} has all of these runs already. Name runs that it lacks.")
    return [found[key] for key in sorted(found)]


def _versions(record: Record) -> tuple[int, int, int]:
    return record.model.version, record.task.version, record.protocol.version


def _traces(records: Sequence[Record], tracer: Tracer, extended: LoadedEntry | None) -> Iterator[RunTrace]:
    """Yield the traces of an entry: those of runs that it takes over as they are there."""
    taken = {run.key for run in extended.entry.runs} if extended else ()
    traced = {trace.key: trace for trace in extended.traces} if extended else {}
    for key, record in traced_runs(records).items():
        if trace := traced.get(key) if key in taken else tracer(record):
            yield trace


def _check(
    records: Sequence[Record], submitter: Submitter, rules: StudyRules, root: Path, tuning: Tuning | None
) -> None:
    """Refuse what is wrong with the parts, by the run that it is wrong with."""
    folder = root / rules.name / entry_id(submitter.name, (record.key for record in records))
    if not submitter.name.strip():
        raise UsageError("--name is empty. Say who submits, or what.")
    words = [
        *check_text("--name", submitter.name, LONGEST_NAME),
        *check_name("--name", submitter.name),
        *check_url("--url", submitter.url),
        *check_text("--note", submitter.note, LONGEST_NOTE, lines=True),
        *check_tuning(tuning, rules),
    ]
    faults = [finding.at(folder) for finding in words]
    for record in records:
        faults += [finding.at(Path(short_key(record.key))) for finding in check_record(record, rules)]
    if not faults:
        faults = [finding.at(folder) for finding in check_cells(records, rules)]
    if faults:
        raise EntryError(faults)


def _entry(
    records: Sequence[Record],
    submitter: Submitter,
    rules: StudyRules,
    tuning: Tuning | None,
    extended: LoadedEntry | None,
) -> Entry:
    taken = {run.key: run for run in extended.entry.runs} if extended else {}
    return Entry(
        schema_version=1,
        study=StudyReference(name=rules.name, version=rules.version),
        name=submitter.name,
        url=submitter.url,
        note=submitter.note,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        runs=[
            taken.get(record.key)
            or RunReference(
                key=record.key,
                sha256=digest(record_content(record)),
                weights_sha256=record.weights_sha256,
                weights_url=submitter.weights_of(record),
            )
            for record in records
        ],
        aggregates=aggregates_of(records),
        badge=Badge.REPORTED,
        tuning=tuning,
    )


def _write(folder: Path, entry: Entry, records: Sequence[Record], traces: Sequence[RunTrace]) -> None:
    (folder / RECORDS_NAME).mkdir(parents=True)
    write_atomically({record_file(folder, record.key): record_content(record) for record in records})
    if traces:
        (folder / TRACES_NAME).mkdir()
        write_atomically({trace_file(folder, trace.key): trace_content(trace) for trace in traces})
    write_atomically({folder / ENTRY_NAME: entry_content(entry)})


def _check_written(staged: Path, folder: Path, rules: StudyRules, extended: LoadedEntry | None) -> None:
    """Refuse an entry that would not validate in `folder`, beside those that are there and that it does not replace."""
    replaced = {extended.folder.resolve()} if extended else set()
    others = [each for each in entry_folders(folder.parents[1]) if each.resolve() not in replaced]
    faults = validate([staged], others, lambda study, models: rules)
    if faults:
        raise EntryError([each._replace(file=folder / each.file.relative_to(staged.resolve())) for each in faults])
