"""Two distributions, pip-installed into an environment of the tests' own: one sound, one broken."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parent / "plugins"
TINY = "collier2018:max_steps=4,evaluate_every=2,validation_sequences=16,test_sequences=4,probe_every=2"


@pytest.fixture(scope="module")
def mann_bench(tmp_path_factory):
    """Return a function that calls ``mann-bench`` in an environment that has both plugins."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    # What this environment has is visible in the new one; the plugins are installed there alone.
    site = next((folder / "venv" / "lib").iterdir()) / "site-packages"
    (site / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    environment = {k: v for k, v in os.environ.items() if k != "MANN_BENCH_PLUGINS"} | {"WANDB_MODE": "disabled"}
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    plugins = [str(PLUGINS / name) for name in ("acme", "broken")]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", *plugins], env=environment, check=True)

    def call(*arguments, **variables):
        command = [str(python), "-c", "from mann_bench.cli.main import main; main()", *arguments]
        return subprocess.run(
            command, env=environment | variables, cwd=folder, capture_output=True, text=True, check=False
        )

    return call


def test_the_sound_plugin_is_listed_with_its_distribution(mann_bench):
    done = mann_bench("list", "models", "--json")
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["acme_trace"]["distribution"] == "acme-memory"
    assert "ntm" in rows


def test_the_broken_plugin_is_listed_with_its_reason(mann_bench):
    done = mann_bench("plugins", "--json")
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["broken_net"]["status"] == "broken"
    assert "a kernel that was never built" in rows["broken_net"]["reason"]
    assert rows["acme"]["status"] == "loaded"


def test_the_sound_plugin_runs_beside_the_broken_one(mann_bench):
    arguments = ["run", "--model", "acme_trace:decay=0.25", "--model", "lstm:layers=1,units=4"]
    done = mann_bench(*arguments, "--task", "acme_parity", "--seeds", "0", "--protocol", TINY, "--json", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "Plugin 'broken_net' (broken-memory 0.1) is broken" in done.stderr
    record = json.loads(done.stdout.splitlines()[0])
    assert record["model"]["options"] == {"decay": 0.25}
    assert [record[part]["distribution"] for part in ("model", "task")] == ["acme-memory"] * 2
    assert record["model"]["distribution_version"] == "3.1"
    assert [row["size"] for row in record["generalization"]] == [{"length": 8}, {"length": 16}]


def test_naming_the_broken_plugin_exits_3(mann_bench):
    done = mann_bench("run", "--model", "broken_net", "--task", "copy")
    assert done.returncode == 3
    assert "a kernel that was never built" in done.stderr
    assert "Traceback" not in done.stderr


def test_third_parties_switched_off_leave_the_builtins(mann_bench):
    done = mann_bench("--no-plugins", "list", "models")
    assert "acme" not in done.stdout
    assert "ntm" in done.stdout
    off = mann_bench("run", "--model", "acme", "--task", "copy", MANN_BENCH_PLUGINS="")
    assert off.returncode == 3
    assert "switched off by MANN_BENCH_PLUGINS=" in off.stderr
