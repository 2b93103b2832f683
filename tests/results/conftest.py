import os
import subprocess

import pytest

from mann_bench.results.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs")


@pytest.fixture(autouse=True)
def no_repository(monkeypatch):
    """Hide the repository whose hook may have started the tests: with GIT_DIR set, they would commit to that one."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def git(tmp_path):
    """Return a function that calls git in a folder below `tmp_path`, and nowhere else, and returns what it says."""
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    (tmp_path / "gitconfig").touch()
    clean |= {
        "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
    }

    def call(folder, *arguments):
        assert folder.is_relative_to(tmp_path)
        command = ["git", "-C", str(folder), *identity, *arguments]
        done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return call


@pytest.fixture
def make_repository(git, tmp_path):
    """Return a function that makes a repository with one commit of the package `thing`, and returns its root."""

    def make(name):
        package = tmp_path / name / "thing"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(f"name = {name!r}\n")
        git(tmp_path / name, "init", "--quiet")
        git(tmp_path / name, "add", ".")
        git(tmp_path / name, "commit", "--quiet", "--message", name)
        return tmp_path / name

    return make
