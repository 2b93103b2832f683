"""Simulate studies that grow: how often they say what is false, and how many seeds they need.

    python benchmarks/growing.py [--studies 2000] [--looks 5 10 20 40]

A study grows look by look until what it asks is decided. It may say what is false in at most 5 % of all studies: refute
a claim that is true, confirm one that is false, or tell two models apart between which there is nothing. Claims are
judged at all looks for that, also at those that the study would no longer do. Beside the mean number of seeds stands
the number that a study of one look needs, at 95 %, to say what is true as often. Times are those of runs: they differ
by a factor of about two between seeds (lognormal, standard deviation of the logarithm 0.6), and what takes longer than
the budget is censored.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from measuring import print_table
from numpy.typing import NDArray

from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.statistics.looks import Looks
from mann_bench.statistics.medians import survival_median
from mann_bench.statistics.permutation import log_rank_test
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.statistics.ratio import median_ratio
from mann_bench.statistics.survival import Durations
from mann_bench.studies.claims import Verdict, judged
from mann_bench.studies.measurement import Measurement
from mann_bench.studies.schema import Claim

BUDGET = 31_250.0
SPREAD = 0.6
MOST_FIXED = 120
"""The most seeds of a cell that a study of one look is tried with."""

Times = NDArray[np.float64]
Sample = Sequence[Times]
"""A cell each, times of its seeds."""


class Question(NamedTuple):
    """What a study asks.

    Attributes:
        text: in words.
        truth: what is so, in words.
        holds: whether the answer is yes; None where any answer is false.
        draw: returns the seeds of all cells, so many of each.
        answer: says of seeds whether the answer is yes, at a level; None while that is open.
        slow: whether an answer takes so long that studies are not judged beyond the first.
    """

    text: str
    truth: str
    holds: bool | None
    draw: Callable[[np.random.Generator, int], Sample]
    answer: Callable[[Sample, float], bool | None]
    slow: bool = False


class Outcome(NamedTuple):
    """How studies ended that asked a question.

    Attributes:
        question: what they asked.
        wrong: the share that says what is false at any look.
        right: the share that stops with what is true.
        seeds: of each cell, the mean over studies.
        fixed: seeds of each cell with which one look says what is true as often; None where that is too seldom to ask.
    """

    question: Question
    wrong: float
    right: float
    seeds: float
    fixed: int | None


def questions() -> list[Question]:
    """Return what is asked: of claims that hold, hold just so, just fail and fail, and of pairs of models."""
    return [*claim_questions(), *pair_questions()]


def claim_questions() -> list[Question]:
    """Return what is asked of claims."""
    ratios = [(3.5, True), (1.5, True), (1.499, False), (0.7, False)]
    medians = [(6_000, True), (10_000, True), (10_010, False), (17_000, False)]
    rates = [(0.75, True), (0.5, True), (0.499, False), (0.25, False)]
    return [
        *(_ratio_question(ratio, holds, at_least=1.5) for ratio, holds in ratios),
        _ratio_question(4.0, holds=True, at_least=1.5, at_most=10.0),
        *(_median_question(median, holds) for median, holds in medians),
        *(_rate_question(rate, holds) for rate, holds in rates),
    ]


def pair_questions() -> list[Question]:
    """Return what is asked of pairs of models."""

    def answer(sample: Sample, level: float) -> bool | None:
        test = log_rank_test(*map(_durations, sample))
        return test.lead < 0 if test.p_value <= 1 - level else None

    truths = [(1.0, "neither", None), (1.6, "it is, 1.6 times", True), (2.0, "it is, 2 times", True)]
    return [
        Question("first of two models is faster", truth, holds, _times(6_000, 6_000 * ratio), answer, slow=True)
        for ratio, truth, holds in truths
    ]


def _ratio_question(ratio: float, holds: bool, **bounds: float) -> Question:
    claim = _claim("speed_ratio", against=["lstm"], **bounds)

    def answer(sample: Sample, level: float) -> bool | None:
        below, above = map(_durations, sample)
        return _verdict(claim, Measurement(*median_ratio([[above]], [below], level)), len(sample[0]), level)

    upper = f" and at most {bounds['at_most']:g}" if "at_most" in bounds else ""
    text = f"ratio of medians at least {bounds['at_least']:g}{upper}"
    return Question(text, f"{ratio:g}", holds, _times(6_000, 6_000 * ratio), answer)


def _median_question(median: float, holds: bool) -> Question:
    claim = _claim("convergence", at_most=10_000.0)

    def answer(sample: Sample, level: float) -> bool | None:
        value, interval = survival_median(_durations(sample[0]), level)
        return _verdict(claim, Measurement(value, value, interval), len(sample[0]), level)

    return Question("median at most 10,000 steps", f"{median:,}", holds, _times(median), answer)


def _rate_question(rate: float, holds: bool) -> Question:
    claim = _claim("solve_rate", at_least=0.5)

    def draw(rng: np.random.Generator, n: int) -> Sample:
        return [np.where(rng.random(n) < rate, 1.0, math.inf)]

    def answer(sample: Sample, level: float) -> bool | None:
        n, solved = len(sample[0]), int(np.isfinite(sample[0]).sum())
        return _verdict(claim, Measurement(solved / n, solved / n, clopper_pearson(solved, n, level)), n, level)

    return Question("at least half of the seeds solve it", f"{rate:g}", holds, draw, answer)


def _claim(metric: str, **fields: object) -> Claim:
    known = {"name": "a", "statement": "", "model": "ntm", "tasks": ["copy"], "metric": metric}
    return Claim.model_validate(known | fields)


def _verdict(claim: Claim, measured: Measurement, n: int, level: float) -> bool | None:
    verdict = judged(claim, measured, n, level).verdict
    return None if verdict is Verdict.UNDECIDED else verdict is Verdict.REPRODUCED


def _times(*medians: float) -> Callable[[np.random.Generator, int], Sample]:
    return lambda rng, n: [median * np.exp(SPREAD * rng.standard_normal(n)) for median in medians]


def _durations(times: Times) -> Durations:
    return Durations.of([time if time <= BUDGET else None for time in times.tolist()], BUDGET)


def simulate(question: Question, looks: Looks, studies: int, fixed: bool = True) -> Outcome:
    """Return how so many studies end; `fixed` asks for the study of one look, too."""
    rng = np.random.default_rng(studies)
    wrong = right = seeds = 0
    for _ in range(studies):
        answers = _answers(question, question.draw(rng, looks.last), looks)
        wrong += any(answer is not None and answer is not question.holds for answer in answers)
        end = next((place for place, answer in enumerate(answers) if answer is not None), len(answers) - 1)
        right += answers[end] is not None and answers[end] is question.holds
        seeds += looks.sizes[end]
    power = right / studies
    return Outcome(question, wrong / studies, power, seeds / studies, _fixed(question, power) if fixed else None)


def _answers(question: Question, sample: Sample, looks: Looks) -> list[bool | None]:
    """Return the answers at all looks, also at those after the first that decides, or up to it where they are slow."""
    answers: list[bool | None] = []
    for size in looks.sizes:
        answers.append(question.answer([cell[:size] for cell in sample], looks.level))
        if question.slow and answers[-1] is not None:
            break
    return answers


def _fixed(question: Question, power: float) -> int | None:
    """Return the seeds with which one look says what is true with a power, found by halving; None of hardly any."""
    if power < 0.2:
        return None
    low, high, studies = 1, MOST_FIXED, 100 if question.slow else 1_000
    while low < high:
        middle = (low + high) // 2
        rng = np.random.default_rng(middle)
        samples = (question.draw(rng, middle) for _ in range(studies))
        right = sum(question.answer(sample, 1 - SIGNIFICANCE) is question.holds for sample in samples)
        enough = right >= power * studies
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def honest(share: float, studies: int) -> bool:
    """Tell whether errors are as rare as they must be, but for three standard errors of the simulation."""
    return share <= SIGNIFICANCE + 3 * math.sqrt(SIGNIFICANCE * (1 - SIGNIFICANCE) / studies)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where studies say what is false too often."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--studies", type=int, default=2_000, help="simulated studies of each kind")
    parser.add_argument("--looks", type=int, nargs="+", default=[5, 10, 20, 40], help="seeds of a cell at each look")
    options = parser.parse_args(arguments)
    looks = Looks(tuple(options.looks))
    outcomes = [simulate(question, looks, options.studies) for question in questions()]
    print_table(
        ["asked", "in truth", "wrong at any look", "right at the end", "mean seeds", "one look of equal power"],
        [
            [
                each.question.text,
                each.question.truth,
                f"{100 * each.wrong:.1f} %",
                f"{100 * each.right:.0f} %",
                f"{each.seeds:.1f}",
                "-" if each.fixed is None else str(each.fixed),
            ]
            for each in outcomes
        ],
    )
    print(f"{options.studies:,} studies a row, judged at {looks.words()}.")
    return 0 if all(honest(each.wrong, options.studies) for each in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main())
