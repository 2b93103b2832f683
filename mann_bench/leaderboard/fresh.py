"""Do runs of seeds that a submitter could not choose, and compare all of them with those of an entry."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mann_bench.analysis.cells import Cell, cells
from mann_bench.analysis.measures import Unit, convergence_durations, scores_at, test_sizes
from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.core.events import Observer
from mann_bench.core.sizes import Size, size_text
from mann_bench.core.variants import LARGEST_SEED
from mann_bench.execution.plan import Block, make_plan
from mann_bench.leaderboard.compare import Compared
from mann_bench.leaderboard.reproduce import do_run, run_of
from mann_bench.leaderboard.schema import Comparison
from mann_bench.registry import Registry
from mann_bench.results.schema import Record
from mann_bench.statistics.permutation import log_rank_test, rank_sum_test

LEVEL = 0.01
"""How often honest seeds are taken for others, at most, by any of the tests of a comparison."""


class Fresh(NamedTuple):
    """Whether the fresh seeds of a cell and those of the entry can be of one distribution, and the new records."""

    compared: Compared
    records: list[Record]


def drawn_cell(registry: Registry, records: Sequence[Record], seed: int) -> Cell:
    """Return a cell of an entry, drawn at random from those that can be run here; raises as `run_of` where none can."""
    made = cells(records)
    refusal: Exception | None = None
    for place in np.random.default_rng(seed).permutation(len(made)).tolist():
        cell: Cell = made[place]
        try:
            run_of(registry, cell.records[0])
        except (UsageError, PluginUnavailableError) as error:
            refusal = refusal or error
        else:
            return cell
    raise refusal or UsageError("the entry has no runs.")


def fresh_seeds(cell: Cell, count: int, seed: int) -> list[int]:
    """Draw seeds that the cell does not have; the same for the same `seed`."""
    rng, found = np.random.default_rng([seed, 1]), dict[int, None]()
    while len(found) < count:
        drawn = int(rng.integers(LARGEST_SEED, endpoint=True))
        if drawn not in cell.seeds:
            found[drawn] = None
    return list(found)


def compare_fresh(registry: Registry, cell: Cell, seeds: Sequence[int], observe: Observer) -> Fresh:
    """Do a run of each seed in a temporary folder, and compare the distributions; raises as `run_again`."""
    first = cell.records[0]
    runs = make_plan(registry, [Block([cell.model], [cell.task], [cell.protocol])], seeds).runs
    with tempfile.TemporaryDirectory() as folder:
        records = [do_run(run, first, Path(folder), observe) for run in runs]
    return Fresh(compare_cells(cell, cells(records)[0]), records)


def compare_cells(cell: Cell, fresh: Cell) -> Compared:
    """Compare the seeds of a cell with others by exact tests: when they converged, and their longest test size."""
    durations = [convergence_durations(each, Unit.STEPS) for each in (cell, fresh)]
    tests = {"steps until convergence": log_rank_test(*durations)}
    if longest := (test_sizes(cell) or test_sizes(fresh))[-1:]:
        scores = [[*_scores(each, longest)] for each in (cell, fresh)]
        tests[f"{cell.rule.metric} at {size_text(longest[0])}"] = rank_sum_test(*scores)
    level = LEVEL / len(tests)
    found = [f"{name}: p {test.p_value:.2g}, {test.words()}" for name, test in tests.items()]
    if all(test.least_p_value > level for test in tests.values()):
        found.append("so few seeds can never differ: draw more")
    if differ := [name for name, test in tests.items() if test.p_value <= level]:
        found.append(f"{' and '.join(differ)} differ")
    text = f"{len(fresh.records)} fresh seeds of {cell.model} on {cell.task} at the level of {LEVEL:g}"
    return Compared(Comparison.STATISTICAL, not differ, f"{'; '.join([text, *found])}.")


def _scores(cell: Cell, sizes: Sequence[Size]) -> Iterator[float]:
    return (score for record in cell.records for score in scores_at(record, sizes, cell.rule.metric))
