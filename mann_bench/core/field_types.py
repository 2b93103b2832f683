"""See that the fields of what a plugin brings have the types that they are declared with."""

import dataclasses
import math
import re
import typing
from typing import Any, Literal

MOST = 2**53
"""Greatest whole number of a record: up to here a float holds each."""

_SHOWN = 80

_TARGET = r"\w+(\.\w+)*:\w+"


def check_spec(spec: Any) -> None:
    """Check the fields of a spec or a protocol; raises TypeError or ValueError with the first one that is not sound."""
    check_fields(spec)
    if getattr(spec, "version", 0) < 0:
        raise ValueError(f"version of {spec.name!r} is {spec.version}; expected 0 or more")
    if not re.fullmatch(_TARGET, getattr(spec, "target", "module:Class")):
        raise ValueError(f"target of {spec.name!r} is {spec.target!r}; expected 'package.module:Class'")


def check_fields(data: Any, name: str | None = None) -> None:
    """Check the fields of a dataclass, also those of dataclasses in it; raises TypeError that names the first bad one.

    A list stands for a tuple. Numbers are finite, and whole ones such that a record can hold them.

    Args:
        data: an instance.
        name: what it is called, for the message; by default by the name of its class.
    """
    name = name or type(data).__name__
    for field in dataclasses.fields(data):
        value = getattr(data, field.name)
        if not _fits(value, field.type):
            raise TypeError(f"{field.name} of a {name} is {repr(value)[:_SHOWN]}; expected {_text(field.type)}")
        for part in value if isinstance(value, (tuple, list)) else [value]:
            if dataclasses.is_dataclass(part):
                check_fields(part, f"{type(part).__name__} in a {name}")


def _fits(value: Any, kind: Any) -> bool:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, (tuple, list)) and all(_fits(each, arguments[0]) for each in value)
    if arguments:
        return any(_fits(value, each) for each in arguments)
    if kind in (int, float):
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST
        return whole or (kind is float and isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind)


def _text(kind: Any) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin is tuple:
        return f"several of type {_text(arguments[0])}"
    if arguments:
        return " or ".join(map(_text, arguments))
    known: dict[Any, str] = {int: "a whole number", float: "a number", str: "a text", type(None): "None"}
    return known.get(kind, str(kind.__name__))
