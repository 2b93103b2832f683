"""What the classes of a plugin may try while they are imported, built and trained, beside the models of others."""

import json
import sys
import textwrap

import pytest
import torch

from mann_bench.cli.main import invoke
from mann_bench.core.errors import MannBenchError, PluginUnavailableError, UsageError
from mann_bench.core.events import Finished, Notice
from mann_bench.core.global_settings import settings_text
from mann_bench.core.jobs import Job
from mann_bench.core.plugin_code import PluginWarning
from mann_bench.execution.local import LocalExecutor
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.worker import execute_job
from mann_bench.registry import Registry
from mann_bench.results.store import Store

PLUGIN = """
from mann_bench import ModelSpec, hookimpl
@hookimpl
def mann_bench_models():
    return [ModelSpec('{name}', 1, '{name}_model:Model', 'one line')]
"""
MODEL = """
import os, sys, torch
from mann_bench import SequenceModule
{top}
class Model(SequenceModule):
    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.readout = torch.nn.Linear(input_size, output_size)
        {build}
    def forward(self, inputs):
        {train}
        return self.readout(inputs)
    def details(self):
        return {{"process": os.getpid()}}
"""
NTM = "ntm:memory_slots=8,controller_size=8,slot_width=4"
PRECISION = "torch.set_float32_matmul_precision('medium')"


@pytest.fixture
def model(install, tmp_path, monkeypatch):
    """Return a function that installs a model with statements at its import, in `__init__` and in `forward`."""

    def make(name="acme", top="", build="pass", train="pass"):
        install(f"{name}-memory", PLUGIN.format(name=name))
        (tmp_path / f"{name}_model.py").write_text(textwrap.dedent(MODEL.format(top=top, build=build, train=train)))
        monkeypatch.delitem(sys.modules, f"{name}_model", raising=False)
        return name

    return make


@pytest.fixture
def jobs(tiny_protocol, tmp_path):
    """Return a function that makes the jobs of some models, one seed after the other."""

    def make(*models, seeds=(0,), folder="runs"):
        plan = make_plan(Registry.discover(), [Block(models, ["copy:max_length=3"], [tiny_protocol()])], seeds)
        return [Job(run, "cpu", "eager", tmp_path / folder) for run in plan.runs]

    return make


def record_of(job):
    return Store(job.out).find(job.run.key)


RAISED = {"sys.exit(0)": "SystemExit: 0", "raise KeyboardInterrupt": "KeyboardInterrupt"}


@pytest.mark.parametrize(("deed", "words"), RAISED.items())
def test_a_class_that_ends_the_program_at_its_import_is_a_fault_of_its_plugin(model, jobs, deed, words):
    name = model(top=deed)
    with pytest.raises(PluginUnavailableError, match=f"'acme' of distribution 'acme-memory'.*{words}"):
        jobs(name)


@pytest.mark.parametrize(("deed", "words"), RAISED.items())
def test_a_class_that_ends_the_program_when_it_is_built_is_a_fault_of_its_plugin(model, jobs, deed, words):
    name = model(build=deed)
    with pytest.raises(UsageError, match=f"model 'acme' cannot be built: .*{words}"):
        jobs(name)


@pytest.mark.parametrize("place", ["top", "build"])
def test_a_class_that_changes_what_is_global_is_named_and_undone(model, jobs, place):
    name = model(**{place: PRECISION})
    with pytest.warns(PluginWarning, match="'acme' of distribution 'acme-memory' changed float32_matmul_precision"):
        jobs(name)
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_model_built_in_a_run_is_named_to_who_watches(model, jobs):
    name = model(build="sys.modules.get('spoil') and " + PRECISION)
    (job,), heard = jobs(name), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "spoil", sys)
        execute_job(job, heard.append)
    assert any("changed float32_matmul_precision" in each.text for each in heard if isinstance(each, Notice))
    assert "float32_matmul_precision=highest" in record_of(job).provenance.settings


def test_what_a_model_changes_as_it_trains_stands_in_its_record_and_is_undone(model, jobs):
    (job,), heard = jobs(model(train=PRECISION)), []
    execute_job(job, heard.append)
    assert "float32_matmul_precision=medium" in record_of(job).provenance.settings
    assert torch.get_float32_matmul_precision() == "highest"
    assert "acme on copy:max_length=3 changed float32_matmul_precision" in heard[-2].text
    assert isinstance(heard[-1], Finished)


def test_another_models_record_is_the_same_beside_a_model_that_changes_everything(model, jobs, timeless):
    (alone,) = jobs(NTM, folder="alone")
    name = model(train="torch.set_default_dtype(torch.float64); torch.set_grad_enabled(False)")
    _, beside = both = jobs(name, NTM)
    LocalExecutor(jobs=1).execute([alone, *both], lambda event: None)
    assert timeless(record_of(beside)) == timeless(record_of(alone))


@pytest.mark.parametrize("backend", ["eager", "compiled", "native"])
def test_a_built_in_model_changes_nothing(jobs, backend):
    heard = []
    for job in jobs(NTM, seeds=(0, 1), folder=backend):
        execute_job(job._replace(backend=backend), heard.append)
    assert not [event for event in heard if isinstance(event, Notice) and "changed" in event.text]


def test_a_run_begins_with_the_settings_of_every_run_and_gives_the_callers_back(jobs):
    (job,) = jobs(NTM)
    usual = settings_text()
    torch.set_float32_matmul_precision("medium")
    try:
        execute_job(job, lambda event: None)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert record_of(job).provenance.settings == usual


def test_a_setting_that_cannot_be_put_back_is_an_error_with_words(jobs):
    (job,) = jobs(NTM)
    with torch.device("meta"), pytest.raises(MannBenchError, match="default_device of torch is 'meta'"):
        execute_job(job, lambda event: None)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_a_model_prints_as_it_trains_is_kept_apart_from_the_records(
    model, tiny_protocol, tmp_path, capfd, workers
):
    task, protocol = ("--task", "copy:max_length=3"), ("--protocol", tiny_protocol())
    name = model(train="print('noise', flush=True)")
    arguments = ["run", "--model", name, *task, "--seeds", "0-1", *protocol, "--json", "--jobs", workers]
    assert invoke([*arguments, "--out", str(tmp_path / "runs"), "--wandb", "disabled"]) == 0
    printed = capfd.readouterr()
    assert [json.loads(line)["seed"] for line in printed.out.splitlines()] == [0, 1]
    assert "noise" in printed.err


def test_workers_of_one_third_party_do_no_runs_of_another(model, jobs):
    made = jobs(model("acme"), model("other"), NTM, seeds=(0, 1))
    LocalExecutor(jobs=2).execute(made, lambda event: None)
    processes = {name: set() for name in ("acme", "other")}
    for job in made:
        if job.run.model.name in processes:
            processes[job.run.model.name].add(record_of(job).details["process"])
    assert processes["acme"].isdisjoint(processes["other"])


def test_a_worker_that_dies_of_a_model_costs_nobody_elses_run(model, jobs):
    made = jobs(model(train="os._exit(0)"), NTM, seeds=(0, 1))
    ends = []
    LocalExecutor(jobs=2).execute(made, lambda event: ends.append(event) if isinstance(event, Finished) else None)
    assert [record_of(job) is None for job in made] == [True, False] * 2
    assert sum("exit code 0" in (end.problem or "") for end in ends) == 2
