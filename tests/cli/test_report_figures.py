import json
from pathlib import Path

import pytest

NAMES = ["learning-copy-max_length-3", "solve-copy-max_length-3", "length-copy-max_length-3", "cost-copy-max_length-3"]


@pytest.fixture
def sketched(monkeypatch):
    """Leave the drawing out; it takes longest."""
    monkeypatch.setattr("mann_bench.reporting.figures.files.png", lambda figure: b"png")
    monkeypatch.setattr("mann_bench.reporting.figures.files.svg", lambda figure: b"svg")


@pytest.fixture
def report(run, mann_bench, sketched):
    """Return a function that reports one finished run."""
    run()
    return lambda *arguments: mann_bench("report", *arguments)


def test_it_writes_the_figures_and_names_them_on_standard_error(report):
    code, out, err = report("--figures", "deep/er")
    paths = [f"deep/er/{stem}.{form}" for stem in NAMES for form in ("svg", "png")]
    assert (code, err.splitlines()) == (0, [*paths, "deep/er/figures.json"])
    assert out == report()[1]
    assert sorted(map(str, Path("deep/er").iterdir())) == sorted(err.splitlines())


def test_the_data_can_be_read(report):
    report("--figures", "drawn")
    assert list(json.loads(Path("drawn/figures.json").read_text())) == NAMES


def test_the_tables_may_have_any_form(report):
    code, out, _ = report("--format", "json", "--figures", "drawn")
    assert (code, "convergence" in json.loads(out)) == (0, True)


def test_without_the_option_nothing_is_drawn(report):
    _, _, err = report()
    assert (err, [path.name for path in Path().iterdir()]) == ("", ["runs"])


@pytest.mark.parametrize("folder", ["taken", "taken/deep"])
def test_a_folder_that_cannot_be_written_to_is_an_error(report, folder):
    Path("taken").write_text("a file")
    code, out, err = report("--figures", folder)
    assert (code, out) == (2, "")
    assert folder in err
    assert "--figures" in err
    assert "Traceback" not in err


def test_a_full_disk_is_an_error_and_leaves_nothing(report, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, _, err = report("--figures", "drawn")
    assert (code, list(Path("drawn").iterdir())) == (1, [])
    assert "the figures could not be written to drawn: No space left on device" in err


def test_records_that_cannot_be_read_are_left_out_of_the_figures(report):
    Path("runs/broken").mkdir()
    Path("runs/broken/record.json").write_text("{")
    code, _, err = report("--figures", "drawn")
    assert code == 1
    assert "Left out: runs/broken" in err
    assert Path("drawn/solve-copy-max_length-3.svg").exists()


def test_without_a_record_that_can_be_read_there_is_no_folder(mann_bench):
    Path("broken").mkdir()
    Path("broken/record.json").write_text("{")
    assert mann_bench("report", "broken", "--figures", "drawn")[0] == 1
    assert not Path("drawn").exists()


def test_it_writes_a_page_and_names_it_on_standard_error(report):
    code, out, err = report("--html", "deep/page.html")
    assert (code, err) == (0, "deep/page.html\n")
    assert out == report()[1]
    assert Path("deep/page.html").read_bytes().startswith(b"<!doctype html>")


def test_a_page_that_cannot_be_written_is_an_error(report):
    Path("taken").write_text("a file")
    code, out, err = report("--html", "taken/page.html")
    assert (code, out) == (2, "")
    assert "--html" in err


def test_the_tables_may_be_latex(report):
    assert r"\toprule" in report("--format", "latex")[1]
