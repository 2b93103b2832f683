"""The executors that ship with the suite, and one that only sees records, keep the contract."""

import pytest
from execution.far_executor import FarExecutor

from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.execution.local import LocalExecutor
from mann_bench.execution.resolve import resolve_executor
from mann_bench.plugins import Plugin, Status
from mann_bench.registry import Registry
from mann_bench.testing import EXECUTOR_CHECKS, small_jobs


@pytest.fixture(params=[LocalExecutor(jobs=1), FarExecutor()], ids=["local", "far"])
def executor(request):
    return request.param


@pytest.mark.parametrize("check", EXECUTOR_CHECKS)
def test_the_contract_is_kept(check, executor, tmp_path):
    check(executor, small_jobs(tmp_path))


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
