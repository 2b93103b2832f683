"""The executor on a real SLURM. `make test-slurm` executes these; they are skipped where SLURM is not installed."""

import pytest
from slurm_study import RUNS

pytestmark = pytest.mark.cluster

SHORT, LONG = 500, 2500
_MOST_SECONDS = 400.0


def _each_once(study, what="finished"):
    """Assert that every run has its record, and that all were `what` once, as the logs of the jobs tell."""
    assert len(study.records()) == RUNS
    assert set(study.logged(what).values()) == {1}


def test_records_are_those_of_this_machine(study):
    near_side = study.start("slurm:runs_per_job=3", SHORT)
    words = near_side.communicate(timeout=_MOST_SECONDS)[1]
    assert near_side.returncode == 0, words
    _each_once(study)
    assert study.records() == study.local_records(SHORT)


def test_a_node_that_dies_and_time_limits_change_nothing(study, cluster):
    near_side = study.start("slurm:runs_per_job=6,timeout_minutes=1,margin_seconds=5", LONG)
    cluster.wait_for("runs began", lambda: study.running("node1") and study.began(2))
    cluster.crash("node1")
    words = near_side.communicate(timeout=_MOST_SECONDS)[1]
    assert near_side.returncode == 0, words
    assert "this job is timed-out" in study.log()
    _each_once(study)
    assert study.records() == study.local_records(LONG)


def test_runs_of_a_node_that_only_fell_silent_are_not_done_twice(study, cluster):
    near_side = study.start("slurm:runs_per_job=6", SHORT)
    cluster.wait_for("the first node is at it", lambda: study.running("node1") and study.began(2))
    cluster.kill_daemon("node1")
    cluster.freeze("node1")
    cluster.wait_for("its jobs came to the other node", lambda: len(study.logged("busy")) == 2)
    cluster.thaw("node1")
    words = near_side.communicate(timeout=_MOST_SECONDS)[1]
    assert near_side.returncode == 0, words
    _each_once(study, "started")


def test_a_drained_node_is_done_without(study, cluster):
    near_side = study.start("slurm:runs_per_job=1", SHORT)
    cluster.wait_for("a node is at it", lambda: study.running("node1"))
    cluster.run("scontrol", "update", "NodeName=node1", "State=DRAIN", "Reason=test")
    words = near_side.communicate(timeout=_MOST_SECONDS)[1]
    assert near_side.returncode == 0, words
    _each_once(study)


def test_ctrl_c_leaves_the_jobs_and_the_same_command_follows_them(study, cluster):
    executor = "slurm:runs_per_job=3"
    first = study.start(executor, LONG)
    cluster.wait_for("runs began", study.began)
    assert "4 SLURM jobs go on." in study.interrupt(first)
    second = study.start(executor, LONG)
    words = second.communicate(timeout=_MOST_SECONDS)[1]
    assert "SLURM jobs of an earlier command do" in words
    assert second.returncode == 0, words
    _each_once(study)
