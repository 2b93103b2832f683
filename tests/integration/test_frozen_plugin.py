"""A plugin that was written for version 1 of the plugin API goes on working, whatever the suite becomes."""

import ast
import hashlib
import sys
from pathlib import Path

import pytest

import mann_bench
from mann_bench.plugins import Status
from mann_bench.registry import Registry
from mann_bench.testing import Status as Outcome
from mann_bench.testing import find_cases, run_case

PLUGIN = Path(__file__).parent / "plugins" / "frozen_v1"
TINY = "collier2018:max_steps=2,evaluate_every=2,validation_sequences=8,test_sequences=4,probe_every=2"


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """The registry with the plugin installed, by a fake dist-info folder."""
    info = tmp_path / "site" / "frozen_v1-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: frozen-v1\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mann_bench]\nfrozen-v1 = frozen_v1\n")
    for folder in (info.parent, PLUGIN):
        monkeypatch.syspath_prepend(str(folder))
    yield Registry.discover()
    for module in ("frozen_v1", "frozen_v1_parts"):
        sys.modules.pop(module, None)


def test_it_is_as_it_was():
    files = sorted(path for path in PLUGIN.iterdir() if path.is_file())
    assert (
        hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
        == "2c4c93d56d5f0706f82ebe1e52665366ac1e2d6be5aee039dcf3639392e09f22"
    )


def test_it_uses_public_names_alone():
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PLUGIN.glob("*.py")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in imports} == {"mann_bench"}
    assert {alias.name for node in imports for alias in node.names} <= set(mann_bench.__all__)


def test_it_is_loaded(registry):
    (row,) = [plugin for plugin in registry.plugins if plugin.name == "frozen-v1"]
    assert (row.status, row.brings) == (Status.LOADED, ("frozen_v1_memory", "frozen_v1_task"))


def test_options_that_it_does_not_explain_are_told_and_pass(registry):
    cases = [case for case in find_cases(["frozen-v1"], registry) if case.clause.name == "explained"]
    results = [run_case(case) for case in cases]
    assert [result.status for result in results] == [Outcome.PASSED] * 2
    assert results[0].note.startswith("warning: the docstring of Shelf says nothing on slots, bias under Args:.")


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("model", ["frozen_v1_memory", "frozen_v1_memory:slots=2,bias=false", "lstm:layers=1,units=4"])
def test_its_model_and_its_task_train(tmp_path, model):
    given = {"protocol": TINY, "out": tmp_path, "wandb": "disabled", "progress": False}
    (record,) = mann_bench.run([model], ["frozen_v1_task:max_length=4"], [0], **given).records
    assert record.error is None, record.error
    assert record.steps == 2
    assert [row.size for row in record.generalization] == [{"length": 6}, {"length": 12}]


@pytest.mark.usefixtures("registry")
def test_its_model_trains_on_a_task_of_the_suite(tmp_path):
    given = {"protocol": TINY, "out": tmp_path, "wandb": "disabled", "progress": False}
    (record,) = mann_bench.run(["frozen_v1_memory"], ["copy:max_length=2"], [0], **given).records
    assert record.error is None, record.error
    assert record.steps == 2
