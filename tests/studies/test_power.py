import pytest

from mann_bench.execution.plan import Plan, by_cell
from mann_bench.statistics.looks import Looks
from mann_bench.studies.growing import Standing
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.power import needs
from mann_bench.studies.schema import Study


@pytest.fixture(autouse=True)
def _few_samples(monkeypatch):
    """Draw as few samples as will do for a test."""
    monkeypatch.setattr("mann_bench.statistics.power.SAMPLES", 40)


@pytest.fixture
def needed(make_claim, runs_of, make_record, run_of):
    """Return a function that tells what a study needs whose models converge at these steps, by name of the need."""

    def call(steps, *claims, looks=(6,)):
        last = looks[-1]
        cells = by_cell(run_of(model, seed=seed) for model in steps for seed in range(last))
        made = [make_record(m, seed=i, converged_at=at) for m, each in steps.items() for i, at in enumerate(each)]
        records = {record.key: record for record in made}
        asked = [runs_of(make_claim(metric, **fields), range(last), looks) for metric, fields in claims]
        planned = StudyPlan(Study.model_construct(), Plan([]), Looks(looks), cells, asked)
        return {need.name: need for need in needs(Standing.of(planned, records), records)}

    return call


HALF = [400, None, 400, None, 400, None]
SPREAD = [200, 400, 600, 800, 1000, 1200]


def test_a_decided_claim_needs_nothing(needed):
    need = needed({"ntm": [400] * 6}, ("convergence", {"at_most": 1000}))["a-claim"]
    assert (need.seeds, need.known) == (None, "reproduced")


def test_a_rate_needs_the_seeds_with_which_its_interval_is_narrow_enough(needed):
    need = needed({"ntm": [400] * 6}, ("solve_rate", {"at_least": 0.7}))["a-claim"]
    # All seeds solve it, and so do all that are drawn from them: 10 of 10 are 0.69 to 1, 11 of 11 0.715 to 1.
    assert (need.seeds, need.known) == (11, None)


def test_looks_ask_for_more_seeds_than_one_look(needed):
    claim = ("solve_rate", {"at_least": 0.7})
    assert needed({"ntm": [400] * 6}, claim, looks=(6, 12, 24))["a-claim"].seeds == 14


def test_no_seeds_decide_a_claim_on_the_target_of_records_that_do_not_tell_it(needed):
    need = needed({"ntm": [400] * 3}, ("solve_rate", {"at_least": 0.5, "converged_on": "target"}))["a-claim"]
    assert (need.seeds, need.known) == (None, "no seeds decide it")


def test_a_claim_at_the_edge_of_its_tolerance_needs_more_seeds_than_are_tried(needed):
    need = needed({"ntm": HALF}, ("solve_rate", {"at_least": 0.5}))["a-claim"]
    assert (need.seeds, need.known) == (None, None)


def test_a_median_counts_what_is_censored(needed):
    need = needed({"ntm": [400, 400, 400, 400, None, None]}, ("convergence", {"at_most": 1000}))["a-claim"]
    assert 20 < need.seeds < 100


def test_a_ratio_draws_from_all_of_its_cells(needed):
    steps = {"ntm": SPREAD, "lstm": [3 * at for at in SPREAD]}
    need = needed(steps, ("speed_ratio", {"against": ["lstm"], "at_least": 1.5}))["a-claim"]
    assert [cell.model for cell in need.cells] == ["ntm", "lstm"]
    assert 10 < need.seeds < 160


def test_an_order_needs_what_its_pair_needs(needed):
    steps = {"ntm": SPREAD, "lstm": [at + 200 for at in SPREAD]}
    found = needed(steps, ("faster", {"against": ["lstm"]}))
    assert found["a-claim"].seeds == found["ntm and lstm"].seeds > 6


def test_without_records_nothing_is_known(needed):
    found = needed({"ntm": [], "lstm": SPREAD}, ("convergence", {"at_most": 1000}))
    assert {need.known for need in found.values()} == {"no records yet"}


def test_one_record_tells_no_spread(needed):
    assert needed({"ntm": [400]}, ("convergence", {"at_most": 1000}))["a-claim"].known == "one record tells no spread"


def test_a_claim_that_seeds_do_not_decide_says_so(needed):
    need = needed({"ntm": SPREAD, "lstm": SPREAD}, ("test_score", {"score": "bayes_bits", "size": {"length": 20}}))
    assert need["a-claim"].known == "no seeds decide it"


def test_pairs_need_more_seeds_the_nearer_they_are(needed):
    later = [at + 600 for at in SPREAD]
    found = needed({"ntm": SPREAD, "dnc": [at + 400 for at in SPREAD], "lstm": later, "lstm_matched": later})
    assert found["ntm and lstm"].seeds < found["ntm and dnc"].seeds
    assert found["lstm and lstm_matched"].seeds is None


def test_a_pair_that_is_told_apart_needs_nothing(needed):
    assert needed({"ntm": SPREAD, "lstm": [4000] * 6})["ntm and lstm"].known == "told apart"


def test_a_pair_needs_at_least_what_the_test_can_tell_apart(needed):
    # The least p of 4 seeds a side is 0.029, of 5 0.0079; 6 pairs leave each 0.0083.
    steps = {"ntm": SPREAD[:2], **{f"lstm:units={number}": [None] * 2 for number in range(3)}}
    assert needed(steps)["ntm and lstm:units=0"].seeds == 5
