"""How what a plugin does is told. It is light: commands start with it."""

import warnings
from collections.abc import Callable

from mann_bench.core.message_text import printable, shortened

OWN_DISTRIBUTION = "mann-bench"

IMPORTED, BUILT = "imported", "built"

Tell = Callable[[str], object]

LONGEST = 1_000
"""Characters of the words on what a plugin did."""


class PluginWarning(UserWarning):
    """A plugin did what plugins must not do."""


class PluginExitError(Exception):
    """A plugin raised what ends programs, such as SystemExit."""


def warn(text: str) -> None:
    """Tell the user what a plugin did."""
    warnings.warn(printable(text), PluginWarning, stacklevel=2)


def words(error: BaseException) -> str:
    """Return the type and the message of an error on one line, even of one that has no message to give."""
    try:
        message = str(error)
    except Exception:
        message = "(its message cannot be shown)"
    return shortened(f"{type(error).__name__}: {message}" if message else type(error).__name__, LONGEST)
