"""What the machines of a cell may differ in."""

from mann_bench.leaderboard.checks.identity import check_cells


def test_a_cell_may_be_trained_on_several_machines(board):
    other = {"device_name": "Another CPU", "torch": "2.13.0", "threads": 2}
    board.edit_record(lambda record: record.update(backend="native", provenance=record["provenance"] | other))
    assert board.names() == []


def test_a_model_may_start_from_the_same_weights_whatever_its_seed(sound_records, rules):
    start = {"sha256": "0" * 64, "portable": True}
    same = [type(r).model_validate(r.model_dump() | {"initial_weights": start}) for r in sound_records]
    assert list(check_cells(same, rules)) == []
