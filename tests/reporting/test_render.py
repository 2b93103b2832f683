import csv
import io
import itertools
import json
import re
from pathlib import Path

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.probe import probe_rows
from mann_bench.analysis.ranking import pairs_rows, rank_rows
from mann_bench.analysis.rows import flat
from mann_bench.analysis.runs import run_rows
from mann_bench.analysis.tables import table_rows
from mann_bench.core.errors import UsageError
from mann_bench.reporting.render import TABLES, Format, render, render_each
from mann_bench.results.store import load_record

TITLES = [
    "Convergence",
    "Generalisation over training",
    "Length generalisation: copy",
    "Length generalisation: repeat_copy",
    "Runs",
]
HOSTILE = ["ntm[red]", "ntm[/]", "a|b", "[bold]x[/bold]|[0]", "[link=https://example.org]x", "[]", "*x*", "<b>x</b>"]
ONE = dict.fromkeys(Format) | {Format.CSV: "generalization"}
"""The table that is written: all of them where the form holds them."""
PAIR = ("ntm", "lstm:layers=2")


@pytest.fixture
def records(make_record, make_failed_record, make_probe):
    """Two models on two tasks: three seeds, of which one diverged; one seed; a failure."""
    pair = [({"length": 10, "repeats": 20}, 3.0, 0.5)]
    return [
        *(make_record(seed=seed, converged_at=at, probe=make_probe(1.0)) for seed, at in enumerate((1_400, 3_200))),
        make_record(seed=2, converged_at=None, outcome="diverged"),
        make_record("lstm:layers=2", converged_at=600),
        make_record(task="repeat_copy", sizes=pair),
        make_failed_record("lstm:layers=2", "repeat_copy"),
    ]


@pytest.fixture
def at_level(make_record, make_syllabus):
    """Return a function that lets a record have run under a syllabus with a curriculum point."""
    syllabus = make_record(syllabus=make_syllabus({0: 1, 200: 4})).syllabus
    return lambda record: record.model_copy(update={"syllabus": syllabus})


@pytest.fixture
def leveled(records, make_record, at_level):
    """The same, and a model that reached a level: they have something for every table."""
    return [*records, at_level(make_record("dnc"))]


def all_rows(records):
    """The rows of every table by its name."""
    made = cells(records)
    more = {"ranks": rank_rows(made), "pairs": pairs_rows(made), "runs": run_rows(made)}
    return {**table_rows(made), "level": level_rows(made), "reached": reached_rows(made), **more}


def cells_of(line):
    """The cells of a line of Markdown, as a reader shows them: a backslash takes its meaning from what follows it."""
    first, *cells, last = re.split(r"(?<!\\)\|", line)
    assert (first, last) == ("", "")
    return [re.sub(r"\\([^\w\s])", r"\1", cell.strip()) for cell in cells]


def markdown_tables(text):
    """The tables of a text in Markdown, each a list of lines, each a list of cells."""
    blocks = itertools.groupby(text.splitlines(), lambda line: line.startswith("|"))
    return [[cells_of(line) for line in lines] for is_table, lines in blocks if is_table]


def csv_rows(records, table=None, **options):
    return list(csv.DictReader(io.StringIO(render(cells(records), Format.CSV, table=table, **options))))


def as_csv(row):
    """A row as CSV holds it."""
    return {name: "" if value is None else str(value) for name, value in flat(row).items()}


def test_text_has_all_tables(records):
    lines = render(cells(records), Format.TEXT).splitlines()
    assert [line for line in lines if line in TITLES] == TITLES


def test_where_nothing_was_probed_there_is_no_table_of_it(make_record):
    lines = render(cells([make_record(protocol="collier2018:probe_every=0")]), Format.TEXT).splitlines()
    assert [line for line in lines if line in TITLES] == [TITLES[0], TITLES[2], TITLES[4]]


def test_text_keeps_square_brackets(records):
    text = render(cells(records), Format.TEXT)
    assert "3,200 [1,400, > 31,250; 75 %]" in text
    assert "  [ ]: order statistics over seeds, 95 % or more" in text


def test_text_keeps_a_row_on_a_line(records):
    line, *_ = [
        line for line in render(cells(records), Format.TEXT).splitlines() if line.split()[:2] == ["copy", "ntm"]
    ]
    assert re.split(r"\s{2,}", line.strip()) == [
        *("copy", "ntm", "12,345", "2/3 [9, 99 %]", "3,200 [1,400, > 31,250; 75 %]", "16.0 [7.0, > 17.0; 75 %]"),
        *("0.05 [0.05, 10.00; 75 %]", "1", "0"),
    ]


def test_text_has_the_notes(records):
    assert "\n  ntm on copy, seed 2: diverged after 600 steps\n" in render(cells(records), Format.TEXT)


def test_text_has_no_colours_and_no_trailing_spaces(records):
    lines = render(cells(records), Format.TEXT).splitlines()
    assert not any("\x1b" in line or line != line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fits_a_width(records, width):
    assert max(map(len, render(cells(records), Format.TEXT, width).splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_of_a_width_has_every_word_whole(records, width):
    words = set(render(cells(records), Format.TEXT, width).split())
    assert {"Convergence", "ntm", "lstm:layers=2", "3,200", "31,250;", "parameters", "mastered"} <= words


def test_where_there_is_no_room_each_size_has_a_row(make_record):
    sizes = [({"length": 20 * number}, 1.5, 0.25) for number in range(1, 7)]
    lines = render(cells([make_record(sizes=sizes)]), Format.TEXT, 60, table="generalization").splitlines()
    assert lines[2:5] == ["  length:", " " + 28 * "─", "  ntm"]
    assert lines[5:12] == [f"    {20 * n:<8}   1.50 / 25.0 %" for n in range(1, 7)] + ["    mastered   none"]


def test_where_there_is_no_room_tasks_have_lines_of_their_own(records):
    lines = render(cells(records), Format.TEXT, 100, table="convergence").splitlines()
    assert [line for line in lines if line in ("copy", "repeat_copy", "task")] == ["copy", "repeat_copy"]


def test_text_has_each_note_once_below_the_last_table(records):
    lines = render(cells(records), Format.TEXT).splitlines()
    notes = [line for line in lines if line.startswith("  [ ]: ")]
    assert (len(notes), lines.index(notes[0]) > lines.index("Runs")) == (1, True)


def test_a_note_of_some_tables_of_a_kind_says_of_which(make_record, make_ngrams_record):
    notes = render(cells([make_record(), make_ngrams_record()]), Format.TEXT).splitlines()
    assert "  copy: mastered: the last size up to which 99 % of the sequences are right" in notes
    assert "  dynamic_ngrams: mastered: the last size up to which the task's rule is met" in notes


@pytest.mark.parametrize("variable", [("FORCE_COLOR", "1"), ("COLUMNS", "20"), ("TERM", "dumb"), ("NO_COLOR", "1")])
def test_text_does_not_depend_on_the_terminal(records, monkeypatch, variable):
    before = render(cells(records), Format.TEXT)
    monkeypatch.setenv(*variable)
    assert render(cells(records), Format.TEXT) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_text_shows_a_models_name_as_it_is(named, name):
    lines = render(cells([named(name, "copy")]), Format.TEXT).splitlines()
    assert sum(f"  {name}  " in line for line in lines) == 4


@pytest.mark.parametrize("name", ["copy[red]", "copy[/]"])
def test_text_shows_a_tasks_name_as_it_is(named, name):
    lines = render(cells([named("ntm", name)]), Format.TEXT).splitlines()
    assert f"Length generalisation: {name}" in lines
    assert sum(line.startswith(f"  {name}  ") for line in lines) == 3


@pytest.mark.parametrize("name", [":car:", r"x\[0]"])
def test_text_shows_colons_and_backslashes_as_they_are(named, name):
    lines = render(cells([named(name, "copy")]), Format.TEXT).splitlines()
    assert sum(f"  {name}  " in line for line in lines) == 4


def test_text_keeps_a_long_title_on_a_line(named):
    task = "copy:" + ",".join(f"option_{i}=value" for i in range(12))
    assert f"Length generalisation: {task}" in render(cells([named("ntm", task)]), Format.TEXT).splitlines()


def test_markdown_tables_have_equal_lines(records):
    tables = markdown_tables(render(cells(records), Format.MARKDOWN))
    assert [len({len(line) for line in table}) for table in tables] == [1, 1, 1, 1, 1]
    assert [len(table) for table in tables] == [2 + 4, 2 + 4, 2 + 2, 2 + 2, 2 + 6]


def test_markdown_has_a_rule_below_its_header(records):
    rules = [table[1] for table in markdown_tables(render(cells(records), Format.MARKDOWN))]
    assert all(re.fullmatch(r":--|--:", cell) for rule in rules for cell in rule)


def test_markdown_puts_names_left_and_numbers_right(records):
    tables = markdown_tables(render(cells(records), Format.MARKDOWN))
    left = [[name for name, cell in zip(*table[:2], strict=True) if cell == ":--"] for table in tables]
    assert left[:2] == [["task", "model"], ["task", "model", "by seed"]]
    assert left[2:] == [["length:"], ["length x repeats:"], ["task", "model", "run key", "outcome"]]


def test_markdown_starts_a_table_after_an_empty_line(records):
    lines = render(cells(records), Format.MARKDOWN).splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("|") and not lines[i - 1].startswith("|")]
    assert [lines[i - 1] for i in starts] == [""] * 5


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_shows_names_as_they_are(named, name):
    convergence, probe, sizes, runs = markdown_tables(render(cells([named(name, name)]), Format.MARKDOWN))
    assert [table[2][:2] for table in (convergence, probe, runs)] == 3 * [[name, name]]
    assert sizes[2][0] == name


@pytest.mark.parametrize("table", TABLES)
def test_csv_parses_back_to_the_rows(leveled, table):
    wanted = [as_csv(row) for row in all_rows(leveled)[table]]
    parsed = csv_rows(leveled, table)
    assert [{name: row[name] for name in want} for row, want in zip(parsed, wanted, strict=True)] == wanted


def test_csv_never_holds_two_tables(leveled):
    with pytest.raises(UsageError, match=f"CSV holds one table, and here are {', '.join(TABLES)}"):
        render(cells(leveled), Format.CSV)


def test_the_levels_reached_stand_in_tables_for_people(leveled):
    table, until = markdown_tables(render(cells(leveled), Format.MARKDOWN, table="level"))
    levels = ["level", "least to most", "greatest", "by seed"]
    assert table[0] == ["task", "model", "syllabus", *levels, "steps", "symbols"]
    assert table[2][:7] == ["copy", "dnc", "exponential", "4", "4 to 4", "4", "0: 4"]
    assert until[0] == ["task", "model", "level", "reached", "steps", "seconds"]
    assert until[2:] == [["copy", "dnc", "4", "1/1", "200", "1.0"]]


def test_the_training_until_each_level_stands_below_the_levels_unless_it_is_chosen(leveled):
    made, title = cells(leveled), "Training until each level"
    assert [render(made, Format.TEXT, table=table).count(title) for table in (None, "level", "reached")] == [1, 1, 1]
    assert [name for name, text in render_each(made, Format.TEXT).items() if title in text] == ["reached"]


def test_of_very_many_levels_a_table_for_people_shows_some(make_record, make_syllabus):
    row = make_record().curve[-1]
    curve = [row.model_copy(update={"step": step}) for step in range(60)]
    syllabus = make_syllabus({step: 1 + step for step in range(60)}, sizes=range(1, 61))
    made = cells([make_record(curve=curve, syllabus=syllabus)])
    assert "24 of 59 levels are shown: csv and json have all" in render(made, Format.TEXT, table="reached")
    (table,) = markdown_tables(render(made, Format.MARKDOWN, table="reached"))
    assert (len(table[2:]), table[-1][2], len(csv_rows([*made[0].records], "reached"))) == (24, "60", 59)


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN, Format.LATEX])
def test_one_table_may_be_chosen(records, form):
    text = render(cells(records), form, table="probe")
    assert [title for title in TITLES if title in text] == ["Generalisation over training"]


@pytest.mark.parametrize(("table", "title"), [("ranks", "Ranks"), ("pairs", "Pairs told apart")])
def test_ranks_are_printed_where_they_are_asked_for(records, table, title):
    assert title not in render(cells(records), Format.TEXT)
    assert render(cells(records), Format.TEXT, table=table).startswith(f"{title}\n")


def test_one_table_may_be_chosen_as_json(records):
    rows = [flat(row) for row in table_rows(cells(records))["probe"]]
    assert json.loads(render(cells(records), Format.JSON, table="probe")) == {"probe": rows}


@pytest.mark.parametrize("form", Format)
def test_a_table_that_has_nothing_to_tell_cannot_be_chosen(make_record, form):
    with pytest.raises(UsageError, match=r"'probe'\. They have: convergence, generalization, runs"):
        render(cells([make_record(protocol="collier2018:probe_every=0")]), form, table="probe")


def test_csv_leaves_dimensions_that_a_task_lacks_empty(records):
    sizes = csv_rows(records, "generalization")
    assert [(row["task"], row["length"], row["repeats"]) for row in sizes] == [
        ("copy", "20", ""),
        ("copy", "20", ""),
        ("repeat_copy", "10", "20"),
    ]


@pytest.mark.parametrize("name", ['a,b"c', "a|b", "[red]"])
def test_csv_quotes_what_needs_it(named, at_level, name):
    other = named(f"{name} too", "copy")
    other = other.model_copy(update={"model": other.model.model_copy(update={"version": 2})})
    of_models = [table for table in TABLES if table != "pairs"]
    records = [at_level(named(name, "copy")), other]
    assert [csv_rows(records, table)[0]["model"] for table in of_models] == [name] * 7


def test_csv_leaves_out_a_table_without_rows(make_failed_record):
    with pytest.raises(UsageError, match="here are convergence, runs"):
        csv_rows([make_failed_record(protocol="collier2018:probe_every=0")])


def test_the_rows_of_every_table_have_its_name(records):
    assert table_rows(cells(records)) == {
        "convergence": convergence_rows(cells(records)),
        "probe": probe_rows(cells(records)),
        "generalization": generalization_rows(cells(records)),
    }


def test_json_parses_back_to_the_rows(records):
    assert json.loads(render(cells(records), Format.JSON)) == {
        name: [flat(row) for row in rows] for name, rows in all_rows(records).items()
    }


def test_json_has_every_key_also_without_rows(make_failed_record):
    tables = json.loads(render(cells([make_failed_record(protocol="collier2018:probe_every=0")]), Format.JSON))
    assert (tuple(tables), tables["probe"], tables["generalization"]) == (TABLES, [], [])


def test_json_is_valid_where_a_score_is_not_finite(make_record):
    text = render(cells([make_record(sizes=[({"length": 20}, float("inf"), float("nan"))])]), Format.JSON)
    (row,) = json.loads(text, parse_constant=pytest.fail)["generalization"]
    assert (row["bit_errors_median"], row["sequence_accuracy_median"]) == (None, 0.0)


@pytest.mark.parametrize("form", Format)
def test_the_order_of_the_records_does_not_matter(records, form):
    table = ONE[form]
    wanted = render(cells(records), form, table=table)
    assert {render(cells(order), form, table=table) for order in list(itertools.permutations(records))[::71]} == {
        wanted
    }


@pytest.mark.parametrize("form", Format)
def test_a_record_read_twice_counts_once(records, form):
    table = ONE[form]
    assert render(cells([*records, *records[::-1]]), form, table=table) == render(cells(records), form, table=table)


def test_a_comparison_is_the_one_table(records):
    text = render(cells(records), Format.TEXT, compare=PAIR)
    assert text.splitlines()[0] == "ntm against lstm:layers=2"
    assert not any(title in text for title in TITLES)


def test_a_comparison_in_markdown_has_its_columns(records):
    (table,) = markdown_tables(render(cells(records), Format.MARKDOWN, compare=PAIR))
    assert table[0][:5] == ["task", "protocol", "seeds", "steps of ntm", "steps of lstm:layers=2"]
    assert table[1][:3] == [":--", ":--", "--:"]
    assert table[2][:5] == ["copy", "collier2018", "3 and 1", "3,200", "600"]


def test_a_comparison_in_json_has_its_own_key(records):
    rows = [flat(row) for row in comparison_rows(cells(records), *PAIR)]
    assert json.loads(render(cells(records), Format.JSON, compare=PAIR)) == {"comparison": rows}


def test_a_comparison_in_csv_parses_back_to_its_rows(records):
    parsed = csv_rows(records, compare=PAIR)
    assert parsed == [as_csv(row) for row in comparison_rows(cells(records), *PAIR)]


@pytest.mark.parametrize("form", Format)
def test_a_comparison_does_not_depend_on_the_order_of_the_records_or_on_reading_twice(records, form):
    wanted = render(cells(records), form, compare=PAIR)
    assert {render(cells(order), form, compare=PAIR) for order in (records[::-1], records[3:] + records)} == {wanted}


@pytest.mark.parametrize("form", Format)
def test_a_comparison_with_an_unknown_model_is_an_error_in_every_form(records, form):
    with pytest.raises(UsageError, match="Did you mean 'ntm'"):
        render(cells(records), form, compare=("nmt", "lstm:layers=2"))


@pytest.mark.parametrize("form", Format)
def test_failed_runs_alone_can_be_shown(make_failed_record, form):
    assert "ntm" in render(cells([make_failed_record()]), form, table=ONE[form] and "convergence")


@pytest.mark.parametrize("form", Format)
def test_a_record_of_version_1_can_still_be_shown(form):
    path = Path(__file__).parents[1] / "results" / "historic" / "record-v1.json"
    shown = render(cells([load_record(path)]), form, table=ONE[form]).replace(r"\_", "_")  # as LaTeX writes it
    assert "ntm:memory_init=random,memory_slots=64" in shown


@pytest.mark.parametrize("form", Format)
def test_every_form_ends_its_last_line(records, form):
    assert render(cells(records), form, table=ONE[form]).endswith("\n")


@pytest.mark.parametrize("table", [table for table in TABLES if table != "pairs"])
def test_csv_and_json_tell_versions_of_a_model_apart(versions, at_level, table):
    versions = list(map(at_level, versions))
    rows = json.loads(render(cells(versions), Format.JSON, table=table))[table]
    origins = {f"mann-bench ntm v{version}, mann-bench copy v1" for version in (1, 2)}
    assert {row["origin"] for row in rows} == {row["origin"] for row in csv_rows(versions, table)} == origins
