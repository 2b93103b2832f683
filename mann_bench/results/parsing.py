"""Make of JSON that anybody may have written what it should hold, or tell in short what is wrong with it."""

from typing import TypeVar, get_args

import pydantic
from pydantic_core import ErrorDetails

from mann_bench.core.field_types import MOST
from mann_bench.core.message_text import shortened
from mann_bench.results.problem import Problem, RecordFault, UnsoundError

Model = TypeVar("Model", bound=pydantic.BaseModel)

_LONGEST_PLACE = 100
_LONGEST_REASON = 200
_MOST_ERRORS = 1_000
_MOST_TOLD = 5


class _Versioned(pydantic.BaseModel):
    """What every file has, of whatever version."""

    schema_version: int = pydantic.Field(strict=True, le=MOST)


def parsed(kind: type[Model], content: bytes) -> Model:
    """Return what a file holds, of a kind that has a ``schema_version``.

    Raises:
        UnsoundError: it is no JSON, of a later version, or has not the schema; a few problems are told.
    """
    try:
        return kind.model_validate_json(content)
    except pydantic.ValidationError as error:
        raise UnsoundError(_problems(kind, content, error)) from error


def _problems(kind: type[pydantic.BaseModel], content: bytes, error: pydantic.ValidationError) -> list[Problem]:
    (known,) = get_args(kind.model_fields["schema_version"].annotation)
    here = f"but this version of mann-bench reads {known}"
    if (version := _version(content)) > known:
        text = f"schema version {version}, {here}; install a newer one"
        return [Problem(RecordFault.FUTURE_SCHEMA, "schema_version", text)]
    if (count := error.error_count()) > _MOST_ERRORS:  # listing them would take longer than finding them
        return [Problem(RecordFault.SCHEMA, None, f"{count:,} values are not what they should be")]
    found = error.errors(include_url=False)
    versions = [each for each in found if each["loc"] == ("schema_version",) and each["type"] != "missing"]
    if versions:
        text = shortened(f"schema version {versions[0]['input']!a}", _LONGEST_REASON)
        return [Problem(RecordFault.SCHEMA, "schema_version", f"{text}, {here}; no version wrote such a file")]
    # What a number could be but finite is told in its own alternative alone.
    told = [each for each in found if each["type"] == "finite_number"] or found
    return [_problem(each) for each in told[:_MOST_TOLD]]


def _version(content: bytes) -> int:
    """Return the schema version that a file states, or 0."""
    try:
        return _Versioned.model_validate_json(content).schema_version
    except pydantic.ValidationError:
        return 0


def _problem(error: ErrorDetails) -> Problem:
    names = {"json_invalid": RecordFault.NOT_JSON, "finite_number": RecordFault.NOT_FINITE}
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    text = shortened(error["msg"], _LONGEST_REASON)
    return Problem(names.get(error["type"], RecordFault.SCHEMA), shortened(place, _LONGEST_PLACE) or None, text)
