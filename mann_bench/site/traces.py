"""What an entry page shows of what the memory of its runs does: pictures one above the other over one time axis."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mann_bench.analysis.trace_parts import NORM, SEQUENCE, WEIGHTINGS, head_names
from mann_bench.core.sizes import size_text
from mann_bench.results.schema import Record
from mann_bench.results.trace import MemoryTrace, Picture, RunTrace
from mann_bench.site.safe_text import shown
from mann_bench.site.sheet import Line


class Panel(NamedTuple):
    """One picture, or the lines of one gate. The script of the page draws them.

    Attributes:
        label: what it shows.
        shape, minimum, maximum, data: as of `mann_bench.results.trace.Picture`.
        rows: the number of each row of a picture; None of lines.
        lines: the name of each line; None of a picture.
        mask: data of one row: where it is 0 the picture is pale; None where it is not.
    """

    label: str
    shape: tuple[int, int]
    minimum: float
    maximum: float
    data: str
    rows: Sequence[int] | None = None
    lines: Sequence[str] | None = None
    mask: str | None = None


class TraceView(NamedTuple):
    """A trace on a page.

    Attributes:
        name: unique on the page.
        key: of the run.
        title: the cell.
        note: the run and the sequence.
        description: all that is drawn, in a sentence, for those who do not see it.
        panels: from top to bottom.
    """

    name: str
    key: str
    title: str
    note: str
    description: str
    panels: Sequence[Panel]


def trace_views(lines: Iterable[Line], traces: Iterable[RunTrace]) -> list[TraceView]:
    """Return the traces of a page in the order of its cells; the others have none to show."""
    by_key = {trace.key: trace for trace in traces}
    traced = [(record, by_key[record.key]) for line in lines for record in line.cell.records if record.key in by_key]
    return [_view(record, trace, f"trace{number}") for number, (record, trace) in enumerate(traced)]


def _view(record: Record, trace: RunTrace, name: str) -> TraceView:
    title = f"{shown(record.model.text)} on {shown(record.task.text)}"
    sequence = f"{' × '.join(map(shown, trace.size))} {size_text(trace.size)}, {trace.steps} time steps"
    panels = [*_sequence(trace), *(_memory(trace.memory) if trace.memory else ())]
    labels = ", ".join(panel.label for panel in panels)
    return TraceView(
        name,
        trace.key,
        title,
        f"Seed {record.seed}, {_outcome(record)}; test sequence 0 of {sequence}.",
        f"What {title}, seed {record.seed}, does with test sequence 0 of {sequence}, one above the other: {labels}.",
        panels,
    )


def _outcome(record: Record) -> str:
    if record.converged_first is None:
        return record.outcome.words
    return f"converged after {record.converged_first:,} steps"


def _sequence(trace: RunTrace) -> Iterator[Panel]:
    for name, label in SEQUENCE.items():
        picture: Picture = getattr(trace, name)
        panel = _panel(label, picture, rows=range(picture.shape[0]))
        yield panel._replace(mask=trace.mask.data) if name == "outputs" else panel


def _memory(memory: MemoryTrace) -> Iterator[Panel]:
    for name, label in WEIGHTINGS.items():
        pictures = getattr(memory, name)
        for head, picture in enumerate(pictures):
            yield _panel(f"{label}, head {head + 1}" if len(pictures) > 1 else label, picture, memory.slots)
    yield _panel(NORM, memory.memory_norm, memory.slots)
    heads = len(memory.read_weightings), len(memory.write_weightings)
    for name, picture in memory.gates.items():
        names = head_names(picture.shape[0], *heads)
        yield _panel(name.replace("_", " "), picture, None)._replace(lines=names)


def _panel(label: str, picture: Picture, rows: Sequence[int] | None) -> Panel:
    return Panel(
        label, picture.shape, picture.minimum, picture.maximum, picture.data, None if rows is None else [*rows]
    )
