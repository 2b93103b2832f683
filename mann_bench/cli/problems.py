"""Print words, among them those of strangers: none of them may steer a terminal."""

from collections.abc import Sequence

import click

from mann_bench.core.message_text import printable

MOST_LINES = 20


def say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text, on standard error where `err`, and end the line unless not `nl`."""
    click.echo(printable(str(text)), err=err, nl=nl)


def tell(problems: Sequence[object], before: str = "", after: str = "") -> None:
    """Print a line a problem, and of very many how many more there are.

    Args:
        problems: errors or texts, which may hold the words of strangers.
        before, after: words around each.
    """
    for each in problems[:MOST_LINES]:
        say(f"{before}{each}{after}", err=True)
    if (more := len(problems) - MOST_LINES) > 0:
        say(f"{before}{more:,} more. To see the message for one of them, name only that one.", err=True)
