import pytest

from mann_bench_slurm.ledger import Ledger, Submitted


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


@pytest.fixture
def wanted(assignment):
    return {key: assignment(key) for key in ("a", "b", "c")}


def test_a_job_in_the_queue_is_found_with_its_runs(ledger, wanted, running):
    ledger.enter("mann-bench-1", [Submitted("7_0", [wanted["a"], wanted["b"]])])
    assert ledger.alive(wanted, {"7_0": running}) == [Submitted("7_0", [wanted["a"], wanted["b"]])]


def test_a_job_that_left_the_queue_is_not_found(ledger, wanted):
    ledger.enter("mann-bench-1", [Submitted("7_0", [wanted["a"]])])
    assert ledger.alive(wanted, {}) == []


def test_another_job_with_the_same_id_is_not_taken_for_ours(ledger, wanted, running):
    ledger.enter("mann-bench-2", [Submitted("7_0", [wanted["a"]])])
    assert ledger.alive(wanted, {"7_0": running}) == []


def test_a_run_is_found_in_one_job_only(ledger, wanted, running):
    ledger.enter("mann-bench-1", [Submitted("7_0", [wanted["a"]]), Submitted("7_1", [wanted["a"], wanted["b"]])])
    found = ledger.alive(wanted, {"7_0": running, "7_1": running})
    assert [[each.key for each in job.assignments] for job in found] == [["a"], ["b"]]


def test_a_run_that_its_job_has_done_is_asked_for_again(ledger, wanted, running, finish, assignment):
    ledger.enter("mann-bench-1", [Submitted("7_0", [wanted["a"]])])
    finish(wanted["a"].job)
    assert ledger.alive({"a": assignment("a")}, {"7_0": running}) == []


@pytest.mark.parametrize(
    "content", ["", "[]", '{"name": 1}', '{"name": "mann-bench-1", "jobs": {"7_0": 3}}', "[" * 9999]
)
def test_a_file_that_makes_no_sense_tells_nothing(ledger, wanted, running, content):
    (ledger.folder / "mann-bench-1.json").write_text(content)
    assert ledger.alive(wanted, {"7_0": running}) == []
