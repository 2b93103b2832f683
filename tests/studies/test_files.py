"""The studies that ship with the suite."""

import pytest

from mann_bench.core.runs import CellName
from mann_bench.execution.plan import by_cell
from mann_bench.models.base import RecurrentModel
from mann_bench.models.building import build_model, build_task
from mann_bench.registry import Registry
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.loading import load_study
from mann_bench.studies.plan import plan_study
from mann_bench.studies.schema import RATES, ClaimMetric

STUDIES = sorted(Registry.discover(third_party=False).studies)


@pytest.fixture(scope="module", params=STUDIES)
def planned(request, registry):
    return plan_study(registry, request.param)


def test_a_study_resolves_and_has_the_runs_that_it_counts(planned):
    assert len(planned.plan.runs) == planned.study.run_count()


def test_it_is_listed_with_its_own_summary(planned, registry):
    assert registry.study(planned.study.name).spec.summary == planned.study.summary


def test_every_claim_on_a_rate_can_be_decided_both_ways_by_four_hundred_runs(planned):
    intervals = [clopper_pearson(successes, 400) for successes in (0, 20, 380, 400)]
    for claim in [each.claim for each in planned.claims if each.claim.metric in RATES]:
        assert any(claim.tolerates(each.low, each.high) for each in intervals), claim.name
        assert any(claim.excludes(each.low, each.high) for each in intervals), claim.name


def test_never_is_at_most_one_of_a_hundred_of_all_runs_of_the_study(planned):
    for each in planned.claims:
        if each.claim.metric is ClaimMetric.DIVERGENCE_RATE and each.claim.published == 0:
            assert each.claim.at_most == 0.01
            assert {CellName.of(cell[0]) for cell in each.model} == set(by_cell(planned.plan.runs))


@pytest.mark.parametrize("name", ["collier-beel-2018", "graves-2014"])
def test_fewer_seeds_do_not_widen_what_counts_as_reproduced(registry, name):
    short, whole = (
        {claim.name: claim for claim in load_study(registry, each).claims} for each in (f"{name}-short", name)
    )
    shared = short.keys() & whole.keys()
    assert shared
    for claim in shared:
        assert short[claim].at_least == whole[claim].at_least
        # A short budget may know a lower bound only.
        assert short[claim].at_most in (whole[claim].at_most, None)


def test_published_figures_have_a_source(planned):
    assert all(claim.source for claim in planned.study.claims if claim.published is not None)


def test_its_recurrent_models_all_run_natively(planned):
    cells = {(run.model.text, run.task.text): run for run in planned.plan.runs}
    models = {name: build_model(run.model, build_task(run.task)) for name, run in cells.items()}
    problems = {name: model.native_problem() for name, model in models.items() if isinstance(model, RecurrentModel)}
    assert not any(problems.values()), problems
