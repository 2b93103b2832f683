import pytest

from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.deciding import can_decide

LEVEL = 0.975


@pytest.mark.parametrize(
    ("metric", "fields", "least"),
    [
        ("convergence", {}, 7),  # 1 - 2 / 2^7 is 98.4 %
        ("speed_ratio", {"against": ["lstm"]}, 8),  # of two medians at once
        ("faster", {"against": ["lstm"]}, 5),  # 2 of the 252 splits of ten runs are 0.8 %, of the 70 of eight 2.9 %
        ("faster", {"against": ["lstm"], "tasks": ["copy", "repeat_copy"]}, 3),  # 2 of the 400 of both tasks
        ("level", {}, 7),
        ("level_ratio", {"against": ["lstm"]}, 8),
        ("test_score", {"score": "bit_errors", "size": {"length": 20}}, 7),
        ("test_score", {"score": "bayes_bits", "size": {"length": 20}}, 2),
        ("solve_rate", {"at_least": 0.5}, 7),  # 0 of 7 is at most 0.465
        ("divergence_rate", {"at_most": 0.9}, 2),
    ],
)
def test_so_many_seeds_can_decide_a_claim_and_fewer_cannot(make_claim, runs_of, metric, fields, least):
    runs = runs_of(make_claim(metric, **fields), range(20))
    assert [n for n in range(1, 20) if can_decide(runs, n, LEVEL)] == list(range(least, 20))


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (0.25, 0.75), (0.1, 0.9), (0.6, 1.0), (0.0, 0.2), (0.3, 0.5)])
def test_a_rate_can_be_decided_where_some_count_decides_it(make_claim, runs_of, bounds):
    claim = make_claim("solve_rate", at_least=bounds[0], at_most=bounds[1])
    runs = runs_of(claim, range(30))
    for n in range(2, 30):
        every = [clopper_pearson(count, n, LEVEL) for count in range(n + 1)]
        some = any(claim.tolerates(each.low, each.high) or claim.excludes(each.low, each.high) for each in every)
        assert can_decide(runs, n, LEVEL) is some
