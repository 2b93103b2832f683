"""Write into docs/reproduction.md which verdicts changed since a commit, and why: `make results`.

What the claims were and what became of them at that commit is kept as it was printed there, with the study in front:

    mann-bench study check STUDY --leaderboards leaderboards --json
"""

import json
import re
from pathlib import Path
from typing import Any

from mann_bench.leaderboard.records import study_records
from mann_bench.registry import Registry
from mann_bench.statistics.interval import Interval
from mann_bench.studies.claim_text import counts_text, measured_text, tolerance_text
from mann_bench.studies.claims import ClaimResult, Verdict, check_claims
from mann_bench.studies.measurement import Measurement
from mann_bench.studies.schema import Claim

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reproduction.md"
BEFORE = ROOT / "docs/verdicts-6524736.jsonl"
_BLOCK = re.compile(r"(?<=<!-- docs/verdicts.py -->\n).*?(?=<!-- end -->)", re.DOTALL)

_NEVER_NAN = re.compile(r".*never-nan.*")
"""The claims whose place is taken by one that is called never-nan."""

Results = dict[str, list[ClaimResult]]
"""What became of the claims of each study, by its name."""


def page() -> str:
    """Return the page with the block as the records say."""
    return _BLOCK.sub(lambda _: f"\n{_block()}\n", PAGE.read_text(encoding="utf-8"))


def _block() -> str:
    before, rows = _before(), ["| study | claim | before | now | why |\n", "|---|---|---|---|---|\n"]
    now = _now(list(before))
    for study, results in before.items():
        found = {result.claim.name: result for result in now[study]}
        for old in results:
            new = found.get(old.claim.name) or found[_NEVER_NAN.sub("never-nan", old.claim.name)]
            if new.verdict != old.verdict:
                rows.append(f"| {study} | {old.claim.name} | {_told(old)} | {_told(new)} | {_why(old, new)} |\n")
    return f"Before: {_counted(before)}. Now: {_counted(now)}.\n\n{''.join(rows)}"


def _before() -> Results:
    found: Results = {}
    for line in BEFORE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found.setdefault(row["study"], []).append(_result(row))
    return found


def _result(row: dict[str, Any]) -> ClaimResult:
    claim = Claim.model_validate({name: row[name] for name in Claim.model_fields if name in row})
    measured = None
    if row["low"] is not None:
        interval = row["interval"] and Interval(
            float(row["interval"]["low"]),
            float(row["interval"]["high"]),
            *(row["interval"][name] for name in ("method", "level", "n")),
        )
        measured = Measurement(float(row["low"]), float(row["high"]), interval)
    return ClaimResult(claim, measured, row["n"], Verdict(row["verdict"]), row["reason"])


def _now(studies: list[str]) -> Results:
    registry, found = Registry.discover(third_party=False), {}
    for study in studies:
        planned, records = study_records(registry, ROOT / "leaderboards", study)
        found[study] = check_claims(planned.claims, records)
    return found


def _counted(found: Results) -> str:
    results = [result for each in found.values() for result in each]
    return f"{len(results)} claims, {counts_text(results)}"


def _told(result: ClaimResult) -> str:
    return str(result.verdict) + ("" if result.measured is None else f": {measured_text(result.measured)}")


def _why(old: ClaimResult, new: ClaimResult) -> str:
    reasons = []
    if new.claim.name != old.claim.name:
        reasons.append(f"{new.claim.name} takes its place")
    if (was := tolerance_text(old.claim)) != (tolerance := tolerance_text(new.claim)):
        reasons.append(f"the tolerance was {was} and is {tolerance}")
    methods = [result.measured.interval.method for result in (old, new) if result.measured and result.measured.interval]
    if len(set(methods)) == 2:
        reasons.append(f"the interval was {methods[0]} and is {methods[1]}")
    return "; ".join([*reasons, *([new.reason] if new.reason else [])])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
