"""Read many records at once, whatever becomes of some of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from mann_bench.core.collector import uncollected
from mann_bench.core.errors import StoreError
from mann_bench.results.climb import climb
from mann_bench.results.repeatable import differences, repeatable
from mann_bench.results.schema import ProbeRow, Record
from mann_bench.results.store import load_record
from mann_bench.results.two_processes import TwoProcesses

Made = TypeVar("Made")


class Unreadable(NamedTuple):
    """A file that is no record, and why, with its path."""

    file: Path
    reason: str


class Loaded(NamedTuple):
    """The records that could be read, in the order of their files, and why others could not."""

    records: list[Record]
    problems: list[Unreadable]


def load_records(files: Sequence[Path]) -> Loaded:
    """Read records; what cannot be read is told, and stops nothing."""
    with uncollected():
        return _sorted_out(read_each(files, lambda record: record))


def load_thinned(files: Sequence[Path], meanwhile: Callable[[], object] = lambda: None) -> Loaded:
    """Read records as `load_records`, and keep of each what tables need: thousands would take a gigabyte.

    Args:
        files: the records.
        meanwhile: something else to do first, while another process reads.
    """
    with uncollected(), TwoProcesses(_read_thinned, files) as reading:
        meanwhile()
        found = reading.results()
        return _sorted_out([each.record if isinstance(each, _Thinned) else each for each in found])


def thinned(record: Record) -> Record:
    """Return a record with what tables need: where its curve converged, rose to a level and ended, and of each probe
    the last size.

    The first row without scores at the greatest size stays, too: it says that these are not known of the run.
    """
    untold = next((row for row in record.curve if not row.target_scores), None)
    rises = {rise.step for rise in climb(record)}
    risen = (row for row in record.curve if row.step in rises)
    kept = (record.converged_row(), record.target_row(), untold, *risen, *record.curve[-1:])
    curve = {row.step: row for row in sorted(filter(None, kept), key=lambda row: row.step)}
    probe = [ProbeRow.model_construct(step=row.step, rows=row.rows[-1:]) for row in record.probe]
    return record.model_copy(update={"curve": [*curve.values()], "probe": probe})


def read_each(files: Sequence[Path], make: Callable[[Record], Made]) -> list[Made | Unreadable]:
    """Return what is made of each record, or why it cannot be read."""
    made: list[Made | Unreadable] = []
    for file in files:
        try:
            made.append(make(load_record(file)))
        except StoreError as error:
            made.append(Unreadable(file, str(error)))
    return made


def clashing(records: Sequence[Record]) -> list[Record]:
    """Return the last record of each run of which several differ in what a repetition would repeat."""
    seen: dict[str, Record] = {}
    found: dict[str, Record] = {}
    for record in records:
        earlier = seen.setdefault(record.key, record)
        if earlier is not record and differences(repeatable(earlier), repeatable(record)):
            found[record.key] = record
    return list(found.values())


class _Thinned(NamedTuple):
    """A thinned record, which goes from process to process as JSON: that is faster than pickling it."""

    record: Record

    def __reduce__(self) -> tuple[Callable[[bytes], "_Thinned"], tuple[bytes]]:
        return _arrived, (self.record.model_dump_json(exclude_unset=True).encode(),)


def _arrived(content: bytes) -> _Thinned:
    return _Thinned(Record.model_validate_json(content))


def _read_thinned(files: Sequence[Path]) -> list[_Thinned | Unreadable]:
    return read_each(files, lambda record: _Thinned(thinned(record)))


def _sorted_out(found: Sequence[Record | Unreadable]) -> Loaded:
    problems = [each for each in found if isinstance(each, Unreadable)]
    return Loaded([each for each in found if isinstance(each, Record)], problems)
