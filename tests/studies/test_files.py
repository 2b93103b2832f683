"""The studies that ship with the suite."""

import pytest

from mann_bench.registry import Registry
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.plan import plan_study
from mann_bench.studies.schema import RATES

STUDIES = sorted(Registry.discover(third_party=False).studies)


@pytest.fixture(scope="module", params=STUDIES)
def planned(request, registry):
    return plan_study(registry, request.param)


def test_a_study_resolves_and_has_the_runs_that_it_counts(planned):
    assert len(planned.plan.runs) == planned.study.run_count()


def test_it_is_listed_with_its_own_summary(planned, registry):
    assert registry.study(planned.study.name).spec.summary == planned.study.summary


def test_every_claim_on_a_rate_can_be_decided_both_ways_by_twenty_seeds(planned):
    intervals = [clopper_pearson(successes, 20) for successes in range(21)]
    for claim in [each.claim for each in planned.claims if each.claim.metric in RATES]:
        assert any(claim.tolerates(each.low, each.high) for each in intervals), claim.name
        assert any(claim.excludes(each.low, each.high) for each in intervals), claim.name


def test_published_figures_have_a_source(planned):
    assert all(claim.source for claim in planned.study.claims if claim.published is not None)
