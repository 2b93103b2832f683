"""What ``entry.json`` holds: who submitted which runs of which study, and what is known about them."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mann_bench.core.backends import Backend
from mann_bench.core.options import OptionValue
from mann_bench.studies.tuning_file import Tuning

LONGEST_NAME = 80
LONGEST_NOTE = 2_000
"""Characters of the name and of the note of an entry."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Date = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Rows = list[dict[str, OptionValue]]


class Badge(StrEnum):
    """How far the figures of an entry were checked by others than who submitted it.

    Every entry that validates is at least reported: its records are complete and agree with themselves.
    """

    REPORTED = "reported"
    RECOMPUTED = "recomputed"
    REPLAYED = "replayed"
    SPOT_CHECKED = "spot-checked"

    @property
    def words(self) -> str:
        """What was checked, for pages and documents."""
        return _BADGE_WORDS[self]


_BADGE_WORDS = {
    Badge.REPORTED: "the records are complete and agree with themselves; nobody else checked that the runs happened",
    Badge.RECOMPUTED: "all weights were tested again on the test sequences",
    Badge.REPLAYED: "the start of all runs was repeated from their seeds: the untrained model, and up to 200 steps",
    Badge.SPOT_CHECKED: "randomly chosen runs were repeated from their seeds to the end",
}


class Check(StrEnum):
    """What was done to a run: trained again from its seed, to the end or a little, or its weights measured again.

    Fresh seeds were drawn for the cell of the run: what is compared is all seeds of both.
    """

    RERUN = "re-run"
    REPLAY = "replay"
    WEIGHTS = "weights"
    FRESH = "fresh seeds"


class Comparison(StrEnum):
    """What agreement means: every bit, or within the tolerances that the evidence states."""

    BITWISE = "bitwise"
    STATISTICAL = "statistical"


class _Part(BaseModel):
    """Known fields only, frozen, numbers finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StudyReference(_Part):
    """A study as it stood when the entry was made."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="name of the study")
    version: int = Field(ge=1, description="its version")


class RunReference(_Part):
    """One run of the entry."""

    key: Key = Field(description="run key; its record is records/<key>.json")
    sha256: Key = Field(description="SHA-256 of that file")
    weights_sha256: Key | None = Field(description="SHA-256 of the run's weights, as in its record")
    weights_url: str | None = Field(default=None, description="https address of the weights, where they are kept")


class Aggregates(_Part):
    """The tables over seeds, a row a cell, or a cell and size, as `mann-bench report --format json` has them."""

    convergence: Rows = Field(description="seeds that met the task's rule, and after how much training")
    generalization: Rows = Field(description="scores at each size of the length grid")
    probe: Rows = Field(description="seeds that generalise, and from which step on")


class Evidence(_Part):
    """What a check of one run found."""

    check: Check = Field(description="what was done")
    key: Key = Field(description="run key")
    sha256: Key = Field(description="SHA-256 of the record that was checked")
    comparison: Comparison = Field(description="how it was compared")
    agrees: bool = Field(description="whether it agrees")
    text: str = Field(description="what was compared and found, in words")
    backend: Backend = Field(description="how the model was computed")
    device_name: str = Field(description="name of the CPU or GPU that the check ran on")
    torch: str = Field(description="version of torch that it ran with")
    date: Date = Field(description="day of the check, UTC")


class Entry(_Part):
    """One submission to the leaderboard of a study."""

    schema_version: Literal[1] = Field(description="version of this schema")
    study: StudyReference = Field(description="the study that the runs belong to")
    name: str = Field(min_length=1, description="who submits, or what; people read it")
    url: str = Field(description="https address where more is to be found")
    note: str = Field(description="what readers should know; may be empty")
    date: Date = Field(description="day of the submission, UTC")
    runs: list[RunReference] = Field(min_length=1, description="all runs, in the order of their keys")
    aggregates: Aggregates = Field(description="what the records say together")
    badge: Badge = Field(description="how far others checked it")
    evidence: list[Evidence] = Field(default=[], description="what the badge rests on")
    tuning: Tuning | None = Field(
        default=None,
        description="learning rates of the runs, as mann-bench tune chose them; left out where it did not",
    )

    @property
    def id(self) -> str:
        """The name of the entry's folder: its name in plain letters, and digits that tell its runs apart."""
        return entry_id(self.name, (run.key for run in self.runs))


def entry_id(name: str, keys: Iterable[str]) -> str:
    """Return the name of the folder of an entry, of at most 49 characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:40].strip("-") or "entry"
    return f"{slug}-{hashlib.sha256(' '.join(sorted(keys)).encode()).hexdigest()[:8]}"


def earned_badge(runs: Iterable[RunReference], evidence: Iterable[Evidence]) -> Badge:
    """Return the badge that evidence earns.

    Spot-checked where some run was done again, replayed where the start of all runs that kept weights was, recomputed
    where these weights were measured again, reported elsewhere, and where any check disagreed.
    """
    found = list(evidence)
    kept = {run.key for run in runs if run.weights_sha256 is not None}
    if not all(each.agrees for each in found):
        return Badge.REPORTED
    if any(each.check is Check.RERUN for each in found):
        return Badge.SPOT_CHECKED
    for check, badge in ((Check.REPLAY, Badge.REPLAYED), (Check.WEIGHTS, Badge.RECOMPUTED)):
        if kept and kept <= {each.key for each in found if each.check is check}:
            return badge
    return Badge.REPORTED
