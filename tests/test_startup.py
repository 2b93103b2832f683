"""The command line starts without the heavy packages."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "pytorch_lightning", "wandb", "matplotlib", "pandas", "pydantic", "numpy")

SCRIPT = """
import sys
from mann_bench.cli.main import invoke
code = invoke({arguments!r})
print("HEAVY", sorted(set({heavy!r}) & set(sys.modules)))
sys.exit(code)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list", "models"],
        ["list", "tasks"],
        ["list", "protocols"],
        ["list", "studies"],
        ["plugins"],
        ["plugin", "--help"],
        ["plugin", "new", "--help"],
        ["plugin", "check", "--help"],
        ["run", "--help"],
        ["study", "--help"],
        ["study", "run", "--help"],
        ["report", "--help"],
        ["leaderboard", "--help"],
        ["leaderboard", "validate", "--help"],
        ["reproduce", "--help"],
    ],
)
def test_it_imports_nothing_heavy(arguments):
    script = SCRIPT.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_studies_are_listed_without_torch():
    script = SCRIPT.format(arguments=["study", "list"], heavy=("torch", "pytorch_lightning", "wandb", "numpy"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_a_protocol_is_shown_without_torch():
    heavy = ("torch", "pytorch_lightning", "wandb", "pydantic")
    script = SCRIPT.format(arguments=["show", "protocol", "collier2018:syllabus=naive"], heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


@pytest.mark.parametrize("command", ["run --model ntm --task copy", "study run smoke"])
def test_what_is_asked_for_is_said_before_torch_is_imported(command, tmp_path):
    script = """
import sys
from mann_bench.cli.main import invoke
class Torch:
    def find_spec(self, name, *_):
        if name == "torch":
            raise SystemExit(7)
sys.meta_path.insert(0, Torch())
invoke({arguments!r})
"""
    code = script.format(arguments=[*command.split(), "--dry-run"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("Loading torch ...")) == (7, 1)


def test_an_unknown_name_is_told_without_torch():
    script = SCRIPT.format(arguments=["run", "--model", "ntn", "--task", "copy"], heavy=("torch", "wandb"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (2, "HEAVY []")


def test_the_package_itself_is_light():
    script = f"import sys, mann_bench; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves():
    import mann_bench

    assert all(getattr(mann_bench, name) is not None for name in mann_bench.__all__)


def test_an_unknown_attribute_raises():
    import mann_bench

    with pytest.raises(AttributeError, match="nonsense"):
        _ = mann_bench.nonsense
