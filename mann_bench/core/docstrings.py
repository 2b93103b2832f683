"""The words that docstrings have for options: those of their section ``Args:``, in Google's style."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

_HEADING = "Args:"
# One or several names, perhaps a type in brackets, and the words: ``rows, columns (int): of the matrix``.
_ARGUMENT = re.compile(r"(?P<names>\w+(?:, ?\w+)*)(?: ?\([^)]*\))?:(?: +(?P<words>.*))?")


class Doc(NamedTuple):
    """A docstring in parts.

    Attributes:
        text: all but the section ``Args:``.
        words: the words of each argument, on one line.
    """

    text: str
    words: dict[str, str]

    @classmethod
    def of(cls, docstring: str | None) -> "Doc":
        """Return the parts of a docstring; of one that is absent, nothing."""
        before, section, after = _parted(inspect.cleandoc(docstring or "").splitlines())
        return cls("\n".join([*before, *after]).rstrip(), _words(section))


def words_of(target: Callable[..., Any]) -> dict[str, str]:
    """Return the words of the parameters of a class or function, by name; those without any are not in it.

    A class says them in its own docstring or in that of its ``__init__``; where it inherits its ``__init__``, those of
    the class that it is from hold too.
    """
    words: dict[str, str] = {}
    for docstring in _docstrings(target):
        words = Doc.of(docstring).words | words
    return words


def _docstrings(target: Callable[..., Any]) -> Iterator[str | None]:
    """Yield the docstrings that may explain a parameter, the nearest first."""
    if not inspect.isclass(target):
        yield target.__doc__
        return
    for each in target.__mro__:
        yield each.__doc__
        if "__init__" in vars(each):
            yield vars(each)["__init__"].__doc__
            return


def _parted(lines: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return the lines before the section, those in it without their heading, and those after it."""
    if _HEADING not in lines:
        return lines, [], []
    start = lines.index(_HEADING)
    end = next((n for n in range(start + 1, len(lines)) if lines[n] and not lines[n].startswith(" ")), len(lines))
    return lines[:start], lines[start + 1 : end], lines[end:]


def _words(section: list[str]) -> dict[str, str]:
    """Return the words of each argument, its lines joined."""
    arguments: list[tuple[list[str], list[str]]] = []
    for line in inspect.cleandoc("\n".join(["", *section])).splitlines():
        argument = _ARGUMENT.fullmatch(line)
        if argument:
            arguments.append((re.split(", ?", argument["names"]), [argument["words"] or ""]))
        elif arguments:
            arguments[-1][1].append(line.strip())
    found = {name: " ".join(filter(None, lines)) for names, lines in arguments for name in names}
    return {name: words for name, words in found.items() if words}
