"""What a study asks of entries is looked up once, what depends on the models of an entry for each."""

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.leaderboard.resolving import rules_resolver, study_rules

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
