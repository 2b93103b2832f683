"""Clauses for models and tasks alike: the spec, the class, its options."""

import inspect
from collections.abc import Callable, Collection
from typing import Any

from mann_bench.core.errors import UsageError
from mann_bench.core.options import options_of, resolve_options
from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.testing.clause import ConformanceError, require
from mann_bench.testing.subject import Subject

_NO_OPTION = "no_such_option"
_API_WITHOUT_WORDS = 1
"""The highest plugin API under which options may lack words: what was written for it goes on passing, with a note."""


def check_spec(subject: Subject[Any], known: Collection[str]) -> None:
    """Check what a plugin says about a model or task; `known` are the names of the clauses."""
    spec = subject.spec
    for field in ("summary", "reference"):
        require(bool(getattr(spec, field).strip()), f"the spec has no {field}", "one line", f"Say it in {field}=")
    require("\n" not in spec.summary, "the summary has several lines", "one line", "Shorten it")
    require(
        type(spec.version) is int and spec.version >= 1,
        f"version is {spec.version!r}",
        "a whole number from 1 up",
        "Count it up whenever the same options would train differently",
    )
    require(
        bool(subject.doc),
        f"{subject.target.__name__} has no docstring",
        "one",
        "Say what it is and what its options mean",
    )
    names = [failure.clause for failure in spec.expected_failures]
    for failure in spec.expected_failures:
        require(
            failure.clause in known and names.count(failure.clause) == 1,
            f"expected_failures names {failure.clause!r}",
            f"each of these at most once: {', '.join(known)}",
            "Name a clause of the kit",
        )
        require(
            bool(failure.reason.strip()), f"the expected failure of {failure.clause!r} has no reason", "one", "Give it"
        )


def check_class(subject: Subject[Any], base: type, final: Collection[str]) -> None:
    """Check that the class is a complete subclass of `base` that leaves the methods `final` to the suite."""
    target = subject.target
    require(
        inspect.isclass(target) and issubclass(target, base),
        f"the spec's target {subject.spec.target!r} is {target!r}",
        f"a subclass of mann_bench.{base.__name__}",
        "Derive it from that class",
    )
    missing = sorted(getattr(target, "__abstractmethods__", ()))
    require(
        not missing, f"{target.__name__} has no {', '.join(missing)}", "every abstract method", "Write what is missing"
    )
    changed = [name for name in final if getattr(target, name) is not getattr(base, name)]
    require(
        not changed,
        f"{target.__name__} overrides {', '.join(changed)}",
        "that these are left to the suite, so that runs can be compared",
        "Remove the override",
    )


def check_options(subject: Subject[Any], build: Callable[..., Any], sizes: Collection[str]) -> None:
    """Check the parameters of ``__init__``: first the `sizes`, then options alone; no others are taken.

    Args:
        subject: whose class it is.
        build: takes options and returns an instance.
        sizes: names that no option has.
    """
    name, options = subject.target.__name__, options_of(subject.target)
    positional = [
        parameter.name
        for parameter in inspect.signature(subject.target).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    require(
        len(positional) == len(sizes),
        f"{name} takes the positional parameters {', '.join(positional) or 'none'}",
        f"{', '.join(sizes) or 'none'}: options are keyword-only",
        "Put a * before the first option",
    )
    try:
        build(**{_NO_OPTION: 1})
    except TypeError:
        pass
    else:
        raise ConformanceError(
            f"{name} took the option {_NO_OPTION!r}", "a TypeError", "Remove **kwargs: it swallows misspelled options"
        )
    for option in options:
        _check_misspelled(subject, option)


def explained(subject: Subject[Any]) -> str | None:
    """Every option is explained under ``Args:`` of the docstring; under plugin API 1, what is missing is told alone."""
    missing = [name for name, option in options_of(subject.target).items() if option.words is None]
    if not missing:
        return None
    seen = f"the docstring of {subject.target.__name__} says nothing on {', '.join(missing)} under Args:"
    mend = f"Write a line such as '{missing[0]}: what it is, its unit, its range'; mann-bench show prints it"
    plugin = subject.plugin
    require(
        plugin.api <= _API_WITHOUT_WORDS and plugin.distribution != OWN_DISTRIBUTION, seen, "words on each option", mend
    )
    return f"warning: {seen}. {mend}. From plugin API {_API_WITHOUT_WORDS + 1} on, this fails."


def _check_misspelled(subject: Subject[Any], option: str) -> None:
    misspelled = f"{option}_"
    try:
        resolve_options(options_of(subject.target), {misspelled: "1"}, subject.text)
    except UsageError as error:
        require(
            f"Did you mean {option!r}?" in str(error),
            f"for {misspelled!r} another option than {option!r} is offered",
            "the nearest name",
            "Name options so that they can be told apart",
        )
    else:
        raise ConformanceError(f"{misspelled!r} was taken for an option", "an error", f"Rename {option!r}")
