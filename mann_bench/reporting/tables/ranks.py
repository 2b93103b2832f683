"""The tables of ranks and of the pairs that they tell apart, as people read them."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.ranking import By, PairsRow, RankRow, pairs_rows, rank_rows
from mann_bench.reporting.naming import row_labels
from mann_bench.reporting.tables.table import Table
from mann_bench.statistics.interval import SIGNIFICANCE
from mann_bench.statistics.ranks import Rank

RANKED_BY = {
    By.STEPS: "steps until convergence",
    By.SOLVED: "solve rate",
    By.GENERALIZING: "step from which seeds generalise",
    By.ERROR: "error at the longest size",
}
"""What each ranking is by."""

TESTED_BY = {
    By.STEPS: "exact log-rank permutation test",
    By.SOLVED: "exact permutation test of shares (Fisher)",
    By.GENERALIZING: "exact log-rank permutation test",
    By.ERROR: "exact rank-sum permutation test",
}
"""The test of two entries of each ranking."""

RANK_TITLES = {By.STEPS: "steps", By.SOLVED: "solve rate", By.GENERALIZING: "generalising", By.ERROR: "error"}
"""Each ranking in short."""

_ABSENT = "-"


def ranks_table(cells: Sequence[Cell]) -> Table | None:
    """Return the table of ranks; None where no two cells share a task and protocol."""
    rows = rank_rows(cells)
    if not rows:
        return None
    labels = {_cell_of(cell): label for cell, label in zip(cells, row_labels(cells), strict=True)}
    return Table(
        "Ranks",
        ["task", "model", *RANK_TITLES.values()],
        [[row.task, labels[_cell_of(row)], *(rank_text(row.rank.get(by)) for by in By)] for row in rows],
        ["the places that a row may have: below those shown to be better, above those shown to be worse", *_notes()],
    )


def pairs_table(rows: Sequence[PairsRow], significance: float = SIGNIFICANCE) -> Table | None:
    """Return how many pairs each ranking tells apart at a level, a line a task and protocol; None without a pair."""
    if not rows:
        return None
    several = len({row.protocol for row in rows}) > 1
    found: dict[tuple[str, ...], list[PairsRow]] = {}
    for row in rows:
        found.setdefault((row.task, row.protocol) if several else (row.task,), []).append(row)
    return Table(
        "Pairs told apart",
        ["task", *(["protocol"] if several else []), "seeds", "seeds needed", *RANK_TITLES.values()],
        [[*names, *_seeds(of_names), *map(pairs_text, of_names)] for names, of_names in found.items()],
        [
            "seeds needed: of each row, for it to be possible at all that a pair is told apart",
            *(note for names, of_names in found.items() for note in _too_few(", ".join(names), of_names)),
            *_notes(significance),
        ],
    )


def pairs_tables(cells: Sequence[Cell]) -> list[Table]:
    """Return the table of `pairs_table` of cells, if there is a pair."""
    made = pairs_table(pairs_rows(cells))
    return [made] if made else []


def rank_text(rank: Rank | None) -> str:
    """Return ``1-3``; a dash where the records hold nothing to rank by."""
    return rank.words() if rank else _ABSENT


def pairs_text(row: PairsRow) -> str:
    """Return ``3 of 15``; where there is no pair, how many rows could have made one."""
    if row.pairs:
        return f"{row.decided:,} of {row.pairs:,}"
    return f"{row.models} has it" if row.models else "not in these records"


def _seeds(rows: Sequence[PairsRow]) -> list[str]:
    """Return how many seeds there are, and how many it takes."""
    fewest = min((row.seeds_at_least for row in rows if row.seeds_at_least is not None), default=0)
    most = max(row.seeds_at_most or 0 for row in rows)
    needed = [row.seeds_needed for row in rows if row.seeds_needed]
    return [str(most) if fewest == most else f"{fewest} to {most}", str(min(needed)) if needed else _ABSENT]


def _too_few(name: str, rows: Sequence[PairsRow]) -> list[str]:
    """Say where no ranking can tell any pair apart, whatever its runs are."""
    needed, most = [row.seeds_needed for row in rows if row.seeds_needed], max(row.seeds_at_most or 0 for row in rows)
    if not needed or most >= min(needed):
        return []
    return [
        f"{name}: {most} seed{'s are' if most > 1 else ' is'} too few to tell any pair apart; it takes {min(needed)}"
    ]


def _cell_of(row: Cell | RankRow) -> tuple[str, ...]:
    return row.task, row.model, row.protocol, row.origin


def _notes(significance: float = SIGNIFICANCE) -> list[str]:
    holm = f"two-sided tests of all pairs of a task and protocol, by Holm at {100 * significance:g} % for all together"
    return [*(f"{RANK_TITLES[by]}: by {RANKED_BY[by]}, {TESTED_BY[by]}" for by in By), holm]
