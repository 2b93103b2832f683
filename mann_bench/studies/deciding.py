"""Whether so many seeds could decide anything at all, whatever the runs will yield."""

from mann_bench.analysis.measures import of_sequences
from mann_bench.core.errors import UsageError
from mann_bench.statistics.medians import median_bounds
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ranks import seeds_to_decide
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.pairs import pairs_by_subject
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.schema import RATES, Claim, ClaimMetric


def check_decidable(planned: StudyPlan) -> None:
    """See that the last look of a study can decide something.

    Raises:
        UsageError: its seeds can decide no claim and tell no two models apart.
    """
    most = planned.looks.last
    claims, subjects = planned.claims, pairs_by_subject(planned.cells)
    level, significance = planned.looks.level, planned.looks.significance
    of_claims = any(can_decide(each, most, level) for each in claims)
    of_pairs = any(seeds_to_decide(len(pairs), significance) <= most for pairs in subjects)
    if (claims or subjects) and not of_claims and not of_pairs:
        pairs = sum(map(len, subjects))
        raise UsageError(
            f"{most} seeds decide none of the {len(claims)} claims and {pairs} pairs of models, whatever the runs "
            f"yield, at {planned.looks.words()}. Add larger looks to its file; see docs/studies.md."
        )


def can_decide(runs: ClaimRuns, n: int, level: float) -> bool:
    """Return whether there is an outcome of n seeds of each cell that decides a claim at a level."""
    claim = runs.claim
    if n < 2:  # one seed has no interval
        return False
    if claim.metric is ClaimMetric.FASTER:
        return seeds_to_decide(1, 1 - level, strata=len(runs.model)) <= n
    if claim.metric in RATES:
        return _share_can_decide(claim, n * len(runs.model), level)
    if claim.score is not None and of_sequences(claim.score):
        return True
    medians = len(runs.cells)
    return bool(median_bounds(n, 1.0).level ** medians >= level)


def _share_can_decide(claim: Claim, runs: int, level: float) -> bool:
    """Return whether a count of so many runs decides a claim on a rate: none, all, or the share that is claimed."""
    middle = ((claim.at_least or 0.0) + (1.0 if claim.at_most is None else claim.at_most)) / 2
    intervals = [clopper_pearson(count, runs, level) for count in (0, runs, round(runs * middle))]
    return any(claim.tolerates(each.low, each.high) or claim.excludes(each.low, each.high) for each in intervals)
