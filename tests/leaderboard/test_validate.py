"""What is told of faults, and what is written of records. Faults: test_tampering.py."""

from pathlib import Path

from mann_bench.core.errors import UsageError
from mann_bench.leaderboard.faults import Fault, FaultName
from mann_bench.leaderboard.files import record_content
from mann_bench.leaderboard.validate import validate
from mann_bench.results.schema import Record


def test_a_study_that_is_not_here_is_a_fault(board):
    def unknown(study, models):
        raise UsageError(f"unknown study {study!r}.")

    (fault,) = validate([board.folder], [], unknown)
    assert (fault.name, fault.place) == ("wrong-study", "study")


def test_a_fault_does_not_steer_the_terminal():
    fault = Fault(FaultName.UNKNOWN_FILE, Path("\x1b[2J\n::error::"), None, "Remove it.")
    assert str(fault) == "unknown-file: \\x1b[2J\\n::error::: Remove it."


def test_a_record_is_one_line_and_keeps_every_number(sound_records):
    content = record_content(sound_records[0])
    assert content.count(b"\n") == 1
    assert Record.model_validate_json(content) == sound_records[0]
