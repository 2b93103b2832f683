import csv
import io
import itertools
import json
import re

import pytest

from mann_bench.reporting.render import Format, render
from mann_bench.reporting.tables import convergence_rows, generalization_rows

HOSTILE = ["ntm[red]", "ntm[/]", "a|b", "[bold]x[/bold]|[0]", "[link=https://example.org]x", "[]", "*x*"]


@pytest.fixture
def records(make_record, make_failed_record):
    """Two models on two tasks: three seeds, of which one is censored; one seed; a failure."""
    pair = [({"length": 10, "repeats": 20}, 3.0, 0.5)]
    return [
        *(make_record(seed=seed, converged_at=at) for seed, at in enumerate((1_400, 3_200, None))),
        make_record("lstm:layers=2", converged_at=600),
        make_record(task="repeat_copy", sizes=pair),
        make_failed_record("lstm:layers=2", "repeat_copy"),
    ]


def cells_of(line):
    """The cells of a line of Markdown, where a pipe that belongs to a cell has a backslash before it."""
    first, *cells, last = re.split(r"(?<!\\)\|", line)
    assert (first, last) == ("", "")
    return [cell.strip().replace("\\|", "|") for cell in cells]


def markdown_tables(text):
    """The tables of a text in Markdown, each a list of lines, each a list of cells."""
    blocks = itertools.groupby(text.splitlines(), lambda line: line.startswith("|"))
    return [[cells_of(line) for line in lines] for is_table, lines in blocks if is_table]


def csv_tables(text):
    return [list(csv.DictReader(io.StringIO(part))) for part in text.split("\n\n")]


def test_text_has_both_tables(records):
    text = render(records, Format.TEXT)
    titles = [line for line in text.splitlines() if line.startswith(("Convergence", "Length"))]
    assert titles == ["Convergence", "Length generalisation: copy", "Length generalisation: repeat_copy"]


def test_text_keeps_square_brackets(records):
    text = render(records, Format.TEXT)
    assert "3,200 [1,400 to > 31,250]" in text
    assert "median over seeds [least to greatest]" in text


def test_text_keeps_a_row_on_a_line(records):
    (line,) = [line for line in render(records, Format.TEXT).splitlines() if line.split()[:2] == ["copy", "ntm"]]
    assert re.split(r"\s{2,}", line.strip()) == [
        *("copy", "ntm", "12,345", "2/3"),
        *("3,200 [1,400 to > 31,250]", "102,400 [44,800 to > 1,000,000]", "16.0 [7.0 to -]"),
        *("bit_errors < 0.1", "0.05 [0.05 to 10.00]", "0", "0"),
    ]


def test_text_has_the_notes(records):
    assert "\n  ntm on copy, seed 2: not converged after 600 steps\n" in render(records, Format.TEXT)


def test_text_has_no_colours_and_no_trailing_spaces(records):
    lines = render(records, Format.TEXT).splitlines()
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)


def test_text_fits_a_width(records):
    rows = [line for line in render(records, Format.TEXT, width=60).splitlines() if not line.startswith("  ")]
    assert max(map(len, rows)) <= 60


@pytest.mark.parametrize("variable", [("FORCE_COLOR", "1"), ("COLUMNS", "20"), ("TERM", "dumb"), ("NO_COLOR", "1")])
def test_text_does_not_depend_on_the_terminal(records, monkeypatch, variable):
    before = render(records, Format.TEXT)
    monkeypatch.setenv(*variable)
    assert render(records, Format.TEXT) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_text_shows_a_models_name_as_it_is(named, name):
    lines = render([named(name, "copy")], Format.TEXT).splitlines()
    assert sum(f"  {name}  " in line for line in lines) == 2


@pytest.mark.parametrize("name", ["copy[red]", "copy[/]"])
def test_text_shows_a_tasks_name_as_it_is(named, name):
    lines = render([named("ntm", name)], Format.TEXT).splitlines()
    assert f"Length generalisation: {name}" in lines
    assert sum(line.startswith(f"  {name}  ") for line in lines) == 1


@pytest.mark.parametrize("name", [":car:", r"x\[0]"])
def test_text_shows_colons_and_backslashes_as_they_are(named, name):
    lines = render([named(name, "copy")], Format.TEXT).splitlines()
    assert sum(f"  {name}  " in line for line in lines) == 2


def test_text_keeps_a_long_title_on_a_line(named):
    task = "copy:" + ",".join(f"option_{i}=value" for i in range(12))
    assert f"Length generalisation: {task}" in render([named("ntm", task)], Format.TEXT).splitlines()


def test_markdown_tables_have_equal_lines(records):
    tables = markdown_tables(render(records, Format.MARKDOWN))
    assert [len({len(line) for line in table}) for table in tables] == [1, 1, 1]
    assert [len(table) for table in tables] == [2 + 4, 2 + 2, 2 + 2]


def test_markdown_has_a_rule_below_its_header(records):
    rules = [table[1] for table in markdown_tables(render(records, Format.MARKDOWN))]
    assert all(re.fullmatch(r":--|--:", cell) for rule in rules for cell in rule)


def test_markdown_puts_names_left_and_numbers_right(records):
    header, rule, *_ = markdown_tables(render(records, Format.MARKDOWN))[0]
    assert [name for name, cell in zip(header, rule, strict=True) if cell == ":--"] == ["task", "model", "rule"]


def test_markdown_starts_a_table_after_an_empty_line(records):
    lines = render(records, Format.MARKDOWN).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("|") and not lines[i - 1].startswith("|")]
    assert [lines[i - 1] for i in starts] == [""] * 3


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_escapes_pipes(named, name):
    table, other = markdown_tables(render([named(name, name)], Format.MARKDOWN))
    assert (table[2][:2], other[2][0]) == ([name, name], name)


def test_csv_parses_back_to_the_rows(records):
    for parsed, rows in zip(
        csv_tables(render(records, Format.CSV)), [convergence_rows(records), generalization_rows(records)], strict=True
    ):
        wanted = [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
        assert [{name: row[name] for name in want} for row, want in zip(parsed, wanted, strict=True)] == wanted


def test_csv_leaves_dimensions_that_a_task_lacks_empty(records):
    _, sizes = csv_tables(render(records, Format.CSV))
    assert [(row["task"], row["length"], row["repeats"]) for row in sizes] == [
        ("copy", "20", ""),
        ("copy", "20", ""),
        ("repeat_copy", "10", "20"),
    ]


@pytest.mark.parametrize("name", ['a,b"c', "a|b", "[red]"])
def test_csv_quotes_what_needs_it(named, name):
    first, second = csv_tables(render([named(name, "copy")], Format.CSV))
    assert (first[0]["model"], second[0]["model"]) == (name, name)


def test_json_parses_back_to_the_rows(records):
    wanted = {"convergence": convergence_rows(records), "generalization": generalization_rows(records)}
    assert json.loads(render(records, Format.JSON)) == wanted


def test_json_is_valid_where_a_score_is_not_finite(make_record):
    text = render([make_record(sizes=[({"length": 20}, float("inf"), float("nan"))])], Format.JSON)
    (row,) = json.loads(text, parse_constant=pytest.fail)["generalization"]
    assert (row["bit_errors"], row["sequence_accuracy"]) == (None, None)


@pytest.mark.parametrize("form", Format)
def test_the_order_of_the_records_does_not_matter(records, form):
    wanted = render(records, form)
    assert {render(order, form) for order in list(itertools.permutations(records))[::37]} == {wanted}


@pytest.mark.parametrize("form", Format)
def test_failed_runs_alone_can_be_shown(make_failed_record, form):
    assert "ntm" in render([make_failed_record()], form)


@pytest.mark.parametrize("form", Format)
def test_every_form_ends_its_last_line(records, form):
    assert render(records, form).endswith("\n")
