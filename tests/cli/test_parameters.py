"""Paths as users type them."""

from pathlib import Path

import pytest

FOLDERS = [
    ["run", "--model", "ntm", "--task", "copy", "--out"],
    ["merge", "runs", "--out"],
    ["report", "--figures"],
    ["report", "--html"],
    ["trace", "0123", "--out"],
    ["leaderboard", "build", "--out"],
    ["reproduce", "entry", "--root"],
    ["study", "run", "smoke", "--out"],
    ["report"],
]


@pytest.mark.parametrize("command", FOLDERS, ids=" ".join)
def test_an_empty_path_is_an_error(mann_bench, command):
    code, out, err = mann_bench(*command, "")
    assert (code, out) == (2, "")
    assert "expected a path, not an empty text. The current folder is '.'." in err
    assert list(Path().iterdir()) == []


def test_a_tilde_is_the_users_folder(mann_bench, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    code, _, err = mann_bench("report", "~/runs")
    assert (code, f"{tmp_path}/home/runs" in err) == (1, True)


def test_records_go_to_the_folder_of_the_user(run, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert run("--out=~/runs")[0] == 0
    assert [path.name for path in Path().iterdir()] == ["home"]
    assert len(list(Path("home/runs").glob("*/record.json"))) == 1


def test_the_folder_of_nobody_is_an_error(mann_bench):
    code, _, err = mann_bench("report", "~nobody-of-this-name/runs")
    assert (code, "there is no such user" in err) == (2, True)


def test_a_folder_whose_name_begins_with_a_tilde_is_one(mann_bench):
    Path("~").mkdir()
    code, _, err = mann_bench("report", "./~")
    assert (code, "no records here" in err) == (1, True)
