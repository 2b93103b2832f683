import pytest

from mann_bench.core import machine
from mann_bench.core.machine import ram_left, usable_cores

MIB = 2**20


@pytest.fixture
def groups(monkeypatch, tmp_path):
    """Return a function that makes this process a member of control groups with these files."""

    def make(own, **files):
        (tmp_path / "own").write_text(own)
        for name, content in files.items():
            file = tmp_path / "fs" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)

    monkeypatch.setattr(machine, "_OWN", tmp_path / "own")
    monkeypatch.setattr(machine, "_ROOT", tmp_path / "fs")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    return make


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 8), ("100000 100000", 1), ("250000 100000", 2), ("50000 100000", 1)]
)
def test_a_quota_of_version_2_bounds_the_cores(groups, quota, cores):
    groups("0::/pod/box\n", **{"pod/box/cpu.max": f"{quota}\n"})
    assert usable_cores() == cores


@pytest.mark.parametrize(("quota", "cores"), [(-1, 8), (100_000, 1), (300_000, 3), (900_000, 8)])
def test_a_quota_of_version_1_bounds_the_cores(groups, quota, cores):
    files = {"cpu/box/cpu.cfs_quota_us": f"{quota}\n", "cpu/box/cpu.cfs_period_us": "100000\n"}
    groups("5:memory:/other\n4:cpu,cpuacct:/box\n", **files)
    assert usable_cores() == cores


def test_a_quota_of_a_group_above_counts(groups):
    groups("0::/pod/box\n", **{"pod/box/cpu.max": "max 100000\n", "pod/cpu.max": "200000 100000\n"})
    assert usable_cores() == 2


def test_memory_of_version_2_is_what_the_limit_leaves_and_what_can_be_given_back(groups):
    files = {"memory.max": f"{1000 * MIB}", "memory.high": "max", "memory.current": f"{700 * MIB}"}
    files |= {"memory.stat": f"anon {400 * MIB}\ninactive_file {250 * MIB}\n"}
    groups("0::/box\n", **{f"box/{name}": content for name, content in files.items()})
    assert ram_left() == 550 * MIB


def test_memory_above_which_a_group_is_slowed_down_is_a_limit(groups):
    files = {"memory.max": f"{900 * MIB}", "memory.high": f"{600 * MIB}", "memory.current": f"{100 * MIB}"}
    groups("0::/\n", **files)
    assert ram_left() == 500 * MIB


def test_memory_of_version_1_is_what_the_limit_leaves_and_what_can_be_given_back(groups):
    files = {"limit_in_bytes": f"{1000 * MIB}", "usage_in_bytes": f"{300 * MIB}"}
    files |= {"stat": f"inactive_file 1\ntotal_inactive_file {50 * MIB}\n"}
    groups("4:memory:/box\n0::/\n", **{f"memory/box/memory.{name}": content for name, content in files.items()})
    assert ram_left() == 750 * MIB


def test_the_narrowest_of_all_groups_counts(groups):
    files = {"pod/box/memory.max": f"{900 * MIB}", "pod/box/memory.current": "0"}
    groups("0::/pod/box\n", **files, **{"pod/memory.max": f"{500 * MIB}", "pod/memory.current": f"{100 * MIB}"})
    assert ram_left() == 400 * MIB


@pytest.mark.parametrize("path", ["/docker/0123", "/../../outside", "/"])
def test_a_container_finds_its_own_group_at_the_root(groups, path):
    groups(f"0::{path}\n", **{"memory.max": f"{300 * MIB}", "memory.current": "0", "cpu.max": "100000 100000"})
    assert (ram_left(), usable_cores()) == (300 * MIB, 1)


def test_what_is_used_beyond_a_limit_leaves_nothing(groups):
    groups("0::/\n", **{"memory.max": f"{300 * MIB}", "memory.current": f"{301 * MIB}"})
    assert ram_left() == 0


def test_without_control_groups_there_is_no_limit(groups):
    assert (ram_left(), usable_cores()) == (None, 8)
