"""What `study check` prints: a table of claims, or a line of JSON each."""

import json
import math
from collections.abc import Iterator, Sequence

from mann_bench.cli.columns import aligned, prose
from mann_bench.studies.claim_text import counts_text, measured_text, number_text, sizes_text, tolerance_text
from mann_bench.studies.claims import ClaimResult


def claim_lines(results: Sequence[ClaimResult]) -> Iterator[str]:
    """Yield a table of claims, and why some are undecided."""
    if not results:
        yield "The study makes no claims."
        return
    rows = [["claim", "published", "reproduced where", "measured", "n", "verdict", "statement"]]
    for result in results:
        claim = result.claim
        published = "-" if claim.published is None else number_text(claim.published)
        measured = "-" if result.measured is None else measured_text(result.measured)
        rows.append(
            [claim.name, published, tolerance_text(claim), measured, str(result.n), result.verdict, claim.statement]
        )
    yield from aligned(rows, headed=True)
    yield ""
    yield from map(prose, _notes(results))
    for result in results:
        if sizes := sizes_text(result.claim):
            yield prose(f"{result.claim.name}: judged on {sizes}.")
        if result.reason:
            yield prose(f"{result.claim.name}: {result.reason}.")
    yield f"{counts_text(results)}."


def claim_json(result: ClaimResult) -> str:
    """Return what became of a claim as a line of JSON; numbers that are not finite as text, as in records."""
    row = result.claim.model_dump(mode="json")
    row |= {"low": None, "high": None, "interval": None, "successes": None, "runs": None, "p_value": None}
    if result.measured is not None:
        interval, counted = result.measured.interval, result.measured.counted
        row |= {"low": result.measured.low, "high": result.measured.high, **(counted._asdict() if counted else {})}
        row["p_value"] = result.measured.test and result.measured.test.p_value
        row["interval"] = interval and {name: _json_number(value) for name, value in interval._asdict().items()}
    row |= {"n": result.n, "verdict": result.verdict, "reason": result.reason}
    return json.dumps({name: _json_number(value) for name, value in row.items()}, allow_nan=False)


def _notes(results: Sequence[ClaimResult]) -> list[str]:
    """Return how the intervals and the tests were made, each way once."""
    measured = [result.measured for result in results if result.measured is not None]
    words = dict.fromkeys(each.interval.words() for each in measured if each.interval is not None)
    tests = dict.fromkeys(each.test.words() for each in measured if each.test is not None)
    return [*(f"[ ]: {each}." for each in words), *(f"p: {each}." for each in tests)]


def _json_number(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
