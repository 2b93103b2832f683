import re

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.reporting.latex import escaped, latex
from mann_bench.reporting.render import Format, render
from mann_bench.reporting.tables.table import Table


def test_a_table_has_the_rules_of_booktabs():
    text = latex(Table("A title", ["task", "steps"], [["copy", "1,000"]], ["a note"]))
    assert text.splitlines() == [
        r"% needs \usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        r"\caption{A title}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"task & steps \\",
        r"\midrule",
        r"copy & 1,000 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\par{\footnotesize a note}",
        r"\end{table}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("memory_init=50%", r"memory\_init=50\%"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("a & b # c $d$ ~ ^", r"a \& b \# c \$d\$ \textasciitilde{} \textasciicircum{}"),
        ('> 5 < 6 | "x"', r"\textgreater{} 5 \textless{} 6 \textbar{} ''x''"),
        ("a\n\nb", "a b"),
    ],
)
def test_no_character_means_anything_to_latex(text, expected):
    assert escaped(text) == expected


@pytest.mark.parametrize("cell", ["[1]", "*x"])
def test_a_row_that_begins_like_an_argument_is_none(cell):
    rows = latex(Table("", ["model"], [["a"], [cell]], [])).splitlines()
    assert rf"{{}}{cell} \\" in rows


def test_all_tables_are_written(make_record):
    text = render(cells([make_record(), make_record("lstm", "repeat_copy")]), Format.LATEX)
    titles = re.findall(r"\\caption\{(.*)\}", text)
    assert titles == [
        *("Convergence", "Generalisation over training"),
        *("Length generalisation: copy", r"Length generalisation: repeat\_copy", "Runs"),
    ]
