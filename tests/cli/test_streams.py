"""What the output cannot hold is written plainly, and who stops reading words for people ends nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mann_bench.results.store import Store

ENVIRONMENTS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


def call(environment, *arguments):
    command = "from mann_bench.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", command, *arguments], capture_output=True, timeout=120, check=False,
        env=os.environ | {"MANN_BENCH_PLUGINS": "", "WANDB_MODE": "disabled"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=list(ENVIRONMENTS))
def test_tables_are_plain_and_the_page_is_written(tmp_path, monkeypatch, make_record, environment):
    monkeypatch.chdir(tmp_path)
    Store(Path("runs")).write(make_record("ntm:n=\u2211\u221e"), None)
    done = call(environment, "report", "--html", "page.html")
    assert (done.returncode, done.stderr) == (0, b"page.html\n")
    assert "\n ---" in done.stdout.decode("ascii")
    assert r"ntm:n=\u2211inf" in done.stdout.decode("ascii")
    assert "\u2211" in Path("page.html").read_text(encoding="utf-8")


def test_a_run_ends_well(tmp_path, tiny_protocol):
    task = ["--task", "copy:max_length=3", "--seeds", "0", "--protocol", tiny_protocol(), "--out", str(tmp_path)]
    done = call(ENVIRONMENTS["cp1252"], "run", "--model", "lstm:layers=1,units=8", *task)
    assert (done.returncode, b"Runs" in done.stdout) == (0, True)


def test_utf_8_shows_everything(tmp_path, monkeypatch, make_record):
    monkeypatch.chdir(tmp_path)
    Store(Path("runs")).write(make_record("ntm:n=\u2211"), None)
    assert "\u2500" in (shown := call({"PYTHONIOENCODING": "utf-8"}, "report").stdout.decode())
    assert "ntm:n=\u2211" in shown


def left_alone(stream, *arguments):
    """Call the program; nobody reads one of its streams. Return its exit code and what the other holds."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
    done = subprocess.run([sys.executable, "-m", "mann_bench", *arguments], timeout=120, check=False, **streams)
    os.close(writer)
    return done.returncode, done.stdout or done.stderr


def test_a_run_goes_on_when_nobody_reads_standard_error(tmp_path, tiny_protocol, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    task = ["--task", "copy:max_length=3", "--seeds", "0", "--protocol", tiny_protocol(), "--out", str(tmp_path)]
    code, out = left_alone("stderr", "run", "--model", "lstm:layers=1,units=8", *task)
    assert (code, out.startswith(b"Convergence")) == (0, True)


def test_an_error_keeps_its_exit_code_when_nobody_reads_it(tmp_path):
    assert left_alone("stderr", "show", "model", "nmt")[0] == 2


def test_a_report_ends_without_a_word_when_nobody_reads_it(tmp_path, make_record):
    Store(tmp_path).write(make_record(), None)
    assert left_alone("stdout", "report", str(tmp_path)) == (1, b"")


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "mann_bench", "--version"], capture_output=True, check=True)
    assert done.stdout.startswith(b"mann-bench, version ")
