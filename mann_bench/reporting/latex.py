"""Write a table as LaTeX, for papers."""

import re
from collections.abc import Iterable

from mann_bench.reporting.tables.table import Table, reads_as_text

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
}


def latex(table: Table) -> str:
    """Return a table in the environment ``table``, with the rules of the package booktabs and its notes below."""
    columns = "".join("l" if reads_as_text(column) else "r" for column in table.columns)
    lines = [
        "% needs \\usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(table.title)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _line(table.columns),
        r"\midrule",
        *map(_line, table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        *(rf"\par{{\footnotesize {escaped(note)}}}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text in which no character means anything to LaTeX."""
    return re.sub(r"[\\{}$&#%_~^<>|\"]", lambda found: _ESCAPED[found[0]], " ".join(text.split()))


def _line(cells: Iterable[str]) -> str:
    line = " & ".join(map(escaped, cells))
    # After the end of a row LaTeX takes a bracket for a distance and a star for a variant of the command.
    return ("{}" if line.startswith(("[", "*")) else "") + line + r" \\"
