"""Typed options: the keyword-only parameters of a class, given as text and checked before anything runs."""

import inspect
import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from mann_bench.core.docstrings import words_of
from mann_bench.core.errors import UsageError, nearest

OptionValue = bool | int | float | str | None
"""What an option may hold: exactly what JSON can carry without loss."""

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Option:
    """One option: its name, its annotated type, its default and the words that its docstring has for it."""

    name: str
    type: Any
    default: OptionValue
    words: str | None = None

    @property
    def type_text(self) -> str:
        """The type as users should read it, e.g. ``constant|learned|random`` or ``float|none``."""
        return _type_text(self.type)

    def parse(self, text: str) -> OptionValue:
        """Return the value that `text` stands for; raises ValueError where it is not of the option's type."""
        return _parse(self.type, text)


def options_of(target: Callable[..., Any]) -> dict[str, Option]:
    """Return the options of a class: the keyword-only parameters of its ``__init__``.

    Raises:
        TypeError: a parameter has no default or a type that text cannot express. The plugin is at fault.
    """
    function = target.__init__ if inspect.isclass(target) else target
    hints, words = get_type_hints(function), words_of(target)
    options = {}
    for name, parameter in inspect.signature(target).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        if parameter.default is inspect.Parameter.empty or name not in hints:
            raise TypeError(f"option {name!r} of {target!r} needs a type annotation and a default")
        _type_text(hints[name])
        options[name] = Option(name, hints[name], _default(hints[name], parameter.default), words.get(name))
    return options


def resolve_options(options: Mapping[str, Option], given: Mapping[str, str], owner: str) -> dict[str, OptionValue]:
    """Return every option of `owner` with its value: the given text parsed, else the default.

    Raises:
        UsageError: an unknown option (the valid ones are listed) or a value of the wrong type.
    """
    for name in given:
        if name not in options:
            raise UsageError(
                f"{owner} has no option {name!r}.{nearest(name, options)} Valid options: {_listing(options)}."
            )
    values = {name: option.default for name, option in options.items()}
    for name, text in given.items():
        try:
            values[name] = options[name].parse(text)
        except ValueError:
            raise UsageError(f"{owner}: option {name!r} takes {options[name].type_text}, not {text!r}.") from None
    return values


def option_text(value: OptionValue) -> str:
    """Return `value` as a user would type it: ``none``, ``true``, ``0.001``, ``learned``."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def stands_for(text: str, value: OptionValue) -> bool:
    """Tell whether `text` is one of the ways to type a value, of an option whose type is not at hand."""
    kind = type(value) if isinstance(value, (bool, int, float)) else str | None
    try:
        return _parse(kind, text) == value
    except ValueError:
        return False


def _listing(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (types.UnionType, Union) else (kind,)


def _type_text(kind: Any) -> str:
    names = []
    for part in _alternatives(kind):
        if get_origin(part) is Literal:
            names += [str(value) for value in get_args(part)]
        elif part is type(None):
            names.append("none")
        elif part in (bool, int, float, str):
            names.append("true|false" if part is bool else part.__name__)
        else:
            raise TypeError(f"an option cannot be of type {part!r}: use bool, int, float, str, Literal or None")
    return "|".join(names)


def _parse(kind: Any, text: str) -> OptionValue:
    alternatives = _alternatives(kind)
    if type(None) in alternatives and text.lower() == "none":
        return None
    for part in alternatives:
        if get_origin(part) is Literal:
            for value in get_args(part):
                if str(value) == text:
                    return value  # type: ignore[no-any-return]
        elif part is bool:
            if text.lower() in _BOOLEANS:
                return _BOOLEANS[text.lower()]
        elif part is not type(None):
            try:
                number = part(text)
            except ValueError:
                continue
            if not isinstance(number, float) or math.isfinite(number):
                return number  # type: ignore[no-any-return]
    raise ValueError(text)


def _default(kind: Any, value: OptionValue) -> OptionValue:
    """Return a default as its text would parse, so that ``20`` and ``20.0`` for a float are one run key."""
    alternatives = _alternatives(kind)
    return float(value) if type(value) is int and float in alternatives and int not in alternatives else value
