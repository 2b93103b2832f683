"""What a record can hold, asked before anything is trained: what a reader would refuse is refused first."""

from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from mann_bench.core.events import CoursePoint, CurvePoint, SizeScores
from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import Protocol
from mann_bench.core.sizes import GridPoint
from mann_bench.results.reading import LARGEST_RECORD
from mann_bench.results.schema import CourseRow, CurveRow, SizeRow
from mann_bench.results.text_rules import value_problems

_ROOM = 1.5
"""How much longer rows may get than those of the first evaluation: numbers with all their digits, and indents."""

_DETAILS = pydantic.TypeAdapter(dict[str, OptionValue])


def check_details(details: Any) -> Mapping[str, OptionValue]:
    """Return what a model's `details` returned, where a record can hold it.

    Raises:
        ValueError: it is no dictionary of short texts, numbers and the like by name.
    """
    try:
        checked = _DETAILS.validate_python(details, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "".join(f"[{part!r}]" for part in first["loc"][:1])
        raise ValueError(
            f"details(){where} is {details!r:.100}; expected a dictionary from names to texts, numbers, true, false "
            "or None"
        ) from error
    if problem := next(value_problems("details()", checked), None):
        raise ValueError(str(problem))
    return checked


def check_room(protocol: Protocol, point: CurvePoint, grid: Sequence[GridPoint], sizes: int = 0) -> None:
    """See that the record of a run is none that a reader would refuse for its size.

    Args:
        protocol: how often it is measured.
        point: its first evaluation; all other measurements have the same scores.
        grid: the sizes that each probe measures.
        sizes: training sizes of which a syllabus draws.

    Raises:
        ValueError: the record would be too large.
    """
    evaluation = len(CurveRow.of(point).model_dump_json(indent=1))
    if sizes:
        drawn, rewards = (protocol.evaluate_every,) * sizes, (-1 / 3,) * sizes
        widest = CoursePoint(protocol.max_steps, None, drawn, rewards)
        evaluation += len(CourseRow.of(widest).model_dump_json(indent=1))
    rows = (SizeRow.of(SizeScores(at.size, protocol.probe_sequences, point.scores)) for at in grid)
    probe = sum(len(row.model_dump_json(indent=1)) for row in rows)
    probes = protocol.max_steps // protocol.probe_every if protocol.probe_every else 0
    expected = _ROOM * (evaluation * (protocol.max_steps // protocol.evaluate_every) + probe * probes)
    if expected > LARGEST_RECORD:
        raise ValueError(
            f"evaluate_every={protocol.evaluate_every} and probe_every={protocol.probe_every} over "
            f"{protocol.max_steps:,} steps make a record of up to {expected / 2**20:,.0f} MiB, and records of at most "
            f"{LARGEST_RECORD // 2**20} MiB are read again; give larger ones"
        )
