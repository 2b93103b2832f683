import getpass
import platform

import pytest

from mann_bench.leaderboard.checks.publishable import check_strings
from mann_bench.leaderboard.private import without_private

TRACEBACK = """\
Traceback (most recent call last):
  File "/home/somebody/secret/mann_bench/worker.py", line 3, in <module>
    raise OSError("no room in /scratch/machine7/runs")
OSError: no room in /scratch/machine7/runs
"""


@pytest.fixture
def public(make_failed_record):
    """Return a function that makes a failed record public and returns its traceback."""
    return lambda error: without_private(make_failed_record().model_copy(update={"error": error})).error


def test_file_names_and_the_exception_stay_and_folders_go(public):
    text = public(TRACEBACK)
    assert 'File "worker.py", line 3, in < module>' in text
    assert "OSError: no room in runs" in text
    assert "somebody" not in text
    assert "machine7" not in text


def test_folders_with_spaces_go(public):
    assert public('File "/home/ada lovelace/a b.py", line 3') == 'File "a b.py", line 3'


def test_the_folders_of_windows_go(public):
    assert public('File "C:\\Users\\somebody\\a b.py"') == 'File "a b.py"'


def test_names_of_machine_and_user_go(public, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "tower.lan")
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert public("ada on tower.lan, Canada") == "(user) on (host), Canada"


def test_the_system_is_told_without_them(make_record, monkeypatch):
    monkeypatch.setattr(platform, "node", lambda: "tower")
    record = make_record()
    record = record.model_copy(update={"provenance": record.provenance.model_copy(update={"os": "Linux 6.1-tower"})})
    assert without_private(record).provenance.os == "Linux 6.1-(host)"


def test_a_user_without_a_name_is_none(public, monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert public("plain") == "plain"


def test_what_is_public_stays_as_it_is(make_record):
    assert without_private(make_record()) == make_record()


def test_the_colours_of_a_traceback_become_text_that_an_entry_may_hold(public):
    text = public("\x1b[31mValueError\x1b[0m: no-break\u00a0space\n")
    assert text == "\\x1b[31mValueError\\x1b[0m: no-break\\xa0space\n"
    assert list(check_strings({"error": text})) == []
