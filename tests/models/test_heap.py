import platform
import subprocess
import sys

import pytest

PASSES = """
import resource, torch
from mann_bench.models.heap import keep_freed_memory
torch.set_num_threads(1)
{before}
def faults_of_a_pass():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [torch.ones(2**19) for _ in range(4)]
    del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(max([faults_of_a_pass() for _ in range(9)][-5:]))
"""


def faults(before):
    """Return how often a pass over 8 MiB gets a page from the system."""
    run = subprocess.run([sys.executable, "-c", PASSES.format(before=before)], capture_output=True, check=True)
    return int(run.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have other rules")
def test_what_a_pass_frees_is_there_for_the_next():
    assert faults("keep_freed_memory()") < 100 < 500 < faults("")
