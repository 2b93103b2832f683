"""What is generated works as it is."""

import importlib
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import mann_bench
from mann_bench.core.streams import Stream
from mann_bench.plugins import Status
from mann_bench.registry import Registry
from mann_bench.testing import find_cases

TINY = "collier2018:max_steps=2,evaluate_every=2,validation_sequences=8,test_sequences=2,probe_every=2"


def model_of(names, *sizes, **options):
    return getattr(importlib.import_module(f"{names.package}.model"), names.model_class)(*sizes, **options)


@pytest.mark.parametrize("kind", ["model", "task", "both"])
def test_it_is_a_plugin_that_loads(generate, kind):
    names, _ = generate(kind)
    (row,) = [plugin for plugin in Registry.discover().plugins if plugin.name == names.distribution]
    assert (row.status, row.brings) == (Status.LOADED, tuple(filter(None, (names.model, names.task))))


def test_its_options_are_explained(generate):
    names, _ = generate("both")
    cases = [case for case in find_cases([names.distribution]) if case.clause.name == "explained"]
    assert [(len(case.subject.component.options), case.check()) for case in cases] == [(3, None), (2, None)]


def test_its_hooks_import_nothing_heavy(generate):
    names, folder = generate("both")
    script = f"import sys, {names.package}; print('torch' in sys.modules)"
    known = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder / "src"), *sys.path])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=known)
    assert done.stdout.strip() == "False"


def test_its_model_trains_on_its_task(generate, tmp_path):
    names, _ = generate("both")
    given = {"protocol": TINY, "out": tmp_path / "runs", "wandb": "disabled", "progress": False}
    (record,) = mann_bench.run([f"{names.model}:units=8,width=4"], [f"{names.task}:max_length=2"], [0], **given).records
    assert record.error is None, record.error
    assert record.steps == 2


def test_its_memory_is_the_sum_of_its_outer_products(generate):
    names, _ = generate("model")
    model = model_of(names, 3, 2, units=8, width=4, decay=0.5)
    hidden, memory = model.initial_state(2)
    expected = memory
    for inputs in torch.rand(5, 2, 3):
        _, (hidden, memory) = model.step(inputs, (hidden, memory))
        expected = 0.5 * expected + model.value(hidden)[:, :, None] * model.addresses(hidden)[1][:, None, :]
    torch.testing.assert_close(memory, expected)


@pytest.mark.parametrize("option", [{"units": 0}, {"width": 0}, {"decay": 1.5}, {"decay": -0.1}])
def test_its_model_refuses_what_makes_no_sense(generate, option):
    names, _ = generate("model")
    with pytest.raises(ValueError, match="expected units >= 1"):
        model_of(names, 3, 2, **option)


def test_its_task_is_reversal(generate):
    names, _ = generate("task")
    task = getattr(importlib.import_module(f"{names.package}.task"), names.task_class)(bits=3)
    inputs, targets, mask = task.generate(np.random.default_rng(0), {"length": 4}, 2)
    assert torch.equal(targets[5:], inputs[:4, :, :3].flip(0))
    assert mask[:, 0].tolist() == [0.0] * 5 + [1.0] * 4
    batch = task.evaluation_batch(Stream.TEST, {"length": 4}, 5)
    assert task.scores(task.oracle(batch.inputs), batch)["bit_errors"].tolist() == [0.0] * 5


@pytest.mark.parametrize("kind", ["model", "task", "both"])
def test_its_own_tests_pass(generate, kind):
    _, folder = generate(kind)
    known = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "pytest", "-q", str(folder)]
    done = subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
