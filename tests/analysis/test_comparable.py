import pytest

from mann_bench.analysis.cells import Cell
from mann_bench.analysis.comparable import Model, choices
from mann_bench.analysis.tuned import Tuned


@pytest.fixture
def make_cell(make_record):
    """Return a function that makes a cell of some seeds."""

    def make(model="ntm", task="copy", fields="", seeds=3, **record):
        protocol = f"collier2018:{fields}" if fields else "collier2018"
        records = [make_record(model, task, seed, protocol=protocol, **record) for seed in range(seeds)]
        return Cell(records[0].task.text, records[0].model.text, records[0].protocol.text, records)

    return make


def shown(*cells):
    return [(choice.task, choice.protocol, sorted(choice.places.values())) for choice in choices(cells)]


def test_budgets_of_one_task_are_never_mixed(make_cell):
    cells = make_cell("ntm", fields="max_steps=1000"), make_cell("dnc", fields="max_steps=1000"), make_cell("lstm")
    assert shown(*cells) == [("copy", "collier2018:max_steps=1000", [0, 1])]


def test_tasks_may_have_budgets_of_their_own(make_cell):
    cells = make_cell(task="copy", fields="max_steps=1000,grace=100"), make_cell(task="repeat_copy")
    assert [protocol for _, protocol, _ in shown(*cells)] == ["collier2018:grace=100,max_steps=1000", "collier2018"]


def test_protocols_that_train_otherwise_are_not_comparable(make_cell):
    others = [make_cell(task="other", fields=field) for field in ("learning_rate=0.5", "batch_size=1")]
    assert shown(*others, make_cell("ntm"), make_cell("dnc")) == [("copy", "collier2018", [2, 3])]


def test_budgets_over_which_a_schedule_is_spread_are_not_comparable(make_cell):
    cosine = "schedule=cosine,max_steps={}"
    cells = [make_cell(task=f"task{steps}", fields=cosine.format(steps)) for steps in (1000, 2000)]
    assert len(shown(*cells)) == 1


def test_cells_that_were_tuned_are_comparable_with_each_other_alone(make_cell):
    tuned = Tuned(rate=0.5, rates=3, runs=9, sequences=1, seconds=1.0)
    cells = [
        make_cell(model, fields=f"learning_rate={rate}")._replace(tuned=tuned)
        for model, rate in (("ntm", 0.5), ("dnc", 0.25))
    ]
    assert [places for *_, places in shown(make_cell("lstm"), *cells)] == [[1, 2]]


def test_seeds_that_can_tell_models_apart_go_before_more_models(make_cell):
    few = [make_cell(model, seeds=5) for model in ("ntm", "dnc")]
    many = [make_cell(model, fields="max_steps=1000", seeds=3) for model in ("ntm", "dnc", "lstm")]
    assert shown(*many, *few) == [("copy", "collier2018", [3, 4])]


def test_of_as_many_models_the_protocol_with_more_seeds_is_shown(make_cell):
    assert shown(make_cell(seeds=3), make_cell(fields="max_steps=1000", seeds=4))[0][2] == [1]


def test_of_as_many_seeds_the_larger_budget_is_shown(make_cell):
    assert shown(make_cell(fields="max_steps=9000"), make_cell(fields="max_steps=10000"))[0][2] == [1]


def test_a_cell_of_several_entries_is_that_of_the_most_seeds_then_the_first(make_cell):
    assert shown(make_cell(seeds=2), make_cell(seeds=3), make_cell(seeds=3))[0][2] == [1]


def test_a_newer_version_of_a_model_goes_before_more_seeds(make_cell):
    newer = make_cell(seeds=2)
    records = [
        each.model_copy(update={"model": each.model.model_copy(update={"version": 9})}) for each in newer.records
    ]
    assert shown(make_cell(seeds=3), newer._replace(records=records))[0][2] == [1]


def test_models_of_one_name_from_two_packages_stand_apart(make_cell):
    (choice,) = choices([make_cell(), make_cell(distribution="other")])
    assert set(choice.places) == {Model("ntm", "mann-bench"), Model("ntm", "other")}


def test_of_nothing_there_is_nothing_to_show():
    assert choices([]) == []
