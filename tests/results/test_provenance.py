import datetime
import importlib.metadata
import platform
import time
from pathlib import Path

from mann_bench.results.provenance import GitState, cpu_name, git_state, provenance
from mann_bench.version import __version__


def test_the_commit_is_that_of_the_checkout_that_tracks_the_package(git, make_repository):
    repository = make_repository("mine")
    assert git_state(repository / "thing") == GitState(git(repository, "rev-parse", "HEAD"), False)


def test_the_repository_it_is_called_from_does_not_matter(git, make_repository, monkeypatch):
    mine, foreign = make_repository("mine"), make_repository("foreign")
    monkeypatch.chdir(foreign)
    assert git_state(mine / "thing").commit == git(mine, "rev-parse", "HEAD")


def test_our_own_commit_does_not_depend_on_where_it_is_asked_for(git, make_repository, monkeypatch):
    before, foreign = provenance("cpu", "Some CPU", 1).git_commit, make_repository("foreign")
    monkeypatch.chdir(foreign)
    assert provenance("cpu", "Some CPU", 1).git_commit == before != git(foreign, "rev-parse", "HEAD")


def test_the_repository_whose_hook_calls_it_does_not_matter(git, make_repository, monkeypatch):
    mine, foreign = make_repository("mine"), make_repository("foreign")
    commit = git(mine, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(foreign / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(foreign))
    assert git_state(mine / "thing").commit == commit


def test_a_repository_that_does_not_track_the_package_is_not_its_checkout(make_repository):
    installed = make_repository("project") / ".venv" / "thing"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert git_state(installed) == GitState(None, None)


def test_a_package_outside_any_repository_has_no_commit(tmp_path):
    (tmp_path / "__init__.py").write_text("")
    assert git_state(tmp_path) == GitState(None, None)


def test_a_repository_without_a_commit_has_none(git, tmp_path):
    (tmp_path / "__init__.py").write_text("")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    assert git_state(tmp_path) == GitState(None, None)


def test_an_edited_file_makes_the_checkout_dirty(make_repository):
    package = make_repository("mine") / "thing"
    (package / "__init__.py").write_text("edited = True\n")
    assert git_state(package).dirty is True


def test_an_untracked_file_does_not_make_the_checkout_dirty(make_repository):
    repository = make_repository("mine")
    (repository / "notes.txt").write_text("")
    assert git_state(repository / "thing").dirty is False


def test_without_git_there_is_no_commit(make_repository, monkeypatch, tmp_path):
    package = make_repository("mine") / "thing"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(package) == GitState(None, None)


def test_a_git_that_hangs_is_given_up(make_repository, monkeypatch, tmp_path):
    package, slow = make_repository("mine") / "thing", tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setattr("mann_bench.results.provenance._GIT_SECONDS", 0.05)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=":")
    started = time.monotonic()
    assert git_state(package) == GitState(None, None)
    assert time.monotonic() - started < 5


def test_versions_are_those_installed():
    made = provenance("cpu", "Some CPU", 1)
    installed = [importlib.metadata.version(name) for name in ("torch", "numpy", "pytorch-lightning")]
    assert [made.torch, made.numpy, made.pytorch_lightning] == installed
    assert (made.mann_bench, made.python) == (__version__, platform.python_version())


def test_the_machine_is_described_as_given():
    made = provenance("cuda", "Some GPU", 3)
    assert (made.device, made.device_name, made.threads) == ("cuda", "Some GPU", 3)


def test_how_the_machine_rounds_is_described_as_given():
    made = provenance("cpu", "Some CPU", 1, cpu_capability="AVX2", rounding="0123456789abcdef")
    assert (made.cpu_capability, made.rounding, made.compiler) == ("AVX2", "0123456789abcdef", None)


def test_the_date_is_now_in_utc():
    date = datetime.datetime.fromisoformat(provenance("cpu", "Some CPU", 1).date)
    assert date.utcoffset() == datetime.timedelta(0)
    assert abs(datetime.datetime.now(datetime.UTC) - date) < datetime.timedelta(minutes=1)


def test_the_cpu_has_a_name():
    assert cpu_name()


def test_a_system_without_cpuinfo_still_names_its_cpu(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda self: False)
    assert cpu_name() == (platform.processor() or platform.machine())
