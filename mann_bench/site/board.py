"""What the leaderboard site shows, as plain data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.leaderboard.schema import Badge
from mann_bench.results.schema import Record
from mann_bench.results.trace import RunTrace

_IDENTIFIER = re.compile(r"[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?")


@dataclass(frozen=True)
class ClaimLine:
    """A claim of a study and what its runs say about it, as people read it.

    Attributes:
        name: unique in the study.
        statement: what is claimed.
        source: who claims it, and where; None where it is the study's own.
        published: the figure of the source; None where it gives none.
        tolerance: what still counts as reproduced, such as ``2 to 6``.
        measured: the figure with its interval; None where it cannot be measured.
        n: seeds of the cell with the fewest.
        verdict: ``reproduced``, ``not reproduced`` or ``undecided``.
        reason: why it is undecided; None elsewhere.
    """

    name: str
    statement: str
    source: str | None
    published: str | None
    tolerance: str
    measured: str | None
    n: int
    verdict: str
    reason: str | None


@dataclass(frozen=True)
class BoardEntry:
    """What somebody submitted to a study. Texts of submitters are escaped, shortened and isolated where shown.

    Attributes:
        identifier: unique in the board, and the name of its folder: lower-case letters, digits, ``.``, ``_``, ``-``.
        name: what people call it; any text.
        url: a link of the submitter; shown as a link only where it begins with http:// or https://.
        note: any text.
        badge: how far it was checked.
        records: its runs, in any order.
        traces: of some of them.

    Raises ValueError where the identifier is none or there are no records.
    """

    identifier: str
    name: str
    url: str | None
    note: str | None
    badge: Badge
    records: Sequence[Record]
    traces: Sequence[RunTrace] = ()

    def __post_init__(self) -> None:
        check_identifier(self.identifier)
        if not self.records:
            raise ValueError(f"entry {self.identifier!r} has no records; an entry needs one or more")


@dataclass(frozen=True)
class Board:
    """A study and its entries.

    Attributes:
        name: of the study, and of its folder, as an identifier of an entry.
        summary: one line.
        reference: the paper, with a link; None where there is none.
        entries: in any order.
        claims: in the order of the study.

    Raises ValueError where the name is no identifier, or two entries have the same.
    """

    name: str
    summary: str
    reference: str | None
    entries: Sequence[BoardEntry]
    claims: Sequence[ClaimLine]

    def __post_init__(self) -> None:
        check_identifier(self.name)
        check_distinct([entry.identifier for entry in self.entries], "entries")


def check_identifier(text: str) -> None:
    """Raise ValueError where a text cannot name a folder of the site."""
    if not _IDENTIFIER.fullmatch(text) or ".." in text:
        raise ValueError(
            f"{text[:100]!r} cannot name a page: expected 1 to 100 of a-z, 0-9, '.', '_', '-', "
            "beginning and ending with a letter or digit, without '..'"
        )


def check_distinct(names: Sequence[str], what: str) -> None:
    """Raise ValueError where a name occurs twice."""
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two {what} are named {name!r}; give each a name of its own")
