"""The text that names a variant, ``name:key=value,key=value``, and the text that names seeds, ``0-2,7``.

The same grammar serves the command line, study files and tables; nothing in it needs shell quoting. A value that it
could not hold, with a comma or empty, is written ``key~=value`` with percent escapes: ``words~=a%2Cb``, ``words~=``.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import shortened
from mann_bench.core.options import OptionValue, option_text, stands_for

_ESCAPED = "~"
"""What stands behind the key of a value with percent escapes. No option is called so."""

_LEFT_AS_IT_IS = "".join(chr(code) for code in range(33, 127) if chr(code) not in ",%")
"""What such a value has as it is. Of other characters the bytes are escaped."""

LARGEST_SEED = 2**32 - 1
MOST_RUNS = 100_000
"""Runs of one command, and so its seeds: to plan them takes seconds."""

_LONGEST_RANGE = 40
_LONGEST_SEEDS = 100
"""Characters of seeds that a message repeats."""


@dataclass(frozen=True)
class Variant:
    """A name and the options given with it, still as text."""

    name: str
    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Variant":
        """Parse ``ntm:memory_init=random,memory_slots=64``; raises UsageError where it is malformed."""
        if not text.isprintable():
            raise UsageError(f"{text!r}: expected a variant without characters that cannot be seen.")
        name, colon, rest = text.strip().partition(":")
        given: dict[str, str] = {}
        for part in rest.split(",") if colon else []:
            key, equals, value = (piece.strip() for piece in part.partition("="))
            escaped = key.endswith(_ESCAPED)
            if escaped:
                key, value = key.removesuffix(_ESCAPED), _unescaped(value)
            if not (key and equals and (value or escaped)):
                raise UsageError(
                    f"{text!r}: expected name:key=value,key=value, but found {part!r}. An empty value is written key~= "
                    "and a comma key~=a%2Cb."
                )
            if key in given:
                raise UsageError(f"{text!r}: option {key!r} is given twice.")
            given[key] = value
        if not name:
            raise UsageError(f"{text!r}: expected a name, as in 'ntm' or 'ntm:memory_init=random'.")
        return cls(name, given)

    def means(self, text: str, options: Mapping[str, OptionValue]) -> bool:
        """Tell whether this is a way to write the variant of a canonical text, which has these options in all.

        It may order options as it likes, and give those that the text leaves out, which have their defaults.
        """
        canonical = Variant.parse(text)
        given = {**canonical.given, **self.given}
        return (
            self.name == canonical.name
            and canonical.given.keys() <= self.given.keys()
            and all(name in options and stands_for(value, options[name]) for name, value in given.items())
        )


def variant_text(name: str, options: Mapping[str, OptionValue]) -> str:
    """Return the canonical text of a variant; `options` are those that should show."""
    return f"{name}:{','.join(_option(k, option_text(options[k])) for k in sorted(options))}" if options else name


def _option(key: str, value: str) -> str:
    if value and value == value.strip() and "," not in value:
        return f"{key}={value}"
    return f"{key}{_ESCAPED}={quote(value, safe=_LEFT_AS_IT_IS)}"


def _unescaped(value: str) -> str:
    """Return what a value with percent escapes stands for; raises UsageError where that could not be shown."""
    text = unquote(value)
    if not text.isprintable():
        raise UsageError(f"{value!r}: expected escapes of characters that can be seen.")
    return text


def parse_seeds(text: str) -> list[int]:
    """Return the seeds that ``0-9``, ``3,5`` or ``0-2,7`` stand for, sorted, each once.

    Raises:
        UsageError: anything that is not a non-negative integer or a rising range of them.
    """
    ranges: list[tuple[int, int]] = []
    shown = repr(shortened(text, _LONGEST_SEEDS))
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()) or len(part) > _LONGEST_RANGE:
            raise UsageError(f"seeds {shown}: expected numbers and ranges such as 0-9 or 3,5, found {part[:50]!r}.")
        low, high = int(first), int(last or first)
        if low > high:
            raise UsageError(f"seeds {shown}: the range {part!r} runs backwards. Did you mean '{high}-{low}'?")
        if high > LARGEST_SEED:
            raise UsageError(f"seeds {shown}: a seed is at most {LARGEST_SEED}, found {part!r}.")
        ranges.append((low, high + 1))
    seeds: list[int] = []
    following = 0
    for low, end in sorted(ranges):
        new = range(max(low, following), end)
        if len(seeds) + len(new) > MOST_RUNS:
            raise UsageError(f"seeds {shown}: expected at most {MOST_RUNS:,} in all. Give fewer.")
        seeds.extend(new)
        following = max(following, end)
    return seeds


def seeds_text(seeds: Iterable[int]) -> str:
    """Return seeds as `parse_seeds` reads them: ``0-2,7``."""
    # Within a range of seeds, a seed less its place among all stays the same.
    groups = itertools.groupby(enumerate(sorted(set(seeds))), key=lambda pair: pair[1] - pair[0])
    ranges = ([seed for _, seed in group] for _, group in groups)
    return ",".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else str(each[0]) for each in ranges)
