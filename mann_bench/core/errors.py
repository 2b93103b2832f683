"""Errors that a user can act on, each with the exit code that the command line returns for it."""

import contextlib
import difflib
from collections.abc import Iterable, Iterator


class MannBenchError(Exception):
    """Something that the user can mend. The message says what was wrong, what was expected, what to do."""

    exit_code = 1


class UsageError(MannBenchError):
    """A wrong name, option, value or path."""

    exit_code = 2


class PluginUnavailableError(MannBenchError):
    """A plugin was asked for by name and is broken, switched off or in conflict with another."""

    exit_code = 3


class StoreError(MannBenchError):
    """A record could not be read or written."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'copy'?"`` for the known name closest to `name`, or an empty string."""
    matches = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean {matches[0]!r}?" if matches else ""


@contextlib.contextmanager
def located(where: str, separator: str = ": ") -> Iterator[None]:
    """Put `where` it happened before the message of an error that the user can mend."""
    try:
        yield
    except MannBenchError as error:
        error.args = (f"{where}{separator}{error}",)
        raise
