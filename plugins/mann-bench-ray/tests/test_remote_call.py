import pickle

import pytest

import mann_bench
from mann_bench import Busy, Finished, MannBenchError, Notice, Outcome, Progress, Started
from mann_bench_ray.remote_call import do_run


@pytest.fixture
def execute(monkeypatch):
    """Stand in for `execute_job`: it notes what it was asked, and tells."""
    asked = []

    def execute_job(job, observe, patient=False):
        asked.append((job, patient))
        key = job.run.key
        told = [Busy(key, "someone"), Started(job.run), Progress(key, 40, 90), Progress(key, 50, 90)]
        for event in [*told, Notice(key, "words"), Finished(key, Outcome.CONVERGED, job.out)]:
            observe(event)

    monkeypatch.setattr(mann_bench, "execute_job", execute_job, raising=False)
    return asked


def test_a_run_is_done_with_patience(execute, fake_job):
    job = fake_job("a")
    job.out.mkdir()
    do_run(pickle.dumps(job))
    assert execute == [(job, True)]


def test_the_log_tells_what_happens_and_where_training_begins(execute, fake_job, capsys):
    job = fake_job("a")
    job.out.mkdir()
    do_run(pickle.dumps(job))
    lines = ["busy a someone", "started a run a", "trains a from step 40", "notice a words", "finished a converged"]
    assert capsys.readouterr().out.splitlines() == lines


def test_a_node_that_does_not_share_the_folder_says_so(execute, fake_job):
    with pytest.raises(MannBenchError, match=r"does not see the folder .*runs\. Choose one that all nodes share"):
        do_run(pickle.dumps(fake_job("a")))
    assert execute == []
