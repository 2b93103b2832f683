from mann_bench.leaderboard.files import load_entry
from mann_bench.leaderboard.schema import Badge, Check, Evidence
from mann_bench.leaderboard.verify import choose, write_evidence


def test_a_choice_is_repeated_by_its_seed_alone(sound_records):
    chosen = choose(sound_records, 2, seed=5)
    assert choose(sound_records[::-1], 2, seed=5) == chosen
    assert len({record.key for record in chosen}) == 2


def test_every_run_can_be_chosen(sound_records):
    assert {choose(sound_records, 1, seed)[0].key for seed in range(60)} == {r.key for r in sound_records}


def test_no_more_runs_are_chosen_than_there_are(sound_records):
    assert len(choose(sound_records, 100, seed=0)) == 14


def test_runs_that_failed_are_chosen_too(sound_records, make_failed_record):
    assert len(choose([sound_records[0], make_failed_record()], 2, seed=0)) == 2


def evidence(loaded, check=Check.RERUN, agrees=True):
    run = loaded.entry.runs[0]
    return Evidence(
        check=check, key=run.key, sha256=run.sha256, comparison="bitwise", agrees=agrees, text="equal",
        backend="eager", device_name="Some CPU", torch="2.9.0", date="2026-11-29",
    )  # fmt: skip


def test_evidence_is_written_sets_the_badge_and_validates(board):
    loaded = load_entry(board.folder)
    assert write_evidence(loaded, [evidence(loaded)]).badge is Badge.SPOT_CHECKED
    assert load_entry(board.folder).entry.evidence == [evidence(loaded)]
    assert board.names() == []


def test_a_check_that_disagrees_takes_the_badge_and_a_later_one_replaces_it(board):
    loaded = load_entry(board.folder)
    entry = write_evidence(loaded, [evidence(loaded, agrees=False)])
    assert entry.badge is Badge.REPORTED
    entry = write_evidence(load_entry(board.folder), [evidence(loaded)])
    assert (entry.badge, len(entry.evidence)) == (Badge.SPOT_CHECKED, 1)


def test_evidence_of_a_record_that_was_changed_since_is_a_fault(board):
    loaded = load_entry(board.folder)
    write_evidence(loaded, [evidence(loaded)])
    board.edit_record(lambda record: record.update(peak_memory_bytes=1))
    assert board.names() == ["badge"]
