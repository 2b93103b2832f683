import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.scaffold.names import Names, PluginKind
from mann_bench.scaffold.project import render, write_project

FILES = {Path("a.txt"): "first\n", Path("folder/b.txt"): "second\n"}
RUFF = ["--isolated", "--line-length", "120"]


def contents(folder):
    return {path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_written(tmp_path):
    write_project(FILES, tmp_path / "acme")
    assert contents(tmp_path) == {Path("acme") / path: text for path, text in FILES.items()}


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "acme").mkdir()
    write_project(FILES, tmp_path / "acme")
    assert contents(tmp_path / "acme") == FILES


def occupied_by_a_folder(path):
    path.mkdir()
    (path / "notes.txt").write_text("mine")


def occupied_by_a_file(path):
    path.write_text("mine")


def occupied_by_a_link(path):
    path.symlink_to("nowhere")


@pytest.mark.parametrize("occupy", [occupied_by_a_folder, occupied_by_a_file, occupied_by_a_link])
def test_nothing_is_overwritten(tmp_path, occupy):
    occupy(tmp_path / "acme")
    before = contents(tmp_path)
    with pytest.raises(UsageError, match="acme"):
        write_project(FILES, tmp_path / "acme")
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["acme"]


def test_a_folder_that_was_filled_meanwhile_stays(tmp_path, monkeypatch):
    replace = Path.replace

    def fill_first(self, target):
        occupied_by_a_folder(target)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fill_first)
    with pytest.raises(UsageError, match="cannot write"):
        write_project(FILES, tmp_path / "acme")
    assert contents(tmp_path) == {Path("acme/notes.txt"): "mine"}


def test_what_cannot_be_written_whole_does_not_appear(tmp_path):
    with pytest.raises(UsageError, match="cannot write"):
        write_project({Path("a"): "", Path("a/b"): ""}, tmp_path / "acme")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kind", "modules"), [("model", ["model"]), ("task", ["task"]), ("both", ["model", "task"])])
def test_a_plugin_has_a_module_for_each_thing_that_it_brings(kind, modules):
    names = {path.as_posix() for path in render(Names.of("acme-memory", PluginKind(kind)))}
    assert names == {
        ".github/workflows/tests.yml",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "src/acme_memory/__init__.py",
        "tests/test_conformance.py",
        *(f"src/acme_memory/{module}.py" for module in modules),
    }


def test_the_entry_point_names_the_package():
    project = tomllib.loads(render(Names.of("acme-memory", PluginKind.BOTH))[Path("pyproject.toml")])
    assert project["project"]["entry-points"]["mann_bench"] == {"acme-memory": "acme_memory"}


def test_the_workflow_keeps_to_the_names():
    workflow = render(Names.of("acme-memory", PluginKind.BOTH))[Path(".github/workflows/tests.yml")]
    assert "mann-bench plugin check acme-memory --markdown" in workflow


@pytest.mark.parametrize("kind", PluginKind)
@pytest.mark.parametrize("command", [["check", "--select", "E,F,W,I,N,UP,B,RUF,PT"], ["format", "--check"]])
def test_what_is_generated_is_formatted_and_clean(tmp_path, kind, command):
    write_project(render(Names.of("acme-memory", kind)), tmp_path / "acme")
    arguments = [sys.executable, "-m", "ruff", *command, *RUFF, "--no-cache", "."]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_name_of_the_longest_length_stays_within_the_line(tmp_path):
    write_project(render(Names.of("a" * 30 + "-memory", PluginKind.BOTH)), tmp_path / "acme")
    arguments = [sys.executable, "-m", "ruff", "check", "--select", "E501", *RUFF, "--no-cache", "."]
    assert subprocess.run(arguments, cwd=tmp_path, capture_output=True, check=False).returncode == 0
