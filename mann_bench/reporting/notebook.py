"""What notebooks show of results: tables and figures as HTML, in which the words of strangers mean nothing."""

import base64
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from mann_bench.core.message_text import printable
from mann_bench.reporting.tables.table import Table, reads_as_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Figures(dict[str, "Figure"]):
    """Matplotlib figures by name, which a notebook shows one below the other."""

    def _repr_html_(self) -> str:
        from mann_bench.reporting.pictures import plain_settings, svg

        with plain_settings():
            pictures = {name: base64.b64encode(svg(figure)).decode() for name, figure in self.items()}
        return "\n".join(
            f'<img alt="{_shown(name)}" src="data:image/svg+xml;base64,{each}">' for name, each in pictures.items()
        )


def tables_html(heading: str, tables: Sequence[Table]) -> str:
    """Return tables below a heading, their notes folded."""
    notes = "".join(f"<li>{_shown(note)}</li>" for note in dict.fromkeys(n for table in tables for n in table.notes))
    folded = f"<details><summary>Notes</summary><ul>{notes}</ul></details>"
    return "\n".join([f"<p>{_shown(heading)}</p>", *map(_table, tables), *([folded] if notes else [])])


def _table(table: Table) -> str:
    styles = [f' style="text-align: {"left" if reads_as_text(column) else "right"}"' for column in table.columns]

    def row(cells: Sequence[str], tag: str) -> str:
        made = (f"<{tag}{style}>{_shown(cell)}</{tag}>" for cell, style in zip(cells, styles, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    body = "\n".join(row(cells, "td") for cells in table.rows)
    return f"<table><caption>{_shown(table.title)}</caption>\n{row(table.columns, 'th')}\n{body}\n</table>"


def _shown(text: str) -> str:
    return escape(printable(text))
