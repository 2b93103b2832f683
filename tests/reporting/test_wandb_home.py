import os
from pathlib import Path

import pytest

from mann_bench.reporting.wandb_home import without_home

FOLDERS = ("WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "XDG_DATA_HOME")


def no_home(path):
    raise RuntimeError("Could not determine home directory.")


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """An environment of its own, as if nothing of W&B were set."""
    kept = {name: value for name, value in os.environ.items() if name not in FOLDERS}
    monkeypatch.setattr(os, "environ", kept)


def test_without_a_home_directory_wandb_has_folders_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "expanduser", no_home)
    without_home(tmp_path)
    assert {os.environ[name] for name in FOLDERS} == {str(tmp_path)}


def test_where_the_home_directory_cannot_be_written_to_its_settings_are_still_read(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    without_home(tmp_path)
    assert {name for name in FOLDERS if os.environ.get(name) == str(tmp_path)} == {*FOLDERS} - {"WANDB_CONFIG_DIR"}


def test_a_folder_that_was_chosen_for_wandb_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(Path, "expanduser", no_home)
    os.environ["WANDB_CACHE_DIR"] = "/elsewhere"
    without_home(tmp_path)
    assert os.environ["WANDB_CACHE_DIR"] == "/elsewhere"


def test_a_home_directory_is_left_to_wandb(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    without_home(tmp_path)
    assert not set(FOLDERS) & set(os.environ)
