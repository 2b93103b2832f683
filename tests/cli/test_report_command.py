import csv
import io
import json
import math
import os
from pathlib import Path

import pytest

from mann_bench.cli.report_command import command
from mann_bench.reporting.render import TABLES, Format
from mann_bench.results.keys import record_key
from mann_bench.results.store import Store

FORMS = [form.value for form in Format]

WITHOUT_LEVEL = [table for table in TABLES if table not in ("level", "reached")]
"""What there is to tell of runs that no syllabus with a curriculum point was for."""


def as_form(form):
    """The arguments that ask for a form; CSV holds one table."""
    return ["--format", form, *(["--table", "generalization"] if form == "csv" else [])]


@pytest.fixture
def recorded(mann_bench, make_record, make_probe):
    """Write the records of two models of two seeds each; return their folders."""
    runs = [("ntm", 0, 400), ("ntm", 1, 800), ("lstm", 0, 1_000), ("lstm", 1, 1_200)]
    records = [make_record(model, seed=seed, converged_at=at, probe=make_probe(1.0)) for model, seed, at in runs]
    return [Store(Path("runs")).write(record, None) for record in records]


def test_report_prints_what_run_printed(run, mann_bench):
    _, printed, _ = run(seeds="0-1")
    code, out, _ = mann_bench("report", "runs")
    assert (code, out) == (0, printed)


def test_report_writes_markdown_csv_and_json(run, mann_bench):
    run()
    assert "| task | model |" in mann_bench("report", "--format", "markdown")[1]
    (row,) = csv.DictReader(io.StringIO(mann_bench("report", "--format", "csv", "--table", "convergence")[1]))
    assert row["solved"] == "0"
    tables = json.loads(mann_bench("report", "--format", "json")[1])
    assert tuple(tables) == TABLES


def test_report_judges_on_the_greatest_size_where_it_is_asked_to(run, mann_bench):
    run()
    code, out, err = mann_bench("report", "--converged-on", "target", "--format", "json")
    (row,) = json.loads(out)["convergence"]
    assert (code, row["solved"], row["symbols_budget"] > 0) == (0, 0, True)
    assert "greatest training size alone" in err


def test_records_of_before_cannot_be_judged_on_the_greatest_size(recorded, mann_bench):
    code, out, err = mann_bench("report", "--converged-on", "target")
    assert (code, out) == (2, "")
    assert "Leave --converged-on out." in err


def test_report_leaves_out_what_it_cannot_read_and_says_so(run, mann_bench):
    run(seeds="0-1")
    broken = sorted(Path("runs").glob("*/record.json"))[0]
    broken.write_text("{")
    code, out, err = mann_bench("report", "runs")
    assert code == 1
    assert f"Left out: {broken}" in err
    assert "0/1" in out


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_report_without_records_is_an_error(mann_bench, path):
    code, out, err = mann_bench("report", path)
    assert (code, out) == (1, "")
    assert path in err


@pytest.mark.parametrize("form", FORMS)
def test_report_does_not_depend_on_the_order_of_the_records_or_on_reading_twice(mann_bench, recorded, form):
    _, wanted, _ = mann_bench("report", *as_form(form))
    assert wanted
    for paths in (recorded[::-1], [*recorded[2:], *recorded[:2]], ["runs", *recorded]):
        assert mann_bench("report", *paths, *as_form(form)) == (0, wanted, "")


def test_several_tables_as_csv_are_an_error_that_names_them(mann_bench, recorded):
    code, out, err = mann_bench("report", "--format", "csv")
    assert (code, out) == (2, "")
    assert f"here are {', '.join(WITHOUT_LEVEL)}. Choose one with --table, or a file for each with --out." in err


def test_report_writes_each_table_into_a_file(mann_bench, recorded):
    code, out, err = mann_bench("report", "--format", "csv", "--out", "tables")
    assert (code, out) == (0, "")
    assert sorted(err.splitlines()) == sorted(f"tables/{name}.csv" for name in WITHOUT_LEVEL)
    rows = list(csv.DictReader(io.StringIO(Path("tables/convergence.csv").read_text(encoding="utf-8"))))
    assert [(row["model"], row["steps_median"]) for row in rows] == [("lstm", "1000.0"), ("ntm", "400.0")]


@pytest.mark.parametrize(("form", "suffix"), [("text", "txt"), ("markdown", "md"), ("latex", "tex"), ("json", "json")])
def test_a_table_in_a_file_is_what_would_be_printed(mann_bench, recorded, form, suffix):
    mann_bench("report", "--format", form, "--out", "tables", "--table", "ranks")
    printed = mann_bench("report", "--format", form, "--table", "ranks")[1]
    assert [path.name for path in Path("tables").iterdir()] == [f"ranks.{suffix}"]
    assert Path(f"tables/ranks.{suffix}").read_text(encoding="utf-8") == printed


@pytest.mark.parametrize("folder", ["memory-init", "memory-init/mann-bench-4fab1480"])
def test_report_takes_the_folder_of_a_study_or_an_entry(mann_bench, folder):
    place = Path(__file__).parents[2] / "leaderboards" / folder
    code, out, _ = mann_bench("report", place, "--table", "runs", "--format", "csv")
    assert (code, len(out.splitlines())) == (0, 1 + len(list(place.rglob("records/*.json"))))


def test_two_records_of_a_run_that_differ_are_told(mann_bench, recorded, make_record):
    Store(Path("other")).write(make_record("ntm", seed=0, converged_at=600), None)
    code, _, err = mann_bench("report", "runs", "other")
    assert (code, err.count("hold records of this run that differ")) == (0, 1)
    assert err.startswith("ntm on copy, seed 0: ")


def test_the_choice_of_a_table_is_that_of_the_library():
    (option,) = [each for each in command.params if each.name == "table"]
    assert tuple(option.type.choices) == TABLES


def test_a_comparison_is_no_table_to_choose(mann_bench, recorded):
    code, _, err = mann_bench("report", "--compare", "ntm", "lstm", "--table", "probe")
    assert (code, "leave --table out" in err) == (2, True)


def test_report_compares_two_models(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm", "lstm")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "ntm against lstm"
    assert "2.50x [1.25, 3.00; 25 %]" in out  # (1,000 | 1,000 to 1,200) / (400 | 400 to 800)
    assert "Convergence" not in out


@pytest.mark.parametrize("form", FORMS)
def test_a_comparison_does_not_depend_on_the_order_of_the_records_or_on_reading_twice(mann_bench, recorded, form):
    compare = ("--format", form, "--compare", "ntm", "lstm")
    _, wanted, _ = mann_bench("report", *compare)
    assert mann_bench("report", *recorded[::-1], "runs", *compare) == (0, wanted, "")


def test_a_comparison_as_json_and_csv_has_its_rows(mann_bench, recorded):
    (row,) = json.loads(mann_bench("report", "--compare", "ntm", "lstm", "--format", "json")[1])["comparison"]
    assert (row["first"], row["second"], row["ratio_at_least"], row["ratio_at_most"]) == ("ntm", "lstm", 2.5, 2.5)
    _, text, _ = mann_bench("report", "--compare", "ntm", "lstm", "--format", "csv")
    (parsed,) = csv.DictReader(io.StringIO(text))
    assert (parsed["first"], parsed["ratio_at_least"]) == ("ntm", "2.5")


@pytest.mark.parametrize("name", ["lstm:units=8", "lstm:units=8,layers=3", "lstm:layers=03,units=8"])
def test_a_comparison_takes_the_names_that_run_takes(run, mann_bench, name):
    run(model=name), run()
    code, out, _ = mann_bench("report", "--compare", name, "lstm:units=8,layers=1")
    assert (code, out.splitlines()[0]) == (0, "lstm:units=8 against lstm:layers=1,units=8")


def test_a_comparison_takes_defaults_that_are_written_out(mann_bench):
    records = Path(__file__).parents[2] / "leaderboards/memory-init"
    names = ["ntm:memory_init=constant,clip=20", "ntm:memory_trainable=false,memory_init=learned,read_heads=1"]
    code, out, _ = mann_bench("report", records, "--compare", *names)
    wanted = "ntm against ntm:memory_init=learned,memory_trainable=false"
    assert (code, out.splitlines()[0]) == (0, wanted)


def test_a_comparison_with_an_unknown_model_is_an_error_with_the_nearest_name(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm", "lsmt")
    assert (code, out) == (2, "")
    assert "model 'lsmt' is not in these records. Did you mean 'lstm'? They have: lstm, ntm." in err


def test_a_comparison_without_a_task_in_common_is_an_error(mann_bench, recorded, make_record):
    other = Store(Path("runs")).write(make_record("dnc", "sort"), None)
    code, out, err = mann_bench("report", recorded[0], other, "--compare", "ntm", "dnc")
    assert (code, out) == (2, "")
    assert "'ntm' and 'dnc' have no task and protocol in common in these records." in err


def test_a_comparison_needs_two_models(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm")
    assert (code, out) == (2, "")
    assert "--compare" in err


def test_a_comparison_leaves_out_what_it_cannot_read_and_says_so(mann_bench, recorded):
    (recorded[0] / "record.json").write_text("{")
    code, out, err = mann_bench("report", "--compare", "ntm", "lstm")
    assert (code, err.startswith("Left out: ")) == (1, True)
    assert "1 and 2 " in out
    assert "1.25x" in out


def test_of_many_records_that_cannot_be_read_twenty_are_told_by_name(mann_bench, recorded):
    for number in range(30):
        folder = Path(f"runs/broken{number:02}")
        folder.mkdir()
        (folder / "record.json").write_text("{")
    code, out, err = mann_bench("report")
    lines = err.splitlines()
    assert (code, len(lines), out.startswith("Convergence")) == (1, 21, True)
    assert all(f"Left out: runs/broken{number:02}/record.json: not a valid record" in err for number in range(20))
    assert lines[-1].startswith("Left out: 10 more")


def test_what_is_told_of_records_obeys_no_terminal(mann_bench, recorded):
    folder = Path("runs/\x1b[31mred\udc80")
    folder.mkdir()
    (folder / "record.json").write_text('{"\\u001b[31m": 1}')
    code, _, err = mann_bench("report")
    assert (code, "\x1b" in err) == (1, False)
    assert r"Left out: runs/\x1b[31mred\udc80/record.json" in err


@pytest.mark.parametrize("kind", ["pipe", "link", "loop", "folder", "large"])
def test_a_record_that_is_no_plain_file_is_left_out_at_once(mann_bench, recorded, kind):
    file = recorded[0] / "record.json"
    content = file.read_bytes()
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "large":
        with file.open("wb") as sparse:
            sparse.truncate(5 * 10**9)
    else:
        Path("elsewhere.json").write_bytes(content)
        file.symlink_to(file.name if kind == "loop" else Path("elsewhere.json").absolute())
    code, out, err = mann_bench("report")
    assert (code, err.count("Left out"), out.startswith("Convergence")) == (1, 1, True)
    assert str(file) in err


def test_versions_of_a_task_with_other_dimensions_are_reported_together(mann_bench, make_record):
    for version, size in ((1, {"length": 20}), (2, {"length": 20, "repeats": 3})):
        record = make_record(sizes=((size, 1.5, 0.25),))
        task = record.task.model_copy(update={"version": version})
        record = record.model_copy(update={"task": task})
        Store(Path("runs")).write(record.model_copy(update={"key": record_key(record)}), None)
    code, out, err = mann_bench("report", "--html", "page.html", "--figures", "drawn")
    assert (code, "Left out" in err) == (0, False)
    assert "20x3" in out
    sizes = json.loads(Path("drawn/figures.json").read_text())["length-copy"]["sizes"]
    assert {size["text"] for size in sizes} == {"20", "20x3"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["size", "task", "beyond_capacity", "bit_errors_median", "x_interval"])
def test_a_dimension_may_have_the_name_of_a_column(mann_bench, make_record, form, name):
    Store(Path("runs")).write(make_record(sizes=(({name: 20}, 1.5, 0.25),)), None)
    code, out, err = mann_bench("report", *as_form(form))
    assert (code, err, "20" in out) == (0, "", True)


def test_scores_beyond_all_are_reported(mann_bench, make_record):
    scores = {"loss_bits": -math.inf, "bit_errors": 1.7e308, "sequence_accuracy": 0.0}
    row = {"size": {"length": 20}, "sequences": 3, "scores": scores}
    for seed in (0, 1):
        record = make_record(seed=seed, generalization=[row])
        curve = [each.model_copy(update={"scores": scores}) for each in record.curve]
        Store(Path("runs")).write(record.model_copy(update={"curve": curve}), None)
    assert mann_bench("report", "--format", "json", "--html", "page.html", "--figures", "drawn")[0] == 0
