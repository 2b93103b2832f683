import re
import shutil
from pathlib import Path

import pytest

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.leaderboard.files import entry_folders, find_entry, find_runs


def test_an_entry_is_found_by_its_path_its_name_and_its_study(board):
    for text in (str(board.folder), board.folder.name, f"smoke/{board.folder.name}"):
        assert find_entry(text, board.root) == board.folder


def test_a_name_that_is_nearly_right_is_suggested(board):
    with pytest.raises(StoreError, match=f"Did you mean '{board.folder.name}'"):
        find_entry(board.folder.name[:-1], board.root)


def test_a_name_in_two_studies_needs_the_study(board):
    shutil.copytree(board.root / "smoke", board.root / "other")
    with pytest.raises(UsageError, match="2 studies"):
        find_entry(board.folder.name, board.root)


def test_a_run_is_found_by_the_first_digits_of_its_key(board):
    loaded, (record,) = find_runs(board.files[0].stem[:12], board.root)
    assert (loaded.folder, record.key) == (board.folder, board.files[0].stem)


def test_a_run_of_several_entries_is_that_of_the_first_submitted(board):
    later = board.root / "other" / board.folder.name
    shutil.copytree(board.folder, later)
    file = later / "entry.json"
    file.write_text(re.sub('"date": "[^"]*",', '"date": "2099-01-01",', file.read_text(), count=1))
    assert find_runs(board.files[0].stem, board.root)[0].folder == board.folder


def test_digits_of_several_keys_are_too_few(board):
    with pytest.raises(UsageError, match="14 run keys"):
        find_runs("", board.root)


def test_pages_are_no_entries(board):
    (board.root / "smoke" / "assets").mkdir()
    (board.root / "smoke" / "index.html").touch()
    assert entry_folders(board.root) == [board.folder]
    assert entry_folders(board.root, "other") == []


def test_the_folder_of_a_study_that_cannot_be_read_is_not_passed_over(board, monkeypatch):
    whole = Path.iterdir

    def iterdir(folder):
        if folder == board.folder.parent:
            raise PermissionError(13, "Permission denied")
        return whole(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    with pytest.raises(StoreError, match="smoke could not be read: Permission denied"):
        entry_folders(board.root)
