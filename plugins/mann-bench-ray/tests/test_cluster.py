"""Nodes that die, on a real Ray cluster of two nodes."""

import json
import threading
import time

import pytest

from mann_bench import Finished, Notice, Outcome, execute_job
from mann_bench_ray.executor import RayExecutor

_TIMES = {"seconds", "provenance", "peak_memory_bytes"}
# They take so long that a quarter of them outlasts the killing of a node.
_STEPS = 8000


@pytest.fixture
def execute(cluster):
    """Return a function that executes jobs on two nodes, one of which dies once both have made checkpoints."""

    def run(jobs, retries):
        node, events = cluster.add_node(), []
        killer = threading.Thread(target=lambda: (_wait_for_checkpoints(jobs), cluster.kill(node)))
        killer.start()
        RayExecutor(address=cluster.address, retries=retries).execute(jobs, events.append)
        killer.join()
        return events

    return run


def _wait_for_checkpoints(jobs):
    """Return once two runs at a time have a checkpoint, and so far to go that neither ends before its node is dead."""
    end = time.monotonic() + 120.0
    while sum(0 < _step(job) < 0.75 * job.run.protocol.max_steps for job in jobs) < 2:
        assert time.monotonic() < end, "no checkpoints"
        time.sleep(0.05)


def _step(job):
    """Return the step of the newest checkpoint of a run, 0 where there is none."""
    names = (path.stem for path in (job.out / job.run.key).glob("checkpoint-*.pt"))
    return max((int(name.partition("-")[2]) for name in names), default=0)


def _record(job):
    """Return a record without what differs from time to time."""
    record = json.loads((job.out / job.run.key / "record.json").read_text())
    for row in record["curve"]:
        del row["training_seconds"]
    return {name: value for name, value in record.items() if name not in _TIMES}


def test_runs_of_a_node_that_dies_go_on_on_another(execute, cluster, jobs):
    made = jobs(5, steps=_STEPS)
    events = execute(made, retries=3)
    ends = [event for event in events if isinstance(event, Finished)]
    assert len(ends) == 5
    assert {end.outcome for end in ends} <= {Outcome.CONVERGED, Outcome.NOT_CONVERGED}
    finished = cluster.logged(r"^finished (\w+)")
    assert [finished[job.run.key] for job in made] == [1] * 5
    (again,) = {event.key for event in events if isinstance(event, Notice)}
    steps = [int(step) for key, step in cluster.logged(r"^trains (\w+) from step (\d+)") if key == again]
    assert len(steps) == 2
    assert max(steps) > min(steps) == 0
    (job,) = (job for job in made if job.run.key == again)
    alone = job._replace(out=job.out.with_name("alone"))
    execute_job(alone, lambda event: None)
    assert _record(job) == _record(alone)


def test_beyond_the_last_retry_a_run_is_lost_and_the_others_go_on(execute, jobs):
    made = jobs(3, steps=_STEPS)
    ends = {event.key: event for event in execute(made, retries=0) if isinstance(event, Finished)}
    assert set(ends) == {job.run.key for job in made}
    (lost,) = (end for end in ends.values() if end.problem)
    assert (lost.outcome, lost.folder) == (Outcome.FAILED, None)
    assert "node" in lost.problem
    assert lost.problem.endswith("That was the last of 1 try.")
