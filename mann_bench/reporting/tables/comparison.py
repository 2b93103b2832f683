"""Two models beside each other on every task that both ran: the ratio of their speeds, and a paired test."""

import contextlib
import math
from collections.abc import Iterable, Sequence

from mann_bench.core.errors import UsageError, nearest
from mann_bench.core.variants import Variant
from mann_bench.reporting.measures import Unit, convergence_durations
from mann_bench.reporting.tables.table import INTERVALS, ONE_SEED, Row, Table, finite
from mann_bench.reporting.words import OWN_TRAINING
from mann_bench.results.cells import Cell, Cells, cells
from mann_bench.results.schema import Record
from mann_bench.statistics.bootstrap import Ratio, median_ratio
from mann_bench.statistics.paired import Comparison, paired_permutation_test
from mann_bench.statistics.survival import median


def comparison_rows(records: Iterable[Record] | Cells, first: str, second: str) -> list[Row]:
    """Return one row a task and protocol that both models ran, from the seeds that both have.

    Args:
        records: in any order.
        first, second: models, as `run` takes them.

    Raises:
        UsageError: a model is not in the records, or the two share no seed of any task.
    """
    made = cells(records)
    first, second = (_canonical(name, made) for name in (first, second))
    pairs = [_paired(a, b) for a in made for b in made if a.model == first and b.model == second and _alike(a, b)]
    rows = [_row(*pair) for pair in pairs if pair[0].records]
    if not rows:
        raise UsageError(f"{first!r} and {second!r} have no task, protocol and seed in common in these records.")
    return rows


def comparison_table(records: Iterable[Record], first: str, second: str) -> Table:
    """Return the comparison of two models; raises as `comparison_rows`."""
    made = cells(records)
    rows = comparison_rows(made, first, second)
    first, second = rows[0]["first"], rows[0]["second"]
    own = [name for name in (first, second) if any(cell.model == name and cell.own_training for cell in made)]
    return Table(
        f"{first} against {second}",
        ["task", "protocol", "seeds", f"steps of {first}", f"steps of {second}", "times faster", "difference", "p"],
        [_text(row, several=len({(row["task"], row["protocol"]) for row in rows}) < len(rows)) for row in rows],
        [
            f"steps: Kaplan-Meier medians until convergence; times faster: those of {second} over those of {first}; "
            "> and <: bounds, where one did not converge within the budget",
            f"difference: mean over seeds of the steps of {first} less those of {second}, what did not converge "
            "counted as the budget; p: paired permutation test of it, two-sided; (least p that so many seeds can give)",
            INTERVALS,
            *([ONE_SEED] if any(row["seeds"] == 1 for row in rows) else []),
            *(f"{name} {OWN_TRAINING}" for name in own),
        ],
    )


def ratio_text(low: float | None, high: float | None) -> str:
    """Return ``3.5x``, ``> 6.3x``, ``< 0.2x`` or ``unknown`` from the bounds of a ratio; None is infinite."""
    if high is None:
        return f"> {low:.2f}x" if low else "unknown"
    return f"{high:.2f}x" if low == high else f"< {high:.2f}x" if not low else f"{low:.2f} to {high:.2f}x"


def _canonical(name: str, made: Sequence[Cell]) -> str:
    """Return the text by which tables name the model that a user means; raises UsageError."""
    known = dict.fromkeys(cell.model for cell in made)
    if name in known:
        return name
    variant = Variant.parse(name)
    for cell in made:
        with contextlib.suppress(UsageError):  # what strangers wrote into a record may be no variant
            if variant.means(cell.model, cell.records[0].model.options):
                return cell.model
    raise UsageError(f"model {name!r} is not in these records.{nearest(name, known)} They have: {', '.join(known)}.")


def _alike(first: Cell, second: Cell) -> bool:
    return (first.task, first.protocol, first.rule) == (second.task, second.protocol, second.rule)


def _paired(first: Cell, second: Cell) -> tuple[Cell, Cell]:
    """Leave of two cells the seeds that both have."""
    shared = {*first.seeds} & {*second.seeds}
    one, other = (cell._replace(records=[r for r in cell.records if r.seed in shared]) for cell in (first, second))
    return one, other


def _row(first: Cell, second: Cell) -> Row:
    ours, theirs = (convergence_durations(cell, Unit.STEPS) for cell in (first, second))
    # A model that met the rule untrained needed no time: nothing is a multiple of that.
    ratio = Ratio(0.0, math.inf, None) if 0 in ours.times else median_ratio([[theirs]], [ours])
    test = paired_permutation_test(ours.times, theirs.times)
    return {
        "task": first.task,
        "protocol": first.protocol,
        "seeds": len(ours.times),
        "first": first.model,
        "second": second.model,
        "first_origin": first.origin,
        "second_origin": second.origin,
        "first_steps_median": finite(median(ours)),
        "second_steps_median": finite(median(theirs)),
        "budget_steps": ours.horizon,
        **_ratio_row(ratio),
        **_test_row(test),
    }


def _ratio_row(ratio: Ratio) -> Row:
    interval = ratio.interval
    return {
        "ratio_at_least": ratio.low,
        "ratio_at_most": finite(ratio.high),
        "ratio_low": interval.low if interval else None,
        "ratio_high": finite(interval.high) if interval else None,
        "ratio_interval": interval.words() if interval else None,
    }


def _test_row(test: Comparison) -> Row:
    return {
        "difference": test.difference,
        "p_value": test.p_value,
        "least_p_value": test.least_p_value,
        "test": test.words(),
    }


def _text(row: Row, several: bool) -> list[str]:
    """Return a row as text; where a task has `several`, with the origins that tell them apart."""
    beyond = f"> {row['budget_steps']:,.0f}"
    medians = (row["first_steps_median"], row["second_steps_median"])
    ratio = ratio_text(row["ratio_at_least"], row["ratio_at_most"])
    if row["ratio_interval"]:
        high = "inf" if row["ratio_high"] is None else f"{row['ratio_high']:.2f}"
        ratio += f" [{row['ratio_low']:.2f}, {high}]"
    origins = f" [{row['first_origin']} against {row['second_origin']}]" if several else ""
    return [
        f"{row['task']}{origins}",
        row["protocol"],
        str(row["seeds"]),
        *(beyond if value is None else f"{value:,.0f}" for value in medians),
        ratio,
        f"{row['difference']:+,.0f}",
        f"{row['p_value']:.3f} ({row['least_p_value']:.3f})",
    ]
