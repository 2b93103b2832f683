"""What the leaderboard site shows: a board a study."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.studies.claims import ClaimResult

_IDENTIFIER = re.compile(r"[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?")


@dataclass(frozen=True)
class Board:
    """A study and its entries.

    Attributes:
        name: of the study, and of its folder of pages.
        summary: one line.
        reference: the paper, with a link; None where there is none.
        entries: in any order. Their texts are escaped, shortened and isolated where shown.
        claims: in the order of the study.
        earlier_versions: which models had an earlier version when the records were made, in words.
        replications: which entries repeat runs of others, in words.
        checked: by the name of a claim, how far the runs that it rests on were checked, in words.
        significance: the level at which ranks are made, for all pairs of a task together.
        task_summaries, model_summaries: what its tasks ask and its models are, a line each, by name.

    Raises ValueError where the name, or that of the folder of an entry, cannot name a page, or two entries share one.
    """

    name: str
    summary: str
    reference: str | None
    entries: Sequence[LoadedEntry]
    claims: Sequence[ClaimResult]
    earlier_versions: Sequence[str] = ()
    replications: Sequence[str] = ()
    checked: Mapping[str, str] = field(default_factory=dict)
    significance: float = SIGNIFICANCE
    task_summaries: Mapping[str, str] = field(default_factory=dict)
    model_summaries: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        identifiers = [entry.identifier for entry in self.entries]
        for name in (self.name, *identifiers):
            check_identifier(name)
        check_distinct(identifiers, "entries")


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
