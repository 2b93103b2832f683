"""Write into docs/reproduction.md what the factor 3.5 of Collier & Beel 2018 depends on: `make results`.

The study collier-beel-2018-settings has runs of two ways to train. The two ways to judge them, and the two ways to take
a median over seeds, are made of its records here.
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.curves.learning import scores_at
from mann_bench.analysis.measures import Unit, convergence_durations
from mann_bench.analysis.target import on_target
from mann_bench.leaderboard.records import study_records
from mann_bench.registry import Registry
from mann_bench.statistics.medians import median_estimate

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reproduction.md"
STUDY = "collier-beel-2018-settings"
_BLOCK = re.compile(r"(?<=<!-- docs/settings.py -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)

_PUBLISHED = 3.5
_TEN = 10
"""Seeds of the paper."""
_DRAWS = 2_000

Floats = np.ndarray[Any, np.dtype[np.float64]]


class Side(NamedTuple):
    """One of the two cells that a row compares.

    Attributes:
        times: steps to convergence, [seeds]; inf where there is none within the budget.
        curves: the score of the rule, [seeds, evaluations].
        steps: of the evaluations.
        below: threshold of the rule.
    """

    times: Floats
    curves: Floats
    steps: Floats
    below: float

    def median_time(self, seeds: Any = slice(None)) -> float:
        """Return the median of the times."""
        return float(np.median(self.times[seeds]))

    def median_curve_time(self, seeds: Any = slice(None)) -> float:
        """Return the step from which the element-wise median of the curves is first below the threshold."""
        reached = self.steps[np.median(self.curves[seeds], axis=0) < self.below]
        return float(reached[0]) if len(reached) else math.inf


def page() -> str:
    """Return the page with the block as the records say."""
    return _BLOCK.sub(lambda _: f"\n{_table()}\n", PAGE.read_text(encoding="utf-8"))


def _table() -> str:
    rows = [
        "| trained on | judged on | seeds | constant | learned | ratio of median times | ratio by the median curves "
        f"| ten seeds give {_PUBLISHED} or more: times | curves |\n|---|---|---|---|---|---|---|---|---|\n"
    ]
    known = _cells()
    for protocol, trained in (("", "all lengths"), (",syllabus=target", "the greatest length")):
        for judged in ("all lengths", "the greatest length"):
            constant, learned = (
                _side(known[model, protocol], judged != "all lengths") for model in ("ntm", "ntm:memory_init=learned")
            )
            rows.append(f"| {trained} | {judged} | {' | '.join(_row(constant, learned))} |\n")
    return "".join(rows)


def _cells() -> dict[tuple[str, str], Cell]:
    registry = Registry.discover(third_party=False)
    _, records = study_records(registry, ROOT / "leaderboards", STUDY)
    found = cells(records.values())
    return {(cell.model, cell.protocol.removeprefix("collier2018:grace_after=both")): cell for cell in found}


def _side(cell: Cell, target: bool) -> Side:
    records = [on_target(record) for record in cell.records] if target else cell.records
    judged = cell._replace(records=records)
    durations = convergence_durations(judged, Unit.STEPS)
    times = np.where(durations.reached, durations.times, np.inf)
    every = cell.records[0].protocol.integer("evaluate_every")
    steps = np.array([*range(0, cell.budget, every), cell.budget])
    return Side(times, np.array([scores_at(record, steps.tolist()) for record in records]), steps, cell.rule.below)


def _row(constant: Side, learned: Side) -> list[str]:
    seeds = min(len(constant.times), len(learned.times))
    return [
        str(seeds),
        _interval(constant),
        _interval(learned),
        _ratio(learned.median_time(), constant.median_time()),
        _ratio(learned.median_curve_time(), constant.median_curve_time()),
        *(_drawn(constant, learned) if seeds > _TEN else ("-", "-")),
    ]


def _drawn(constant: Side, learned: Side) -> Sequence[str]:
    """Return how often ten of the seeds of each, drawn without replacement, give the published ratio or more."""
    rng, hits = np.random.Generator(np.random.Philox(0)), np.zeros(2)
    for _ in range(_DRAWS):
        one, other = (rng.choice(len(side.times), _TEN, replace=False) for side in (constant, learned))
        hits[0] += learned.median_time(other) >= _PUBLISHED * constant.median_time(one)
        hits[1] += learned.median_curve_time(other) >= _PUBLISHED * constant.median_curve_time(one)
    return [f"{share:.1%}".replace("%", " %") for share in hits / _DRAWS]


def _interval(side: Side) -> str:
    found = median_estimate(side.times.tolist())
    ends = "" if found.interval is None else f" [{_steps(found.interval.low)}, {_steps(found.interval.high)}]"
    return _steps(found.value) + ends


def _steps(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:,.0f}"


def _ratio(above: float, below: float) -> str:
    if math.isinf(below):
        return "unknown"
    return "unbounded" if math.isinf(above) else f"{above / below:.2f}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
