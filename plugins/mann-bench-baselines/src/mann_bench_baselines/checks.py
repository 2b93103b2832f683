"""Checks of the options that a model is built with."""

from typing import Any, get_args


def require_positive(**values: int | float | None) -> None:
    """Raise ValueError where a value is not above zero; None passes."""
    for name, value in values.items():
        if value is not None and not value > 0:
            raise ValueError(f"{name} must be {'positive' if isinstance(value, float) else 'at least 1'}, not {value}")


def require_one_of(**choices: tuple[str, Any]) -> None:
    """Raise ValueError where the first of a pair is none of the values of the second, a Literal."""
    for name, (value, legal) in choices.items():
        if value not in get_args(legal):
            raise ValueError(f"{name} must be one of {', '.join(get_args(legal))}, not {value!r}")
