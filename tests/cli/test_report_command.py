import csv
import io
import json
from pathlib import Path

import pytest

from mann_bench.reporting.render import Format
from mann_bench.results.store import Store

FORMS = [form.value for form in Format]


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
    first = mann_bench("report", "--format", "csv")[1].split("\n\n")[0]
    assert next(csv.DictReader(io.StringIO(first)))["solved"] == "0"
    tables = json.loads(mann_bench("report", "--format", "json")[1])
    assert set(tables) == {"convergence", "probe", "generalization"}


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
    _, wanted, _ = mann_bench("report", "--format", form)
    assert wanted
    for paths in (recorded[::-1], [*recorded[2:], *recorded[:2]], ["runs", *recorded]):
        assert mann_bench("report", *paths, "--format", form) == (0, wanted, "")


def test_report_compares_two_models(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm", "lstm")
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "ntm against lstm"
    assert "2.50x [1.25, 3.00]" in out  # (1,000 | 1,000 to 1,200) / (400 | 400 to 800)
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


def test_a_comparison_with_an_unknown_model_is_an_error_with_the_nearest_name(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm", "lsmt")
    assert (code, out) == (2, "")
    assert "model 'lsmt' is not in these records. Did you mean 'lstm'? They have: lstm, ntm." in err


def test_a_comparison_without_a_seed_in_common_is_an_error(mann_bench, recorded):
    code, out, err = mann_bench("report", recorded[0], recorded[3], "--compare", "ntm", "lstm")
    assert (code, out) == (2, "")
    assert "'ntm' and 'lstm' have no task, protocol and seed in common in these records." in err


def test_a_comparison_needs_two_models(mann_bench, recorded):
    code, out, err = mann_bench("report", "--compare", "ntm")
    assert (code, out) == (2, "")
    assert "--compare" in err


def test_a_comparison_leaves_out_what_it_cannot_read_and_says_so(mann_bench, recorded):
    (recorded[0] / "record.json").write_text("{")
    code, out, err = mann_bench("report", "--compare", "ntm", "lstm")
    assert (code, err.startswith("Left out: ")) == (1, True)
    assert "1.50x" in out
