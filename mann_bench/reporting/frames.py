"""Results as pandas frames: few columns, those that most questions need, or all."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mann_bench.analysis.cells import Cell, origin
from mann_bench.analysis.measures import accuracies_of_sequences
from mann_bench.analysis.rows import FlatRow, Row, flat
from mann_bench.core.errors import UsageError
from mann_bench.core.sizes import size_text
from mann_bench.results.schema import CurveRow, Record

if TYPE_CHECKING:
    import pandas as pd

_OF_CELLS = ("task", "model", "protocol")
_OF_RUNS = (*_OF_CELLS, "seed")
FEW = {
    "convergence": (
        *(*_OF_CELLS, "parameters", "seeds", "solved", "steps_median", "steps_low", "steps_high"),
        *("target_steps_median", "seconds_median", "final_median", "diverged", "failed"),
    ),
    "generalization": (*_OF_CELLS, "size", "seeds"),
    "generalizing": (*_OF_CELLS, "size", "seeds", "generalizing", "from_step_median", "by_seed"),
    "levels": (*_OF_CELLS, "syllabus", "seeds", "level_median", "level_low", "level_high", "by_seed"),
    "reached": (*_OF_CELLS, "level", "seeds", "reached", "steps_median", "steps_low", "steps_high", "seconds_median"),
    "curves": (*_OF_RUNS, "step", "training_seconds"),
    "probe": (*_OF_RUNS, "step", "size"),
    "runs": (*_OF_RUNS, "outcome", "steps", "converged_first", "target_first", "failure", "key"),
    "comparison": (
        *("task", "protocol", "first", "second", "first_seeds", "second_seeds", "first_steps_median"),
        *("second_steps_median", "ratio_at_least", "ratio_at_most", "ratio_low", "ratio_high", "p_value"),
    ),
}
"""The columns of each frame that are there unless all are asked for; scores come to them."""


def row_frame(name: str, rows: Iterable[Row], cells: Sequence[Cell], all_columns: bool) -> "pd.DataFrame":
    """Return rows of a table as a frame; arguments and errors are those of `frame`."""
    return frame(name, map(flat, rows), cells, all_columns)


def curve_rows(records: Iterable[Record]) -> list[FlatRow]:
    """Return a row a run and evaluation."""
    return [
        _run(r)
        | _training_so_far(row)
        | row.scores
        | {f"target_{name}": value for name, value in row.target_scores.items()}
        for r in records
        for row in r.curve
    ]


def size_rows(records: Iterable[Record]) -> list[FlatRow]:
    """Return a row a run, probe and size of the length grid."""
    return [
        {**_run(r), "step": at.step, "size": size_text(row.size), **row.size, **row.scores}
        for r in records
        for at in r.probe
        for row in at.rows
    ]


def frame(name: str, rows: Iterable[Mapping[str, Any]], cells: Sequence[Cell], all_columns: bool) -> "pd.DataFrame":
    """Return rows as a frame.

    Args:
        name: one of `FEW`.
        rows: names of columns to values.
        cells: what the rows are about: the score of each task's rule, the accuracy, and accuracies in which no model
            has a part are among the few columns, and the origin where versions of a model or task stand beside each
            other.
        all_columns: whether to keep all.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise UsageError("frames need pandas, which is not installed: pip install 'mann-bench[pandas]'.") from None
    made = pd.DataFrame(list(rows))
    if all_columns:
        return made
    metrics = [cell.rule.metric for cell in cells]
    scores = list(dict.fromkeys([*metrics, "sequence_accuracy", *accuracies_of_sequences(cells)]))
    few = {*FEW[name], *scores, *(f"target_{score}" for score in scores)}
    few |= {f"{score}_{part}" for score in scores for part in ("median", "low", "high")}
    if len({(cell.task, cell.model, cell.protocol) for cell in cells}) < len(cells):
        few |= {"origin", "first_origin", "second_origin"}
    return made[[column for column in made.columns if column in few]]


def _run(record: Record) -> FlatRow:
    named: FlatRow = {"task": record.task.text, "model": record.model.text, "protocol": record.protocol.text}
    return named | {"origin": origin(record), "seed": record.seed, "key": record.key}


def _training_so_far(row: CurveRow) -> FlatRow:
    """Return the training before an evaluation, in each unit that its record tells."""
    return row.model_dump(include={"step", "sequences", "training_seconds", "symbols"}, exclude_none=True)
