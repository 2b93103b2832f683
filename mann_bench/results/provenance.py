"""What a run ran on: versions, machine, and the commit of the package itself, wherever it is called from."""

import datetime
import functools
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Literal, NamedTuple

from mann_bench.results.schema import Provenance
from mann_bench.version import __version__

_GIT_SECONDS = 10

_installed = functools.cache(importlib.metadata.version)


class GitState(NamedTuple):
    """Commit of a checkout, and whether it has uncommitted changes."""

    commit: str | None
    dirty: bool | None


def provenance(
    device: Literal["cpu", "cuda"],
    device_name: str,
    threads: int,
    settings: str | None = None,
    **arithmetic: str | None,
) -> Provenance:
    """Describe the software and the machine now; `arithmetic` are the fields that tell how it rounds."""
    git = _own_git_state()
    return Provenance(
        mann_bench=__version__,
        git_commit=git.commit,
        git_dirty=git.dirty,
        torch=_installed("torch"),
        numpy=_installed("numpy"),
        pytorch_lightning=_installed("pytorch-lightning"),
        python=platform.python_version(),
        os=f"{platform.system()} {platform.release()}",
        device=device,
        device_name=device_name,
        threads=threads,
        settings=settings,
        date=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **arithmetic,
    )


@functools.cache
def _own_git_state() -> GitState:
    """Return the state of this package's checkout when it was first asked for: what was loaded is from before."""
    return git_state(Path(__file__).parents[1])


def git_state(package: Path) -> GitState:
    """Return the state of the checkout that tracks `package`, never that of the current directory.

    A package that lies in a repository which does not track it (a virtual environment inside somebody's
    project) has none.
    """
    tracked = _git(package, "ls-files", "--error-unmatch", "__init__.py")
    commit = _git(package, "rev-parse", "HEAD") if tracked else None
    if not commit:
        return GitState(None, None)
    changes = _git(package, "status", "--porcelain", "--untracked-files=no")
    return GitState(commit, None if changes is None else bool(changes))


def cpu_name() -> str:
    """Return the processor's name as the system states it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(folder: Path, *arguments: str) -> str | None:
    # Variables such as GIT_DIR would point git at somebody else's repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_GIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
