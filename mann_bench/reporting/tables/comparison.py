"""The comparison of two models, as people read it."""

import math
from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparison import ComparisonRow, comparison_rows
from mann_bench.reporting.naming import OWN_TRAINING
from mann_bench.reporting.tables.table import INTERVALS, ONE_SEED, Table, lesser_level_text
from mann_bench.statistics.ratio import Ratio


def comparison_table(cells: Sequence[Cell], first: str, second: str) -> Table:
    """Return the comparison of two models; raises as `comparison_rows`."""
    rows = comparison_rows(cells, first, second)
    first, second = rows[0].first, rows[0].second
    own = [name for name in (first, second) if any(cell.model == name and cell.own_training for cell in cells)]
    return Table(
        f"{first} against {second}",
        ["task", "protocol", "seeds", f"steps of {first}", f"steps of {second}", "times faster", "difference", "p"],
        [_text(row, several=len({(row.task, row.protocol) for row in rows}) < len(rows)) for row in rows],
        [
            f"steps: Kaplan-Meier medians until convergence; times faster: those of {second} over those of {first}; "
            "> and <: bounds, where one did not converge within the budget",
            f"difference: mean steps of {first} less those of {second}, what did not converge counted as the budget; "
            f"p: {' or '.join(sorted({row.test.method for row in rows}))}, two-sided; "
            "(the least p that these runs can give)",
            INTERVALS,
            *([ONE_SEED] if any(1 in (row.first_seeds, row.second_seeds) for row in rows) else []),
            *(f"{name} {OWN_TRAINING}" for name in own),
        ],
    )


def ratio_text(low: float, high: float) -> str:
    """Return ``3.5x``, ``> 6.3x``, ``< 0.2x`` or ``unknown`` from the bounds of a ratio."""
    if math.isinf(high):
        return f"> {low:.2f}x" if low else "unknown"
    return f"{high:.2f}x" if low == high else f"< {high:.2f}x" if not low else f"{low:.2f} to {high:.2f}x"


def ratio_words(ratio: Ratio) -> str:
    """Return a ratio with its interval: ``3.50x [1.20, 7.10; 88 %]``."""
    text, interval = ratio_text(ratio.low, ratio.high), ratio.interval
    if interval is None:
        return text
    return f"{text} [{interval.low:.2f}, {interval.high:.2f}{lesser_level_text(interval)}]"


def p_text(p_value: float) -> str:
    """Return a p-value with three decimals, or one digit where it is less."""
    return f"{p_value:.3f}" if p_value >= 0.001 else f"{p_value:.1g}"


def _text(row: ComparisonRow, several: bool) -> list[str]:
    """Return a row as text; where a task has `several`, with the origins that tell them apart."""
    medians = (row.first_steps_median, row.second_steps_median)
    origins = f" [{row.first_origin} against {row.second_origin}]" if several else ""
    return [
        f"{row.task}{origins}",
        row.protocol,
        _seeds(row),
        *(f"> {row.budget_steps:,.0f}" if math.isinf(value) else f"{value:,.0f}" for value in medians),
        ratio_words(row.ratio),
        f"{row.difference:+,.0f}",
        f"{p_text(row.test.p_value)} ({p_text(row.test.least_p_value)})",
    ]


def _seeds(row: ComparisonRow) -> str:
    first, second = row.first_seeds, row.second_seeds
    return str(first) if first == second else f"{first} and {second}"
