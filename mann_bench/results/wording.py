"""See that the texts and the option values of a record are such as can be shown and computed with, whoever wrote it."""

import math
from collections.abc import Iterable, Iterator, Mapping

from mann_bench.results.problem import Problem
from mann_bench.results.schema import MOST, ComponentRecord, ProtocolRecord, Record

LONGEST_TEXT = 1_000
"""Characters of any text but the traceback of a failed run."""

MOST_NAMES = 1_000
"""Options of a component, or names of scores, sizes and diagnostics together."""


def text_problems(record: Record) -> Iterator[Problem]:
    """Yield what is wrong with the texts and options of a record; the traceback of a failed run may be any text."""
    parts = {"model": record.model, "task": record.task, "protocol": record.protocol}
    for place, part in parts.items():
        yield from _check_part(place, part)
    yield from _check_texts("provenance", _texts(record.provenance.__dict__))
    yield from _check_texts("details", _texts(record.details))
    yield from _check_numbers("details", record.details)
    yield from _check_texts("names", _names(record))
    culprits = [record.divergence.culprit] if record.divergence else []
    yield from _check_texts("texts", [record.convergence.metric, *culprits])


def _check_part(place: str, part: ComponentRecord | ProtocolRecord) -> Iterator[Problem]:
    values = part.fields if isinstance(part, ProtocolRecord) else part.options
    yield from _check_texts(place, [text for text in part.__dict__.values() if isinstance(text, str)])
    yield from _check_texts(f"{place}.given", [*part.given, *part.given.values()])
    yield from _check_texts(f"{place}.options", _texts(values))
    yield from _check_numbers(f"{place}.options", values)
    if any(isinstance(value, float) and not math.isfinite(value) for value in values.values()):
        yield Problem(f"{place}.options", "an option that is not finite")


def _names(record: Record) -> set[str]:
    """Return by what names scores, sizes and diagnostics go."""
    rows = [*record.generalization, *(row for probe in record.probe for row in probe.rows)]
    return set().union(
        *(row.scores for row in record.curve),
        *(row.diagnostics for row in record.curve),
        *(row.scores for row in rows),
        *(row.size for row in rows),
        *(row.size for row in record.grid),
        *(row.chance for row in record.grid),
        record.training_range,
    )


def _texts(values: Mapping[str, object]) -> list[str]:
    return [*values, *(value for value in values.values() if isinstance(value, str))]


def _check_texts(place: str, texts: Iterable[str]) -> Iterator[Problem]:
    checked = list(texts)
    if len(checked) > 2 * MOST_NAMES:
        yield Problem(place, f"{len(checked):,} names, at most {MOST_NAMES:,}")
    for text in checked:
        if len(text) > LONGEST_TEXT:
            yield Problem(place, f"a text of {len(text):,} characters, at most {LONGEST_TEXT:,}")
        elif not text.isprintable():
            yield Problem(place, f"a character that cannot be shown, in {text[:60]!a}")


def _check_numbers(place: str, values: Mapping[str, object]) -> Iterator[Problem]:
    if any(isinstance(value, int) and abs(value) > MOST for value in values.values()):
        yield Problem(place, f"a whole number beyond {MOST:,}")
