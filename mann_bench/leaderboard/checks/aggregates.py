"""The tables of an entry, computed from its records and compared with those that it states."""

import math
from collections.abc import Iterator, Sequence

from mann_bench.analysis.cells import cells
from mann_bench.analysis.rows import without_provenance
from mann_bench.analysis.tables import table_rows
from mann_bench.core.options import OptionValue
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.schema import Aggregates, Rows
from mann_bench.results.schema import Record

_ROUNDING = 1e-9
"""Share by which sums may differ between machines."""


def aggregates_of(records: Sequence[Record]) -> Aggregates:
    """Return the tables of records that are sound."""
    tables = table_rows(cells(records))
    return Aggregates(**{name: list(map(without_provenance, rows)) for name, rows in tables.items()})


def check_aggregates(stated: Aggregates, records: Sequence[Record]) -> Iterator[Finding]:
    """Yield where the tables that an entry states are not those of its records."""
    computed = aggregates_of(records)
    for name in Aggregates.model_fields:
        yield from _check_rows(f"aggregates.{name}", getattr(stated, name), getattr(computed, name))


def _check_rows(place: str, stated: Rows, computed: Rows) -> Iterator[Finding]:
    if len(stated) != len(computed):
        yield Finding(FaultName.AGGREGATES, place, f"{len(stated)} rows, but the records give {len(computed)}.")
        return
    for index, (row, expected) in enumerate(zip(stated, computed, strict=True)):
        for field in expected.keys() | row.keys():
            if field not in row or field not in expected or not _equal(row[field], expected[field]):
                text = f"{row.get(field)!r}, but the records give {expected.get(field)!r}."
                yield Finding(FaultName.AGGREGATES, f"{place}[{index}].{field[:40]}", text)


def _equal(stated: OptionValue, computed: OptionValue) -> bool:
    if isinstance(stated, bool) or isinstance(computed, bool):
        return stated is computed
    if isinstance(stated, int | float) and isinstance(computed, int | float):
        return math.isclose(stated, computed, rel_tol=_ROUNDING)
    return stated == computed
