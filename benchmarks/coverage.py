"""Simulate how often intervals cover what they are of, and how often tests reject what is true.

    python benchmarks/coverage.py [--samples 2000] [--seeds 3 4 5 6 7 10 20 50] [--markdown]

An interval is as it says where it covers at least as often as its level says; a test where it rejects a true
hypothesis at a level of 5 % in at most 5 % of the samples. Times are those of runs: they differ by a factor of about
two between seeds (lognormal, standard deviation of the logarithm 0.6).
"""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from measuring import print_table
from numpy.typing import NDArray

from mann_bench.statistics.interval import LEVEL, Interval
from mann_bench.statistics.mean import mean_interval
from mann_bench.statistics.medians import median_estimate, survival_median
from mann_bench.statistics.permutation import log_rank_test, rank_sum_test, share_test
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ratio import median_ratio
from mann_bench.statistics.survival import Durations

SEEDS = (3, 4, 5, 6, 7, 10, 20, 50)
BUDGET = 31_250.0
SPREAD = 0.6
RATIO = 1.5
"""By how much the second of two samples is slower."""

Times = NDArray[np.float64]


class Population(NamedTuple):
    """Where runs come from.

    Attributes:
        name: as the table says it.
        draw: returns so many times, inf for runs that never get there, whatever the budget.
        median: of all runs; inf where it lies beyond the budget.
        share: of the runs that get there within the budget.
    """

    name: str
    draw: Callable[[np.random.Generator, int], Times]
    median: float
    share: float


def populations(slower: float = 1.0) -> list[Population]:
    """Return the kinds of runs that records hold, all of them so many times slower."""
    middle = 6_000 * slower

    def lognormal(rng: np.random.Generator, n: int) -> Times:
        return np.asarray(middle * np.exp(SPREAD * rng.standard_normal(n)))

    def some_never(rng: np.random.Generator, n: int) -> Times:
        return np.where(rng.random(n) < 0.4, math.inf, lognormal(rng, n))

    def late(rng: np.random.Generator, n: int) -> Times:
        return 5 * lognormal(rng, n)

    def on_a_grid(rng: np.random.Generator, n: int) -> Times:
        return np.asarray(200 * np.ceil(lognormal(rng, n) / 200))

    def within(median: float, budget: float = BUDGET) -> float:
        """Return the share of lognormal times of that median that lie within a budget."""
        return 0.5 * math.erfc(-math.log(budget / median) / SPREAD / math.sqrt(2))

    # The median of all where two fifths never get there: five sixths of the others are faster.
    five_sixths = middle * math.exp(SPREAD * 0.967_421_566_101_701)
    return [
        Population("lognormal", lognormal, middle, within(middle)),
        Population("two fifths never", some_never, five_sixths, 0.6 * within(middle)),
        Population("half beyond the budget", late, _beyond(5 * middle), within(5 * middle)),
        Population("every 200 steps", on_a_grid, 200 * math.ceil(middle / 200), within(middle, 200 * (BUDGET // 200))),
    ]


def _beyond(median: float) -> float:
    return median if median <= BUDGET else math.inf


class Case(NamedTuple):
    """One row of the table: what is tried and in how many samples it held.

    Attributes:
        quantity: what is estimated or tested.
        population: of what.
        n: seeds of each sample.
        kept: the share of samples in which an interval covered, or a test did not reject.
        level: what it says of itself; of a test 95 %.
    """

    quantity: str
    population: str
    n: int
    kept: float
    level: float

    def honest(self, samples: int) -> bool:
        """Tell whether it is kept as often as it says, but for three standard errors of the simulation."""
        return self.kept >= self.level - 3 * math.sqrt(self.level * (1 - self.level) / samples)


def durations(times: Times) -> Durations:
    return Durations.of([time if time <= BUDGET else None for time in times.tolist()], BUDGET)


def simulate(n: int, samples: int) -> list[Case]:
    """Return all cases with n seeds a sample."""
    rng = np.random.default_rng(n)
    cases = []
    for one, other in zip(populations(), populations(RATIO), strict=True):
        first = [durations(one.draw(rng, n)) for _ in range(samples)]
        second = [durations(other.draw(rng, n)) for _ in range(samples)]
        alike = [durations(one.draw(rng, n)) for _ in range(samples)]
        made: dict[str, tuple[float, list[Interval | None]]] = {
            "median": (one.median, [survival_median(each).interval for each in first]),
            "median of scores": (one.median, [median_estimate(_scores(each)).interval for each in first]),
            "share": (one.share, [clopper_pearson(sum(each.reached), n) for each in first]),
            "ratio of medians": (
                _ratio(other, one),
                [median_ratio([[b]], [a]).interval for a, b in zip(first, second, strict=True)],
            ),
        }
        for quantity, (truth, intervals) in made.items():
            found = [interval for interval in intervals if interval is not None]
            kept = sum(interval.low <= truth <= interval.high for interval in found) / samples
            cases.append(Case(quantity, one.name, n, kept, found[0].level))
        pairs = list(zip(first, alike, strict=True))
        solved = [((sum(a.reached), n), (sum(b.reached), n)) for a, b in pairs]
        tests = {
            "test of shares": [share_test(*each).p_value for each in solved],
            "log-rank test": [log_rank_test(a, b).p_value for a, b in pairs],
            "rank-sum test": [rank_sum_test(_scores(a), _scores(b)).p_value for a, b in pairs],
        }
        for quantity, p_values in tests.items():
            cases.append(Case(quantity, one.name, n, sum(p > 0.05 for p in p_values) / samples, 0.95))
    return cases


def mean_over_sequences(samples: int, n: int = 192) -> Case:
    """Return the case of the mean of a skewed score over the sequences of a test, which no seed has a part in."""
    scores = np.random.default_rng(n).exponential(size=(samples, n))
    made = [mean_interval(float(each.mean()), float(each.std(ddof=1)), n) for each in scores]
    kept = sum(each is not None and each.low <= 1.0 <= each.high for each in made) / samples
    return Case("mean over sequences", "exponential scores", n, kept, LEVEL)


def _ratio(above: Population, below: Population) -> float:
    """Return the ratio of two medians; where both lie beyond the budget, one that every interval should hold."""
    return RATIO if math.isinf(above.median) and math.isinf(below.median) else above.median / below.median


def _scores(sample: Durations) -> list[float]:
    return [time if seen else math.inf for time, seen in zip(sample.times, sample.reached, strict=True)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where something is kept less often than it says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--samples", type=int, default=2_000, help="simulated samples of each kind")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="seeds of a sample")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/statistics.md has it")
    options = parser.parse_args(arguments)
    cases = [case for n in options.seeds for case in simulate(n, options.samples)]
    names = list(dict.fromkeys((case.quantity, case.population) for case in cases))
    by_name = {(case.quantity, case.population, case.n): case for case in cases}
    heading = ["of", "runs", *(f"n = {n}" for n in options.seeds)]
    rows = [[*name, *(_text(by_name[(*name, n)], options.samples) for n in options.seeds)] for name in names]
    if options.markdown:
        rule = [":--", ":--", *["--:"] * len(options.seeds)]
        print("\n".join(f"| {' | '.join(row)} |" for row in (heading, rule, *rows)))
    else:
        print_table(heading, rows)
        print(
            f"{options.samples:,} samples; in % of them an interval covers, or a test rejects nothing; [ ]: its level"
        )
    sequences = mean_over_sequences(options.samples)
    print(f"\n{sequences.quantity}, n = {sequences.n}, {sequences.population}: {_text(sequences, options.samples)}")
    return 0 if all(case.honest(options.samples) for case in (*cases, sequences)) else 1


def _text(case: Case, samples: int) -> str:
    mark = "" if case.honest(samples) else " !"
    return f"{100 * case.kept:.1f} [{100 * case.level:.1f}]{mark}"


if __name__ == "__main__":
    raise SystemExit(main())
