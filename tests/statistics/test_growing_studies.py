"""Studies that grow say what is false no more often than one look may, in simulation."""

import pytest

from mann_bench.statistics.looks import Looks

STUDIES = 200


@pytest.fixture
def simulation(benchmark_named):
    """The benchmark of studies that grow."""
    return benchmark_named("growing")


def test_no_claim_is_judged_falsely_more_often_than_one_look_may(simulation):
    looks = Looks((5, 10, 20))
    outcomes = [simulation.simulate(each, looks, STUDIES, fixed=False) for each in simulation.claim_questions()]
    assert [each for each in outcomes if not simulation.honest(each.wrong, STUDIES)] == []


def test_no_models_are_told_apart_falsely_more_often_than_one_look_may(simulation):
    looks = Looks((4, 6, 8, 10))
    outcomes = [simulation.simulate(each, looks, STUDIES, fixed=False) for each in simulation.pair_questions()]
    assert [each for each in outcomes if not simulation.honest(each.wrong, STUDIES)] == []


def test_looks_that_each_spend_the_whole_level_are_found(simulation, monkeypatch):
    monkeypatch.setattr(Looks, "level", 0.95)
    alike = simulation.pair_questions()[0]
    outcome = simulation.simulate(alike, Looks(tuple(range(5, 13))), STUDIES, fixed=False)
    assert not simulation.honest(outcome.wrong, STUDIES)


def test_a_study_that_may_stop_early_needs_fewer_seeds_than_its_last_look(simulation):
    far = next(each for each in simulation.pair_questions() if "2 times" in each.truth)
    outcome = simulation.simulate(far, Looks((5, 10)), 100, fixed=False)
    assert 5 < outcome.seeds < 10
