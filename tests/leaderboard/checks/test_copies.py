import pytest

from mann_bench.leaderboard.checks.copies import copied_curves
from mann_bench.leaderboard.files import load_entry
from mann_bench.results.keys import record_key


@pytest.mark.parametrize(("part", "faults"), [("protocol", 0), ("model", 2)])
def test_the_same_seed_may_share_a_curve_under_another_protocol_not_with_another_model(board, part, faults):
    loaded = load_entry(board.folder)
    record = loaded.records[0]
    other = record.model_copy(update={part: getattr(record, part).model_copy(update={"version": 7})})
    other = other.model_copy(update={"key": record_key(other)})
    entries = [loaded, loaded._replace(folder=board.folder.with_name("other"), records=[other])]
    assert len(list(copied_curves(entries))) == faults


def test_a_curve_that_was_copied_often_is_found_in_every_copy(board):
    loaded = load_entry(board.folder)
    copies = [loaded.records[0].model_copy(update={"seed": seed, "key": f"{seed:064x}"}) for seed in range(100)]
    faults = list(copied_curves([loaded._replace(records=copies)]))
    assert len({fault.file for fault in faults}) == 100
