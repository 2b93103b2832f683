"""How claims, what was measured of them, and what became of them read."""

import math
from collections import Counter
from collections.abc import Iterable

from mann_bench.studies.claims import ClaimResult, Verdict
from mann_bench.studies.measurement import Measurement
from mann_bench.studies.schema import Claim, ClaimMetric


def measured_text(measured: Measurement) -> str:
    """Return a figure with its interval: ``3.5 [2.9 to 4.1]``, ``> 6.3 [4 or more]``, ``0 of 302 runs [0 to 0.01]``.

    Of an order it is the share of pairs in which the model is first: ``first in 95 % of pairs, p = 0.003``.
    """
    if measured.test is not None:
        return f"first in {100 * measured.low:.0f} % of pairs, p = {measured.test.p_value:.2g}"
    text, interval = _value_text(measured.low, measured.high), measured.interval
    if measured.counted is not None:
        text = f"{measured.counted.successes:,} of {measured.counted.runs:,} runs"
    return text if interval is None else f"{text} [{_interval_text(interval.low, interval.high)}]"


def counts_text(results: Iterable[ClaimResult]) -> str:
    """Return what became of claims, in three numbers: ``3 reproduced, 1 not reproduced, 8 undecided``."""
    counts = Counter(result.verdict for result in results)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)


def number_text(value: float) -> str:
    """Return a number for people, with four digits or all before the point."""
    return f"{value:,.0f}" if 1000 <= abs(value) < math.inf else f"{value:.4g}"


def tolerance_text(claim: Claim) -> str:
    """Return what still counts as reproduced: ``2 to 6``, ``at most 0.5``, or ``it is faster``."""
    if claim.metric is ClaimMetric.FASTER:
        return "it is faster"
    low, high = (None if bound is None else number_text(bound) for bound in (claim.at_least, claim.at_most))
    if low and high:
        return f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}"


def sizes_text(claim: Claim) -> str | None:
    """Return which training sizes convergence is judged on, where it is not the mix of all; None elsewhere."""
    return "the greatest training size alone" if claim.on_target else None


def _value_text(low: float, high: float) -> str:
    if low == high:
        return number_text(low)
    if high == math.inf:
        return f"> {number_text(low)}" if low > 0 else "unknown"
    return f"{number_text(low)} to {number_text(high)}" if low > 0 else f"< {number_text(high)}"


def _interval_text(low: float, high: float) -> str:
    if high == math.inf > low:
        return f"{number_text(low)} or more"
    return f"{number_text(low)} to {number_text(high)}"
