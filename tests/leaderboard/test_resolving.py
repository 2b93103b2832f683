"""What a study asks of entries is looked up once, what depends on the models of an entry for each."""

import dataclasses

import pytest
import torch

from mann_bench.core.errors import UsageError
from mann_bench.core.specs import ModelSpec
from mann_bench.leaderboard.resolving import rules_resolver, study_rules
from mann_bench.plugins import MODEL, PROTOCOL, SYLLABUS, TASK, Plugin, Status
from mann_bench.registry import Registered
from mann_bench.tasks.copy import Copy

STUDY = """\
name = "example"
version = 1
summary = "one line"
seeds = "0-1"
protocols = ["collier2018:max_steps=100"]

[[cells]]
models = ["lstm:units=8"]
tasks = ["copy:max_length=3"]
"""


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "example.toml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def test_every_entry_gets_the_models_that_it_names(registry, study):
    rules_of = rules_resolver(registry, str(study))
    named = [["lstm:units=8"], ["lstm:units=9", "ntm"], []]
    assert [list(rules_of("example", models).models) for models in named] == named


def test_the_rules_of_a_later_entry_are_those_of_the_study_looked_up_alone(registry, study):
    rules_of = rules_resolver(registry)
    rules_of(str(study), ["ntm"])
    assert rules_of(str(study), ["lstm"]) == study_rules(registry, str(study), ["lstm"])


def test_a_study_asks_for_the_seeds_of_one_of_its_looks(registry, study):
    study.write_text(STUDY.replace('seeds = "0-1"', 'seeds = "0-1"\nlooks = [2, 4]'), encoding="utf-8")
    assert study_rules(registry, str(study), []).looks == [{0, 1}, {0, 1, 2, 3}]


def test_a_study_is_read_once_for_all_entries(registry, study):
    rules_of = rules_resolver(registry, str(study))
    first = rules_of("example", [])
    study.unlink()
    assert rules_of("other", []) == first


def test_a_study_that_cannot_be_read_is_an_error_for_every_entry(registry, study):
    study.unlink()
    rules_of = rules_resolver(registry, str(study))
    for _ in range(2):
        with pytest.raises(UsageError, match="cannot be read"):
            rules_of("example", [])


@pytest.fixture
def claim(registry):
    """Return a function that makes a registry in which a distribution brings names that are another's."""

    def make(owner, *kinds_and_names):
        known = dataclasses.replace(registry, models=dict(registry.models))
        known.models["acme"] = Registered(ModelSpec("acme", 1, "m:C", "s"), Plugin("acme", "acme", "1", Status.LOADED))
        texts = {
            each: f"{each[0].singular} {each[1]!r} is claimed by {owner!r} and 'usurper'" for each in kinds_and_names
        }
        return dataclasses.replace(known, _contested=texts)

    return make


def test_what_the_suite_brings_is_the_suites_whoever_claims_its_name(claim, registry, study):
    contested = claim("mann-bench", (MODEL, "lstm"), (TASK, "copy"), (PROTOCOL, "collier2018"), (SYLLABUS, "uniform"))
    models = ["lstm:units=8"]
    assert study_rules(contested, str(study), models) == study_rules(registry, str(study), models)


def test_a_model_that_two_plugins_claim_is_said_to_be_contested(claim, study):
    rules = study_rules(claim("acme", (MODEL, "acme")), str(study), ["acme"])
    assert "claimed by 'acme' and 'usurper'. Uninstall one of them" in rules.models["acme"]


@pytest.mark.parametrize(("scored", "alike"), [((1, 1), True), ((0, 1), False)])
def test_a_task_tells_whether_sequences_are_scored_on_equally_many_steps(registry, study, monkeypatch, scored, alike):
    every_other = torch.tensor(scored).repeat(8)
    monkeypatch.setattr(Copy, "score_mask", lambda task, batch: batch.mask * every_other[: batch.mask.shape[1]])
    assert [task.alike for task in study_rules(registry, str(study), []).tasks.values()] == [alike]
