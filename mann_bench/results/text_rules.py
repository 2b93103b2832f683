"""See that the texts and the option values of a record are such as can be shown and computed with, whoever wrote it."""

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from mann_bench.core.field_types import MOST
from mann_bench.core.options import OptionValue
from mann_bench.results.problem import Problem, RecordFault

if TYPE_CHECKING:
    from mann_bench.results.schema import ComponentRecord, ProtocolRecord, Record

LONGEST_TEXT = 1_000
"""Characters of any text but the traceback of a failed run."""

MOST_NAMES = 1_000
"""Names and texts of a record: those of its options, scores, sizes and diagnostics, each name once."""


def unshown(text: str, but: str = "") -> str | None:
    """Return the first character that cannot be seen as what it is, by number and name; None where all can.

    Such are control and format characters, marks that turn the direction of writing, and all spaces but the plain one.
    Those in `but` are let pass.
    """
    if text.isprintable():
        return None
    bad = next((each for each in text if not each.isprintable() and each not in but), None)
    return bad and f"U+{ord(bad):04X} ({unicodedata.name(bad, 'a control character')})"


def text_problems(record: "Record") -> Iterator[Problem]:
    """Yield what is wrong with the texts and options of a record; the traceback of a failed run may be any text."""
    texts = _texts_by_place(record)
    if not _fine([text for of_place in texts.values() for text in of_place]):
        yield from _problems(texts)
    for place, values in _options(record).items():
        yield from _number_problems(place, values, finite=place != "details")


def value_problems(place: str, values: Mapping[str, OptionValue], finite: bool = False) -> Iterator[Problem]:
    """Yield what is wrong with options or the `details` of a model, before there is a record. Options are `finite`."""
    yield from _problems({place: _texts(values)})
    yield from _number_problems(place, values, finite)


def _number_problems(place: str, values: Mapping[str, OptionValue], finite: bool) -> Iterator[Problem]:
    for name, value in values.items():
        if isinstance(value, float) and finite and not math.isfinite(value):
            yield Problem(RecordFault.NOT_FINITE, place, f"an option that is not finite, {name[:60]!a}")
        if isinstance(value, int) and abs(value) > MOST:
            yield Problem(RecordFault.OUT_OF_RANGE, place, f"a whole number beyond {MOST:,}, {name[:60]!a}")


def _texts(values: Mapping[str, OptionValue]) -> list[str]:
    """Return the names of values, and the values that are texts."""
    return [*values, *(value for value in values.values() if isinstance(value, str))]


def _options(record: "Record") -> dict[str, Mapping[str, OptionValue]]:
    return {
        "model.options": record.model.options,
        "task.options": record.task.options,
        "protocol.fields": record.protocol.fields,
        "details": record.details,
        **({"syllabus.options": record.syllabus.rule.options} if record.syllabus else {}),
    }


def _texts_by_place(record: "Record") -> dict[str, list[str]]:
    divergence, provenance = record.divergence, record.provenance.__dict__.items()
    texts = {
        "names": [*_names(record)],
        "convergence.metric": [record.convergence.metric],
        "divergence.culprit": [divergence.culprit] if divergence else [],
    }
    texts |= {f"provenance.{name}": [value] for name, value in provenance if isinstance(value, str)}
    parts: list[tuple[str, ComponentRecord | ProtocolRecord]] = [
        ("model", record.model), ("task", record.task), ("protocol", record.protocol),
    ]  # fmt: skip
    parts += [("syllabus", record.syllabus.rule)] if record.syllabus else []
    for place, part in parts:
        texts |= {f"{place}.{name}": [value] for name, value in part.__dict__.items() if isinstance(value, str)}
        texts[f"{place}.given"] = [*part.given, *part.given.values()]
    return texts | {place: _texts(values) for place, values in _options(record).items()}


def _names(record: "Record") -> set[str]:
    """Return by what names scores, sizes and diagnostics go."""
    rows = [*record.generalization, *(row for probe in record.probe for row in probe.rows)]
    return set().union(
        *[row.scores for row in record.curve],
        *[row.diagnostics for row in record.curve],
        *[row.scores for row in rows],
        *[row.size for row in rows],
        *[row.size for row in record.grid],
        *[row.chance for row in record.grid],
        record.training_range,
        *(record.syllabus.sizes if record.syllabus else []),
    )


def _fine(texts: Sequence[str]) -> bool:
    """Tell whether all texts are; all at once, for nearly all records are."""
    return len(texts) <= MOST_NAMES and max(map(len, texts)) <= LONGEST_TEXT and "".join(texts).isprintable()


def _problems(texts: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    if (count := sum(map(len, texts.values()))) > MOST_NAMES:
        yield Problem(RecordFault.TOO_LONG, "names", f"{count:,} names and texts, at most {MOST_NAMES:,}")
    for place, of_place in texts.items():
        for text in of_place:
            if len(text) > LONGEST_TEXT:
                why = f"a text of {len(text):,} characters, at most {LONGEST_TEXT:,}"
                yield Problem(RecordFault.TOO_LONG, place, why)
            elif found := unshown(text):
                why = f"a character that cannot be shown, {found}, in {text[:60]!a}"
                yield Problem(RecordFault.CONTROL_CHARACTER, place, why)
