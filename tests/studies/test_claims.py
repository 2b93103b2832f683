import pytest

from mann_bench.statistics.interval import Interval
from mann_bench.studies import claims
from mann_bench.studies.claims import ClaimRuns, Verdict, check_claims
from mann_bench.studies.measurement import Measurement


@pytest.fixture
def checked(make_claim, runs_of, make_record):
    """Return a function that checks a claim on records of seeds 0, 1, ... that converged at the steps given."""

    def call(metric, *steps, seeds=None, records=None, looks=None, **fields):
        seeds = range(looks[-1] if looks else len(steps) if seeds is None else seeds)
        runs = runs_of(make_claim(metric, **fields), seeds, looks)
        made = [make_record(seed=i, converged_at=at) for i, at in enumerate(steps)] if records is None else records
        (result,) = check_claims([runs], {record.key: record for record in made})
        return result

    return call


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_least": 400, "at_most": 1000}, Verdict.REPRODUCED),
        ({"at_least": 200}, Verdict.REPRODUCED),
        ({"at_most": 1000}, Verdict.REPRODUCED),
        ({"at_least": 401}, Verdict.UNDECIDED),
        ({"at_most": 999}, Verdict.UNDECIDED),
        ({"at_least": 1001}, Verdict.NOT_REPRODUCED),
        ({"at_most": 399}, Verdict.NOT_REPRODUCED),
    ],
)
def test_the_interval_decides_the_verdict(checked, bounds, verdict):
    result = checked("convergence", 400, 600, 600, 600, 600, 1000, **bounds)
    assert (result.verdict, result.n) == (verdict, 6)
    assert (result.measured.interval.low, result.measured.interval.high) == (400, 1000)


def test_an_undecided_claim_says_why_and_others_do_not(checked):
    steps = [400, 600, 600, 600, 600, 1000]
    assert "partly inside the tolerance" in checked("convergence", *steps, at_most=600).reason
    assert checked("convergence", *steps, at_most=1000).reason is None


@pytest.mark.parametrize("bounds", [{"at_most": 31_250}, {"at_most": 399}])
def test_a_verdict_needs_an_interval_of_95_percent(checked, bounds):
    result = checked("convergence", 400, 600, 600, 600, 1000, **bounds)
    assert (result.verdict, result.measured.interval.level) == (Verdict.UNDECIDED, 0.9375)
    assert result.reason == "5 seeds give an interval of 93.8 %: a verdict needs 95 %"


def test_the_least_number_of_seeds_on_which_a_verdict_can_rest_differs_between_metrics(checked, make_record):
    def ratio(seeds):
        records = [
            make_record(m, seed=i, converged_at=at) for i in range(seeds) for m, at in (("ntm", 400), ("lstm", 800))
        ]
        return checked("speed_ratio", seeds=seeds, records=records, against=["lstm"], at_least=1.5).verdict

    assert [ratio(seeds) for seeds in (6, 7)] == [Verdict.UNDECIDED, Verdict.REPRODUCED]


@pytest.mark.parametrize(
    ("model", "other", "verdict", "reason"),
    [
        (400, 800, Verdict.REPRODUCED, None),
        (400, None, Verdict.REPRODUCED, None),
        (800, 400, Verdict.NOT_REPRODUCED, None),
        (800, 800, Verdict.UNDECIDED, "5 seeds give no p-value below 1: a verdict needs 0.05"),
        (None, None, Verdict.UNDECIDED, "5 seeds give no p-value below 1: a verdict needs 0.05"),
    ],
)
def test_a_test_decides_which_of_two_is_faster(checked, make_record, model, other, verdict, reason):
    sides = (("ntm", model), ("lstm", other))
    records = [make_record(name, seed=i, converged_at=at) for i in range(5) for name, at in sides]
    result = checked("faster", seeds=5, records=records, against=["lstm"])
    assert (result.verdict, result.reason, result.more_may_decide) == (verdict, reason, reason is not None)


def test_an_order_that_is_not_clear_is_undecided(checked, make_record):
    steps = {"ntm": [400, 600, 800, 1000, 1200], "lstm": [600, 800, 1000, 1200, 1400]}
    records = [make_record(name, seed=i, converged_at=at) for name in steps for i, at in enumerate(steps[name])]
    result = checked("faster", seeds=5, records=records, against=["lstm"])
    assert result.reason == "the test does not tell the two apart at 0.05: more seeds may"


def test_tasks_decide_an_order_together_that_none_decides_alone(checked, make_record):
    steps, tasks = {"ntm": 400, "lstm": 800}, ["copy", "repeat_copy"]
    records = [
        make_record(m, seed=i, converged_at=at, task=t) for i in range(3) for m, at in steps.items() for t in tasks
    ]
    verdicts = [
        checked("faster", seeds=3, records=records, against=["lstm"], tasks=some).verdict for some in (tasks[:1], tasks)
    ]
    assert verdicts == [Verdict.UNDECIDED, Verdict.REPRODUCED]


def test_looks_make_the_test_of_an_order_stricter(checked, make_record):
    records = [make_record(m, seed=i, converged_at=at) for i in range(4) for m, at in (("ntm", 400), ("lstm", 800))]
    verdicts = [
        checked("faster", seeds=4, records=records, against=["lstm"], looks=looks).verdict for looks in (None, (4, 8))
    ]
    assert verdicts == [Verdict.REPRODUCED, Verdict.UNDECIDED]


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_most": 31_250}, Verdict.NOT_REPRODUCED),
        ({"at_least": 31_250}, Verdict.REPRODUCED),
        ({"at_most": 50_000}, Verdict.UNDECIDED),
        ({"at_least": 40_000}, Verdict.UNDECIDED),
    ],
)
def test_beyond_the_budget_nothing_more_is_known(checked, bounds, verdict):
    assert checked("convergence", *[None] * 6, **bounds).verdict is verdict


def test_one_seed_decides_nothing(checked):
    result = checked("convergence", 400, at_most=1000)
    assert (result.verdict, result.measured.low, result.measured.interval) == (Verdict.UNDECIDED, 400, None)
    assert "one seed has no interval" in result.reason


@pytest.mark.parametrize("models", [["ntm"], ["ntm", "lstm", "dnc"]])
def test_a_rate_on_one_seed_decides_nothing(checked, make_record, models):
    records = [make_record(model) for model in models]
    result = checked("solve_rate", seeds=1, records=records, model=None, models=models, at_least=0.01)
    assert (result.verdict, result.measured.counted) == (Verdict.UNDECIDED, (len(models), len(models)))
    assert "one seed has no interval" in result.reason


def test_a_pooled_rate_is_decided_by_runs_of_which_no_cell_would_have_enough(checked, make_record):
    fields = {"model": None, "models": ["ntm", "lstm", "dnc"], "at_least": 0.6}
    records = [make_record(model, seed=seed) for model in fields["models"] for seed in range(3)]
    result = checked("solve_rate", seeds=3, records=records, **fields)
    assert (result.verdict, result.n, result.measured.interval.n) == (Verdict.REPRODUCED, 3, 9)


def test_a_level_just_below_95_percent_is_not_called_95(checked, monkeypatch):
    just_below = Interval(400, 1000, "order statistics", 0.9497, 6)
    monkeypatch.setattr(claims, "measure", lambda *_: Measurement(600, 600, just_below))
    assert "6 seeds give an interval of 94.9 %" in checked("convergence", *[600] * 6, at_most=1000).reason


def test_an_interval_over_sequences_that_is_unknown_decides_nothing(checked, make_ngrams_record):
    records = [make_ngrams_record(seed=seed) for seed in range(3)]
    fields = {"tasks": ["dynamic_ngrams"], "score": "bayes_bits", "size": {"bits": 200}, "at_most": 1000}
    result = checked("test_score", seeds=3, records=records, **fields)
    assert (result.verdict, result.measured.low, result.measured.interval) == (Verdict.UNDECIDED, 133.25, None)
    assert result.reason.startswith("its interval is unknown: it is of the sequences alone")


def test_a_partial_cell_is_never_judged(checked):
    result = checked("convergence", 400, 400, seeds=3, at_most=1000)
    assert (result.verdict, result.measured, result.n) == (Verdict.UNDECIDED, None, 2)
    assert result.reason == "ntm on copy has 2 of 3 seeds"


def test_every_partial_cell_is_named(checked, make_record):
    fields = {"against": ["lstm", "dnc"], "tasks": ["copy", "repeat_copy"]}
    records = [make_record(model, task) for model in ("ntm", "lstm") for task in ("copy", "repeat_copy")]
    result = checked("speed_ratio", seeds=1, records=records, **fields)
    assert result.reason == "dnc on copy has 0 of 1 seeds; dnc on repeat_copy has 0 of 1 seeds"
    assert result.n == 0


def test_partial_cells_of_several_protocols_are_told_apart(make_claim, run_of):
    cells = [[run_of(protocol=f"collier2018:grace={grace}")] for grace in (0, 100)]
    claim = make_claim("speed_ratio", against_protocols=["collier2018:grace=100"])
    (result,) = check_claims([ClaimRuns(claim, cells[:1], [cells[1:]])], {})
    under = [f"ntm on copy under collier2018:grace={grace} has 0 of 1 seeds" for grace in (0, 100)]
    assert result.reason == "; ".join(under)


def test_of_many_partial_cells_some_are_named(checked):
    result = checked("solve_rate", seeds=2, records=[], model=None, models=list("abcdef"))
    assert result.reason == "; ".join([*(f"{m} on copy has 0 of 2 seeds" for m in "abc"), "3 more cells lack seeds"])


def test_a_record_under_another_protocol_does_not_enter(checked, make_record):
    others = [make_record(seed=seed, protocol="collier2018:grace=0") for seed in range(3)]
    assert checked("solve_rate", seeds=3, records=others).reason == "ntm on copy has 0 of 3 seeds"


def test_a_failed_run_is_a_record_and_counts(checked, make_record, make_failed_record):
    records = [make_record(seed=0), make_failed_record(seed=1)]
    result = checked("solve_rate", seeds=2, records=records, at_least=0.1)
    assert (result.measured.low, result.n) == (0.5, 2)


def test_what_cannot_be_measured_is_undecided(checked, make_record):
    row = make_record().curve[-1].model_copy(update={"step": 0})
    records = [make_record(converged_at=0, curve=[row]), make_record("lstm")]
    result = checked("speed_ratio", seeds=1, records=records, against=["lstm"])
    assert (result.verdict, result.measured) == (Verdict.UNDECIDED, None)
    assert "had converged before it trained" in result.reason


def test_a_claim_on_the_target_is_judged_by_the_greatest_size_alone(checked, told):
    records = [told(9.0, 5.0, 0.0, seed=seed, converged_at=400) for seed in range(6)]
    on = {name: checked("convergence", seeds=6, records=records, converged_on=name) for name in ("mix", "target")}
    assert {name: result.measured.low for name, result in on.items()} == {"mix": 400, "target": 600}


def test_both_sides_of_a_ratio_are_judged_on_the_target(checked, told):
    records = [told(9.0, 5.0, 0.0, seed=seed, converged_at=400) for seed in range(7)]
    records += [told(9.0, 5.0, 0.0, model="lstm", seed=seed, converged_at=400) for seed in range(7)]
    ratio = {"against": ["lstm"], "converged_on": "target"}
    assert checked("speed_ratio", seeds=7, records=records, **ratio).measured[:2] == (1, 1)


@pytest.mark.parametrize("metric", ["convergence", "solve_rate"])
def test_a_claim_on_the_target_is_undecided_where_a_record_does_not_tell_it(checked, told, make_record, metric):
    records = [told(9.0, 5.0, 0.0, converged_at=400), make_record(seed=1)]
    result = checked(metric, seeds=2, records=records, converged_on="target")
    assert (result.verdict, result.measured, result.more_may_decide) == (Verdict.UNDECIDED, None, False)
    assert result.reason.startswith("1 of 2 records of ntm on copy do not tell when the greatest training size alone")


def test_a_run_that_failed_at_once_tells_that_it_did_not_solve_the_target(checked, told, make_failed_record):
    records = [told(9.0, 5.0, 0.0, converged_at=400), make_failed_record(seed=1)]
    assert checked("solve_rate", seeds=2, records=records, converged_on="target").measured.low == 0.5


def test_claims_keep_their_order(make_claim, runs_of):
    claims = [make_claim("solve_rate", name=name) for name in ("b", "a")]
    results = check_claims([runs_of(claim, [0]) for claim in claims], {})
    assert [result.claim.name for result in results] == ["b", "a"]


@pytest.fixture
def climbed(make_record, make_syllabus):
    """Return a function that makes the records of a model from the level that each of its seeds reached."""

    def make(*levels, model="ntm", steps=31_250):
        courses = [make_syllabus({0: 1, 200: level}, sizes=range(1, 65)) for level in levels]
        return [make_record(model, seed=seed, syllabus=each, steps=steps) for seed, each in enumerate(courses)]

    return make


LEVELS = [4, 4, 8, 16, 16, 32]


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_least": 4, "at_most": 32}, Verdict.REPRODUCED),
        ({"at_least": 33}, Verdict.NOT_REPRODUCED),
        ({"at_most": 3}, Verdict.NOT_REPRODUCED),
        ({"at_least": 8}, Verdict.UNDECIDED),
    ],
)
def test_a_claim_on_the_level_reached_has_every_verdict(checked, climbed, bounds, verdict):
    result = checked("level", seeds=6, records=climbed(*LEVELS), **bounds)
    assert (result.verdict, result.measured[:2], result.n) == (verdict, (12, 12), 6)
    assert (result.measured.interval.low, result.measured.interval.high) == (4, 32)


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"at_least": 2}, Verdict.REPRODUCED),
        ({"at_most": 1}, Verdict.NOT_REPRODUCED),
        ({"at_least": 5}, Verdict.UNDECIDED),
    ],
)
def test_a_claim_that_a_model_gets_further_than_others_has_every_verdict(checked, climbed, bounds, verdict):
    records = climbed(16, 16, 16, 16, 32, 32, 32) + climbed(4, 4, 4, 4, 4, 8, 8, model="lstm")
    result = checked("level_ratio", seeds=7, records=records, against=["lstm"], **bounds)
    assert (result.verdict, result.measured[:2]) == (verdict, (4, 4))


def test_five_seeds_decide_no_claim_on_a_level(checked, climbed):
    result = checked("level", seeds=5, records=climbed(*[8] * 5), at_least=4)
    assert (result.verdict, result.more_may_decide) == (Verdict.UNDECIDED, True)


def test_a_level_that_a_run_left_its_budget_at_decides_what_lies_below_it_alone(checked, climbed):
    records = climbed(*[8] * 6, steps=600)
    assert checked("level", seeds=6, records=records, at_least=8).verdict is Verdict.REPRODUCED
    assert checked("level", seeds=6, records=records, at_most=8).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize(("seeds", "look"), [(6, 6), (11, 6), (12, 12), (15, 12), (24, 24)])
def test_a_claim_is_judged_by_the_seeds_of_the_last_complete_look(checked, seeds, look):
    result = checked("convergence", *[400] * seeds, looks=(6, 12, 24), at_most=1000)
    assert (result.n, result.measured.interval.n) == (look, look)


def test_each_look_is_judged_at_its_share_of_the_level(checked):
    steps = [400, 600, 600, 600, 600, 1000]
    assert checked("convergence", *steps, at_most=1000).verdict is Verdict.REPRODUCED
    result = checked("convergence", *steps, looks=(6, 12), at_most=1000)
    assert (result.verdict, result.more_may_decide) == (Verdict.UNDECIDED, True)
    assert result.reason == "6 seeds give an interval of 96.9 %: a verdict needs 97.5 %"


@pytest.mark.parametrize("metric", ["solve_rate", "divergence_rate", "convergence", "generalizing_rate", "speed_ratio"])
def test_every_interval_over_seeds_has_the_level_of_the_look(checked, make_record, metric):
    made = [make_record(model, seed=seed) for seed in range(9) for model in ("ntm", "lstm")]
    fields = {"against": ["lstm"]} if metric == "speed_ratio" else {}
    result = checked(metric, records=made, looks=(9, 18, 27), at_least=0.0, **fields)
    assert result.measured.interval.level >= 1 - 0.05 / 3


def test_cells_that_have_more_seeds_than_others_wait_for_them(checked, make_record):
    made = [make_record("ntm", seed=seed) for seed in range(16)] + [make_record("lstm", seed=seed) for seed in range(9)]
    result = checked("speed_ratio", records=made, looks=(8, 16), against=["lstm"])
    assert (result.n, result.measured.interval.n) == (8, 8)


def test_a_gap_in_the_seeds_ends_the_look(checked, make_record):
    made = [make_record(seed=seed) for seed in range(12) if seed != 7]
    assert checked("solve_rate", records=made, looks=(6, 12)).n == 6


def test_before_the_first_look_its_missing_seeds_are_told(checked):
    result = checked("convergence", 400, 400, looks=(3, 6), at_most=1000)
    assert result.reason == "ntm on copy has 2 of 3 seeds"
    assert result.more_may_decide


def test_an_interval_over_sequences_is_not_narrowed_by_seeds(checked, make_ngrams_record):
    records = [make_ngrams_record(seed=seed) for seed in range(3)]
    fields = {"tasks": ["dynamic_ngrams"], "score": "bayes_bits", "size": {"bits": 200}, "at_most": 1000}
    assert not checked("test_score", seeds=3, records=records, **fields).more_may_decide
