"""The pytest plugin as authors meet it: in an environment with a plugin of theirs."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

import mann_bench
from mann_bench.testing.pytest_plugin import pytest_generate_tests

PLUGIN = """
from mann_bench import ExpectedFailure, ModelSpec, hookimpl

def spec(name, target, **fields):
    return ModelSpec(name, 1, f"testing.broken_models:{target}", "a model", "a paper", **fields)

@hookimpl
def mann_bench_models():
    known = ExpectedFailure("causal", "it reads both ways")
    return [
        spec("sound", "Sound"),
        spec("peeking", "Peeking", expected_failures=(known,)),
        spec("mended", "Sound", expected_failures=(known,)),
        spec("needy", "Sound", requires=("no_such_package",)),
    ]
"""
TEST = """
import pytest
from mann_bench.testing import Case

@pytest.mark.mann_bench({names})
def test_conformance(mann_bench_case: Case) -> None:
    mann_bench_case.check()
"""


@pytest.fixture
def run_tests(tmp_path):
    """Return a function that runs the conformance test of some models; gives back the exit code and the report."""
    (tmp_path / "acme_memory.py").write_text(PLUGIN)
    info = tmp_path / "acme_memory-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-memory\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mann_bench]\nacme = acme_memory\n")
    paths = [
        tmp_path,
        Path(__file__).parents[1],
        Path(mann_bench.__file__).parents[1],
        os.environ.get("PYTHONPATH", ""),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "COLUMNS": "200"}
    environment.pop("MANN_BENCH_PLUGINS", None)

    def run(*names, only=""):
        (tmp_path / "test_acme.py").write_text(TEST.format(names=", ".join(map(repr, names))))
        command = [sys.executable, "-m", "pytest", "-rA", "--strict-markers", "-p", "no:cacheprovider", "-k", only]
        done = subprocess.run(
            [*command, "test_acme.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_every_clause_is_a_test_with_its_outcome(run_tests):
    code, report = run_tests("acme", only="causal or backends")
    assert code == 1
    assert "PASSED test_acme.py::test_conformance[sound-causal]" in report
    assert "XFAIL test_acme.py::test_conformance[peeking-causal] - it reads both ways" in report
    assert "FAILED test_acme.py::test_conformance[mended-causal] - [XPASS(strict)] it reads both ways" in report
    assert "the model has no native recurrence" in report
    assert "needs no_such_package, which is not installed" in report
    assert "1 failed, 1 passed, 5 skipped" in report


def collected(*names):
    """A test function as pytest shows it while it collects, marked with names."""
    definition = SimpleNamespace(
        nodeid="test_acme.py::test_conformance", iter_markers=lambda name: [pytest.mark.mann_bench(*names).mark]
    )
    return Mock(spec=pytest.Metafunc, fixturenames=["mann_bench_case"], definition=definition)


def test_an_unknown_name_is_an_error_with_the_nearest():
    with pytest.raises(pytest.UsageError, match=r"test_conformance: 'copt' is no model.* Did you mean 'copy'"):
        pytest_generate_tests(collected("copt"))


def test_a_test_that_names_nothing_is_an_error():
    with pytest.raises(pytest.UsageError, match=r'Mark it: @pytest.mark.mann_bench\("my_model"\)'):
        pytest_generate_tests(collected())


def test_the_plugin_is_light_until_it_is_used():
    script = (
        "import sys, mann_bench.testing.pytest_plugin; print({'torch', 'numpy', 'pytorch_lightning'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
