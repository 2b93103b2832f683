"""Tell what went wrong without stopping, on standard error."""

from collections.abc import Sequence

import click

from mann_bench.core.message_text import printable

MOST_LINES = 20


def tell(problems: Sequence[object], before: str = "", after: str = "") -> None:
    """Print a line a problem, and of very many how many more there are.

    Args:
        problems: errors or texts, which may hold the words of strangers.
        before, after: words around each.
    """
    for each in problems[:MOST_LINES]:
        click.echo(f"{before}{printable(str(each))}{after}", err=True)
    if (more := len(problems) - MOST_LINES) > 0:
        click.echo(f"{before}{more:,} more. To see the message for one of them, name only that one.", err=True)
