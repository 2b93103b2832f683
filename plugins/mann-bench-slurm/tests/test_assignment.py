import os


def test_a_run_without_a_record_is_not_done(assignment):
    assert not assignment("a").done()


def test_a_run_is_done_once_its_record_stands(assignment, finish):
    asked = assignment("a")
    finish(asked.job)
    assert asked.done()


def test_the_record_that_stood_before_does_not_count(assignment, job, finish):
    finish(job("a"))
    assert not assignment("a").done()


def test_a_record_written_anew_counts(assignment, job, finish):
    finish(job("a"))
    asked = assignment("a")
    os.utime(asked.folder / "record.json", ns=(1, 1))
    assert asked.done()


def test_the_folder_of_the_records_is_made_absolute(job, tmp_path, monkeypatch):
    from mann_bench_slurm.assignment import Assignment

    monkeypatch.chdir(tmp_path)
    relative = job("a")._replace(out=(tmp_path / "runs").relative_to(tmp_path))
    assert Assignment.of(relative).folder == tmp_path / "runs" / "a"
