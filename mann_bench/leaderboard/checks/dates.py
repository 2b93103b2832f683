"""See that dates are such as a run, an entry and a check of this suite can have."""

import datetime
from collections.abc import Iterator, Sequence

from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.schema import Entry
from mann_bench.results.schema import Record

BEGAN = datetime.date(2026, 11, 23)
"""The day of the first commit of mann-bench."""

_SLACK = datetime.timedelta(days=1)
"""By how much the clocks of two machines may differ."""


def check_date(place: str, text: str, not_before: datetime.date = BEGAN) -> Iterator[Finding]:
    """Yield what is wrong with a date, or a date and time in UTC, as ISO 8601 writes them."""
    found, today = _day(text), datetime.datetime.now(datetime.UTC).date()
    if found is None:
        problem = "which is no date in UTC, as 2026-12-31"
    elif found < not_before - (_SLACK if not_before > BEGAN else datetime.timedelta()):
        problem = f"before {not_before}, when it could be at the earliest"
    elif found > today + _SLACK:
        problem = f"which is to come: here it is {today}"
    else:
        return
    yield Finding(FaultName.IMPOSSIBLE_DATE, place, f"{text!a}, {problem}. Set the clock, and do it again.")


def check_record_date(record: Record) -> Iterator[Finding]:
    """Yield what is wrong with the time at which a run ended."""
    text = record.provenance.date
    if "T" not in text or _day(text) is None:
        yield Finding(FaultName.IMPOSSIBLE_DATE, "provenance.date", f"{text!a} is no time in UTC. Do the run again.")
    else:
        yield from check_date("provenance.date", text)


def check_entry_dates(entry: Entry, records: Sequence[Record]) -> Iterator[Finding]:
    """Yield where an entry is older than its runs, or a check than its run."""
    ended = {record.key: _day(record.provenance.date) or BEGAN for record in records}
    yield from check_date("date", entry.date, max(BEGAN, *ended.values()))
    for index, evidence in enumerate(entry.evidence):
        yield from check_date(f"evidence[{index}].date", evidence.date, max(BEGAN, ended.get(evidence.key, BEGAN)))


def _day(text: str) -> datetime.date | None:
    """Return the day of a date or a time in UTC; None where it is none."""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" in text and moment.utcoffset() != datetime.timedelta():
        return None
    return moment.date()
