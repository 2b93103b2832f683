import itertools

import pytest

from mann_bench.analysis.cells import cells


def names(records):
    return [(cell.task, cell.model, cell.protocol, cell.seeds) for cell in cells(records)]


def test_no_records_make_no_cells():
    assert cells([]) == []


def test_runs_that_differ_in_their_seed_alone_share_a_cell(make_record):
    made = cells([make_record(seed=seed) for seed in (2, 0, 1)])
    assert [cell.seeds for cell in made] == [[0, 1, 2]]


def test_cells_are_sorted_by_task_model_and_protocol(make_record):
    pairs = [("ntm", "copy"), ("lstm", "repeat_copy"), ("lstm", "copy")]
    records = [make_record(*pair) for pair in pairs] + [make_record(protocol="collier2018:max_steps=600")]
    assert names(records) == [
        ("copy", "lstm", "collier2018", [0]),
        ("copy", "ntm", "collier2018", [0]),
        ("copy", "ntm", "collier2018:max_steps=600", [0]),
        ("repeat_copy", "lstm", "collier2018", [0]),
    ]


def test_the_order_of_the_records_does_not_matter(make_record):
    records = [make_record("ntm"), make_record("ntm", distribution="other"), make_record(seed=1), make_record("lstm")]
    first = cells(records)
    assert all(cells(order) == first for order in itertools.permutations(records))


def test_a_record_given_twice_counts_once(make_record):
    assert names([make_record(), make_record(seed=1), make_record()]) == [("copy", "ntm", "collier2018", [0, 1])]


def test_an_iterator_will_do(make_record):
    assert names(iter([make_record()])) == [("copy", "ntm", "collier2018", [0])]


def test_variants_do_not_mix(make_record):
    made = cells([make_record("ntm:memory_slots=64"), make_record("ntm:memory_slots=128")])
    assert [cell.model for cell in made] == ["ntm:memory_slots=128", "ntm:memory_slots=64"]


def test_models_of_one_name_from_two_distributions_do_not_mix(make_record):
    made = cells([make_record(distribution="mann-bench"), make_record(distribution="other", seed=1)])
    assert [(cell.model, len(cell.records)) for cell in made] == [("ntm", 1), ("ntm", 1)]


@pytest.mark.parametrize("part", ["model", "task", "protocol"])
def test_versions_do_not_mix(make_record, part):
    newer = getattr(make_record(), part).model_copy(update={"version": 2})
    assert len(cells([make_record(), make_record(seed=1).model_copy(update={part: newer})])) == 2


def test_convergence_rules_do_not_mix(make_record):
    strict = make_record(seed=1, convergence={"metric": "bit_errors", "below": 0.01})
    assert len(cells([make_record(), strict])) == 2


def test_the_release_that_brought_a_model_may_differ(make_record):
    later = make_record().model.model_copy(update={"distribution_version": "0.2.0"})
    made = cells([make_record(), make_record(seed=1).model_copy(update={"model": later})])
    assert [cell.seeds for cell in made] == [[0, 1]]


def test_what_was_typed_may_differ_where_it_means_the_same(make_record):
    made = cells([make_record(protocol="collier2018:max_steps=31250"), make_record(seed=1)])
    assert [cell.seeds for cell in made] == [[0, 1]]


def test_one_protocol_has_one_name(make_record):
    made = cells([make_record("ntm", protocol="collier2018:max_steps=31250"), make_record("lstm")])
    assert len({cell.protocol for cell in made}) == 1


def test_the_rule_is_the_tasks(make_ngrams_record):
    (cell,) = cells([make_ngrams_record()])
    assert (cell.rule.metric, cell.rule.below) == ("regret_bits", 1.0)


def test_budget_and_batch_size_are_the_protocols(make_record):
    (cell,) = cells([make_record(protocol="collier2018:max_steps=600,batch_size=16")])
    assert (cell.budget, cell.batch_size) == (600, 16)
