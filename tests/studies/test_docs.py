"""docs/studies.md says what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from mann_bench.core.specs import StudySpec
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.plan import plan_study
from mann_bench.studies.schema import Cells, Claim, ClaimMetric, Study, TuningTable
from mann_bench.studies.tuning_file import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")


def block(language, place=0):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[place]


def test_the_example_is_a_study(registry, tmp_path):
    (tmp_path / "my-study.toml").write_text(block("toml"))
    assert len(plan_study(registry, str(tmp_path / "my-study.toml")).plan.runs) == 10


def test_the_example_on_the_greatest_size_is_a_part_of_a_study(registry, tmp_path):
    top = 'name = "s"\nversion = 1\nsummary = "s"\nseeds = "0-1"\ncells = [{models = ["ntm"], tasks = ["copy"]}]\n'
    (tmp_path / "my-study.toml").write_text(top + block("toml", 1))
    (claim,) = plan_study(registry, str(tmp_path / "my-study.toml")).claims
    assert [run.protocol.syllabus for cell in claim.cells for run in cell[:1]] == ["naive", "uniform"]


def test_the_example_on_levels_is_a_part_of_a_study(registry, tmp_path):
    models, task = '"sam:memory_slots=65536", "ntm", "dnc"', "associative_recall:layout=collier2018,max_items=256"
    top = 'name = "s"\nversion = 1\nsummary = "s"\nseeds = "0-1"\n'
    cells = f'cells = [{{models = [{models}], tasks = ["{task}"]}}]\n'
    (tmp_path / "my-study.toml").write_text(top + cells + block("toml", 2))
    (claim,) = plan_study(registry, str(tmp_path / "my-study.toml")).claims
    assert [cell[0].model.name for cell in claim.cells] == ["sam", "ntm", "dnc"]


def test_the_example_of_a_plugin_brings_it(tmp_path):
    names = {"__file__": str(tmp_path / "plugin.py")}
    exec(compile(block("python"), "studies.md", "exec"), names)
    assert names["mann_bench_studies"]() == [StudySpec("my-study", tmp_path / "my-study.toml", "one line")]


@pytest.mark.parametrize("part", [Study, Cells, Claim, TuningTable])
def test_every_field_is_described(part):
    assert [name for name in part.model_fields if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_tuning_has_its_row_in_its_words(rule):
    assert f"\n| `{rule}` | {RULES[rule]} |" in PAGE


def test_the_example_of_tuning_has_the_default_rates_seeds_and_rule():
    assert TuningTable.model_validate(tomllib.loads(block("toml", 3))["tuning"]) == TuningTable()


def test_every_metric_and_every_study_has_its_row(registry):
    for name in [*(metric.value for metric in ClaimMetric), *registry.studies]:
        assert f"\n| `{name}` |" in PAGE


def test_the_intervals_of_rates_are_those_of_the_page():
    rows = re.findall(r"^\| (\d+) \| 0 to ([\d.]+) \| ([\d.]+) to 1 \|$", PAGE, re.M)
    assert len(rows) == 4
    for runs, none, every in rows:
        n = int(runs)
        assert (none, every) == (f"{clopper_pearson(0, n).high:.3f}", f"{clopper_pearson(n, n).low:.3f}")


def test_the_page_says_how_many_runs_without_a_nan_show_that_there_is_never_one():
    (runs,) = re.findall(r"It takes (\d+) runs without a NaN", PAGE)
    assert [clopper_pearson(0, int(runs) + more).high <= 0.01 for more in (-1, 0)] == [False, True]
