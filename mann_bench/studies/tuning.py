"""Tune a study: its runs at each learning rate, on seeds of their own, and what they say."""

import dataclasses
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.measures import final_scores
from mann_bench.analysis.tuned import RATE, tuned_text
from mann_bench.core.errors import UsageError
from mann_bench.core.options import option_text
from mann_bench.core.runs import CellName, Run
from mann_bench.core.variants import Variant, parse_seeds, variant_text
from mann_bench.execution.plan import Plan
from mann_bench.execution.resolve import resolve_protocol
from mann_bench.registry import Registry
from mann_bench.results.schema import Record
from mann_bench.studies.claims import cell_of
from mann_bench.studies.schema import TuningTable
from mann_bench.studies.tuning_file import Trial, TunedCell, Tuning, best


class TuningPlan(NamedTuple):
    """The tuning of a study.

    Attributes:
        study, version: of the study.
        table: rates, seeds and rule.
        runs: those of each cell at each rate, in the order of their seeds.
    """

    study: str
    version: int
    table: TuningTable
    runs: Mapping[CellName, Mapping[float, Sequence[Run]]]

    @property
    def plan(self) -> Plan:
        """All runs, seed by seed."""
        every = [run for rates in self.runs.values() for runs in rates.values() for run in runs]
        return Plan(sorted({run.key: run for run in every}.values(), key=lambda run: run.seed))


def plan_tuning(
    registry: Registry, study: str, version: int, table: TuningTable, cells: Mapping[CellName, Sequence[Run]]
) -> TuningPlan:
    """Return the tuning runs of the cells of a study: each under its own protocol, but for the rate.

    Raises:
        UsageError: two protocols of the study differ in their rate alone, which is what tuning decides.
    """
    known: dict[str, str] = {}
    for name in cells:
        if (other := known.setdefault(tuned_text(name.protocol), name.protocol)) != name.protocol:
            raise UsageError(
                f"protocols {other!r} and {name.protocol!r} differ in their {RATE} alone, and tuning chooses it. "
                "Tune a study that has one of them."
            )
    seeds = parse_seeds(table.seeds)
    return TuningPlan(
        study,
        version,
        table,
        {
            name: {rate: seeded(run_at_rate(registry, runs[0], rate), seeds) for rate in table.rates}
            for name, runs in cells.items()
        },
    )


def run_at_rate(registry: Registry, run: Run, rate: float) -> Run:
    """Return a run with another learning rate, and nothing else changed."""
    given = Variant.parse(run.protocol_text)
    changed = variant_text(given.name, {**given.given, RATE: option_text(rate)})
    protocol, typed, text, syllabus = resolve_protocol(registry, changed)
    return dataclasses.replace(run, protocol=protocol, protocol_given=typed, protocol_text=text, syllabus=syllabus)


def seeded(run: Run, seeds: Sequence[int]) -> list[Run]:
    """Return a run once with each of the seeds."""
    return [dataclasses.replace(run, seed=seed) for seed in seeds]


def tuning_of(plan: TuningPlan, records: Mapping[str, Record]) -> Tuning:
    """Return the rate of each cell, given the records of all tuning runs by their keys."""
    return Tuning(
        schema_version=1,
        study=plan.study,
        study_version=plan.version,
        table=plan.table,
        cells=[_cell(plan, name, runs, records) for name, runs in plan.runs.items()],
    )


def _cell(
    plan: TuningPlan, name: CellName, runs: Mapping[float, Sequence[Run]], records: Mapping[str, Record]
) -> TunedCell:
    trials = [_trial(rate, cell_of(of_rate, records)) for rate, of_rate in runs.items()]
    rate = best(plan.table.rule, trials)
    return TunedCell(**name._asdict(), rate=rate, tuned_protocol=runs[rate][0].protocol_text, trials=trials)


def _trial(rate: float, cell: Cell) -> Trial:
    firsts = [record.converged_first for record in cell.records]
    return Trial(
        rate=rate,
        solved=sum(first is not None for first in firsts),
        steps=_median([math.inf if first is None else float(first) for first in firsts]),
        error=_median(final_scores(cell)),
        sequences=sum(record.steps for record in cell.records) * cell.batch_size,
        seconds=math.fsum(record.seconds.training for record in cell.records),
    )


def _median(values: Sequence[float]) -> float | None:
    """Return the median of values of which some may be infinite; None where it is not finite."""
    found = statistics.median(values)
    return found if math.isfinite(found) else None
