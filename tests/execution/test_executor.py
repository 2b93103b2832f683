"""The executors that ship with the suite, and one that only sees records, keep the contract."""

import dataclasses

import pytest
from execution import executor_contract as contract
from execution.far_executor import FarExecutor

import mann_bench
from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.execution.local import LocalExecutor
from mann_bench.execution.resolve import resolve_executor
from mann_bench.registry import Plugin, Registry, Status


@pytest.fixture(params=[LocalExecutor(jobs=1), FarExecutor()], ids=["local", "far"])
def executor(request):
    return request.param


@pytest.fixture
def jobs(make_run, tmp_path):
    return [mann_bench.Job(make_run(seed=seed, probe_every=2), "cpu", "eager", tmp_path) for seed in (0, 1)]


def test_every_job_ends_once_and_its_events_come_in_order(executor, jobs):
    contract.check_executor(executor, jobs)


def test_the_whole_curve_is_told(executor, jobs):
    contract.check_whole_curve(executor, jobs[0])


def test_a_run_that_raises_costs_no_other(executor, jobs):
    run = jobs[0].run
    broken = dataclasses.replace(run, model=dataclasses.replace(run.model, target="nowhere:Nothing"))
    contract.check_failing_run(executor, jobs[0]._replace(run=broken), jobs[1])


def test_who_leaves_early_loses_no_record(executor, jobs):
    contract.check_left_early(executor, jobs)


def test_nothing_to_do_is_done(executor):
    contract.check_no_jobs(executor)


def test_options_are_those_of_init(far_registry):
    assert resolve_executor(far_registry, "far:each=3").each == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("locl", "unknown executor 'locl'. Did you mean 'local'?"),
        ("local:job=2", "executor 'local' has no option 'job'. Did you mean 'jobs'?"),
        ("local:jobs=two", "option 'jobs' takes int|none, not 'two'"),
        ("local:jobs=0", "executor 'local:jobs=0': jobs must be at least 1, not 0."),
    ],
)
def test_what_is_wrong_is_named(far_registry, text, message):
    with pytest.raises(UsageError) as caught:
        resolve_executor(far_registry, text)
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "distribution"), [("slurm", "mann-bench-slurm"), ("ray", "mann-bench-ray")])
def test_a_known_executor_that_is_absent_says_what_to_install(name, distribution):
    with pytest.raises(PluginUnavailableError, match=f"not installed here. Install it: pip install {distribution}"):
        resolve_executor(Registry(), f"{name}:anything=1")


def test_a_known_executor_that_is_broken_says_why():
    row = Plugin("cluster", "mann-bench-slurm", "1.0", Status.BROKEN, "ImportError: no submitit")
    with pytest.raises(PluginUnavailableError, match="which is broken: ImportError: no submitit"):
        Registry(plugins=[row]).executor("slurm")


def test_an_executor_that_does_not_load_is_unavailable(far_registry):
    with pytest.raises(PluginUnavailableError, match=r"'gone' of distribution 'mann-bench-far'.*No module named"):
        resolve_executor(far_registry, "gone")


def test_the_local_executor_comes_in_through_the_hook():
    entry = Registry.discover().executor("local")
    assert (entry.plugin.distribution, entry.spec.parallel_option) == ("mann-bench", "jobs")
