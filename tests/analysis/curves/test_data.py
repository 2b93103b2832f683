import itertools
import json
import math
import re

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.data import figure_data, to_json

PROBE = [{"step": 1_000, "rows": [{"size": {"length": 20}, "sequences": 64, "scores": {"bit_errors": 1.0}}]}]


def test_a_task_has_four_figures_and_each_of_its_models_one(make_record):
    records = [make_record(model, "copy:layout=collier2018", probe=PROBE) for model in ("ntm:memory_slots=64", "lstm")]
    assert list(figure_data(cells(records))) == [
        "learning-copy-layout-collier2018",
        "solve-copy-layout-collier2018",
        "length-copy-layout-collier2018",
        "cost-copy-layout-collier2018",
        "probe-copy-layout-collier2018-lstm",
        "probe-copy-layout-collier2018-ntm-memory_slots-64",
    ]


def test_a_task_whose_runs_climbed_has_a_figure_of_levels(make_record, make_syllabus):
    made = list(figure_data(cells([make_record(syllabus=make_syllabus({0: 1, 200: 2}))])))
    assert made == ["learning-copy", "solve-copy", "level-copy", "length-copy", "cost-copy"]


def test_what_is_not_there_has_no_figure(make_failed_record):
    assert list(figure_data(cells([make_failed_record()]))) == ["solve-copy"]


def test_without_records_there_is_no_figure():
    assert figure_data(cells([])) == {}


@pytest.mark.parametrize("task", ["a/b\\c", "../..", "ü:é=x", "a b", "x" * 500, "a:path=C:,d=$x^2$"])
def test_stems_are_safe_as_file_names(named, task):
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,140}", stem) for stem in figure_data(cells([named("ntm", task)])))


def test_figures_whose_stems_would_be_the_same_are_told_apart(make_record):
    records = [make_record(task="copy:a=1"), make_record(task="copy:A=1"), make_record(task="sort")]
    found = figure_data(cells(records))
    keys = sorted(record.key[:12] for record in records[:2])
    assert sorted(stem for stem in found if stem.startswith("solve-")) == [
        *(f"solve-copy-a-1-{key}" for key in keys), "solve-sort"
    ]  # fmt: skip
    assert {data.subject.task for data in found.values()} == {"copy:a=1", "copy:A=1", "sort"}


def test_unlike_rules_of_one_task_have_figures_of_their_own(make_record):
    found = figure_data(cells([make_record(), make_record("lstm", convergence={"metric": "loss_bits", "below": 1.0})]))
    assert len([stem for stem in found if stem.startswith("learning-copy-")]) == 2


def test_the_same_records_give_the_same_bytes_in_any_order_and_read_twice(make_record, make_failed_record):
    records = [make_record(probe=PROBE), make_record(seed=1), make_failed_record(seed=2), make_record("lstm", "sort")]
    first = to_json(figure_data(cells(records)))
    assert all(to_json(figure_data(cells(order))) == first for order in itertools.permutations(records))
    assert to_json(figure_data(cells(records * 2))) == first


def test_json_names_every_number(make_record):
    found = json.loads(to_json(figure_data(cells([make_record(), make_record(seed=1)]))))
    assert found["solve-copy"]["lines"][0]["steps"] == [0.0, 400.0]
    interval = found["length-copy"]["lines"][0]["points"][0]["estimate"]["interval"]
    assert set(interval) == {"low", "high", "method", "level", "n"}


def test_json_writes_what_is_not_finite_as_words(make_record, make_failed_record):
    found = json.loads(
        to_json(figure_data(cells([make_record(), make_failed_record(seed=1)]))), parse_constant=pytest.fail
    )
    assert found["learning-copy"]["lines"][0]["high"] == ["Infinity"] * 3


def test_every_number_of_the_data_is_a_plain_one(make_record):
    def leaves(value):
        return [leaf for each in value for leaf in leaves(each)] if isinstance(value, tuple) else [value]

    numbers = [leaf for data in figure_data(cells([make_record()])).values() for leaf in leaves(data)]
    assert {type(number) for number in numbers} <= {str, int, float, bool, dict, type(None)}
    assert not any(isinstance(number, float) and math.isnan(number) for number in numbers)
