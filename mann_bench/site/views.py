"""What an entry page and a report show of each cell: its runs, its configuration, and the command that repeats it."""

from collections.abc import Iterable
from typing import NamedTuple

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.commands import run_commands
from mann_bench.analysis.convergence import convergence_row
from mann_bench.analysis.measures import generalizes_from, probed
from mann_bench.analysis.probe import generalizing
from mann_bench.analysis.runs import target_first
from mann_bench.core.options import option_text
from mann_bench.core.runs import short_key
from mann_bench.reporting.tables.runs import outcome_text
from mann_bench.results.schema import ComponentRecord, Record
from mann_bench.site.chart import Section
from mann_bench.site.columns import cell_text
from mann_bench.site.seed_charts import seed_section
from mann_bench.site.sheet import Line


class Pair(NamedTuple):
    """A name and its text."""

    name: str
    text: str


class RunLine(NamedTuple):
    """A run: its texts by column, its key and the command that repeats it."""

    texts: list[str]
    key: str
    command: str


class Topic(NamedTuple):
    """A part of a configuration."""

    title: str
    pairs: list[Pair]


class CellView(NamedTuple):
    """A cell on a page."""

    section: Section
    summary: str
    run_columns: list[str]
    runs: list[RunLine]
    configuration: list[Topic]
    command: str


_TARGET = "On greatest size at"

_COLUMNS = (
    "Seed", "Outcome", "Steps", "Converged at", _TARGET, "Generalises from", "Best step", "Training s", "Evaluation s",
    "Peak MiB", "Weights", "Run key", "Command",
)  # fmt: skip


def cell_view(line: Line, number: int) -> CellView:
    """Return what a page shows of a cell; `number` is its place on the page."""
    cell = line.cell
    told = any(record.curve and record.tells_target for record in cell.records)
    return CellView(
        seed_section(line, number),
        cell_text(convergence_row(cell), generalizing(cell)),
        [column for column in _COLUMNS if told or column != _TARGET],
        [_run(record, told) for record in cell.records],
        _configuration(cell),
        "; ".join(run_commands(cell.records)),
    )


def provenance_pairs(records: Iterable[Record]) -> list[Pair]:
    """Return on what records were made: each field once where all agree, otherwise all that there are."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        facts = record.provenance.model_dump(mode="json") | {"backend": str(record.backend)}
        for name, value in facts.items():
            if value is not None:
                found.setdefault(name, {})[_words(value)] = None
    dates = sorted(found.pop("date", {}))
    span = [Pair("runs ended", dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}")] if dates else []
    return [*(Pair(name.replace("_", " "), ", ".join(sorted(texts))) for name, texts in found.items()), *span]


def _run(record: Record, told: bool) -> RunLine:
    """Return the line of a run; `told` where the runs of its cell tell how the greatest size alone was solved."""
    start = generalizes_from(record)
    texts = [
        str(record.seed),
        outcome_text(record),
        f"{record.steps:,}",
        _number(record.converged_first),
        *([_number(target_first(record))] if told else []),
        _number(start),
        f"{record.best_step:,}",
        f"{record.seconds.training:,.1f}",
        f"{record.seconds.evaluation:,.1f}",
        "-" if record.peak_memory_bytes is None else f"{record.peak_memory_bytes / 2**20:,.0f}",
        record.weights_sha256[:12] if record.weights_sha256 else "-",
    ]
    return RunLine(texts, short_key(record.key), *run_commands([record]))


def _configuration(cell: Cell) -> list[Topic]:
    first = cell.records[0]
    every = first.all_parameters
    details = [Pair(name, option_text(value)) for name, value in first.details.items()]
    counted = [
        Pair("parameters", f"{first.parameters:,}"),
        *([Pair("with those not trained", f"{every:,}")] if every not in (None, first.parameters) else []),
        Pair("state bytes", f"{first.state_bytes:,}"),
        Pair("generalisation measured over training", "yes" if probed(cell) else "no"),
        Pair("converged where", f"{cell.rule.metric} < {cell.rule.below:g}"),
    ]
    fields = [Pair(name, option_text(value)) for name, value in first.protocol.fields.items()]
    return [
        Topic("Model", [*_component(first.model), *details]),
        Topic("Task", _component(first.task)),
        Topic("Protocol", [Pair("name", f"{first.protocol.name} v{first.protocol.version}"), *fields]),
        Topic("Counted", counted),
    ]


def _component(part: ComponentRecord) -> list[Pair]:
    return [
        Pair("name", f"{part.name} v{part.version}"),
        Pair("from", f"{part.distribution} {part.distribution_version}"),
        *(Pair(name, option_text(value)) for name, value in part.options.items()),
    ]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _words(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
