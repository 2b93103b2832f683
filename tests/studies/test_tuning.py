import json
import math

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome
from mann_bench.studies.plan import plan_study
from mann_bench.studies.schema import FIRST_TUNING_SEED, TuningTable
from mann_bench.studies.tuning import plan_tuning, tuning_of
from mann_bench.studies.tuning_file import Trial, best, load_tuning, tuning_content

RATES = [3e-4, 1e-3, 3e-3]


def trials(*measured):
    """Return trials at the default rates, of pairs or triples: solved, steps and error."""
    found = [(*each, None)[:3] for each in measured]
    return [
        Trial(rate=rate, solved=solved, steps=steps, error=error, sequences=1, seconds=1.0)
        for rate, (solved, steps, error) in zip(RATES, found, strict=True)
    ]


@pytest.fixture
def planned(registry, write_study):
    return plan_study(registry, write_study())


@pytest.fixture
def tuned(registry, planned, make_record):
    """Return a function that tunes the study, given at which step each run converges at each rate."""

    def make(converged_at, table=None, **fields):
        tuning = plan_tuning(registry, "example", 1, table or TuningTable(), planned.cells)
        records = {
            run.key: make_record(
                run.model.name, "copy", run.seed, converged_at=converged_at(run), key=run.key, **fields
            )
            for run in tuning.plan.runs
        }
        return tuning_of(tuning, records)

    return make


def test_most_solved_seeds_go_first():
    assert best("solved", trials((2, 100.0), (1, 10.0), (3, 1000.0))) == 3e-3


def test_of_as_many_solved_seeds_the_fewest_steps_decide():
    assert best("solved", trials((2, 100.0, 0.0), (2, 50.0, 9.0), (2, None, 0.0))) == 1e-3


def test_of_as_many_steps_the_final_error_decides():
    assert best("solved", trials((0, None, 3.0), (0, None, 4.0), (0, None, None))) == 3e-4


def test_where_all_is_even_the_middle_rate_is_chosen_then_the_lower():
    assert best("solved", trials((0, None), (0, None), (0, None))) == 1e-3
    assert best("solved", trials((0, None), (0, None), (0, None))[1:]) == 1e-3


def test_the_error_alone_may_decide():
    assert best("error", trials((3, 10.0, 2.0), (0, None, 1.0), (3, 10.0, 3.0))) == 1e-3


def test_every_cell_has_as_many_runs_of_the_same_budget_on_seeds_of_tuning(registry, planned):
    tuning = plan_tuning(registry, "example", 1, TuningTable(), planned.cells)
    counts = {name: [len(runs) for runs in rates.values()] for name, rates in tuning.runs.items()}
    assert list(counts.values()) == [[3, 3, 3], [3, 3, 3]]
    assert {run.protocol.max_steps for run in tuning.plan.runs} == {100}
    assert min(run.seed for run in tuning.plan.runs) == FIRST_TUNING_SEED


def test_a_tuning_run_differs_from_the_studys_in_rate_and_seed_alone(registry, planned):
    table = TuningTable(rates=[1e-3, 0.5])
    (rates, *_) = plan_tuning(registry, "example", 1, table, planned.cells).runs.values()
    (run, *_) = planned.plan.runs
    assert rates[1e-3][0].protocol == run.protocol
    assert rates[0.5][0].protocol_text == "collier2018:learning_rate=0.5,max_steps=100"
    assert {key: value for key, value in rates[0.5][0].protocol.recorded().items() if key != "learning_rate"} == {
        key: value for key, value in run.protocol.recorded().items() if key != "learning_rate"
    }


def test_each_cell_gets_its_own_rate(tuned):
    at = {("lstm", 3e-4): 200, ("ntm", 3e-3): 200}
    found = tuned(lambda run: at.get((run.model.name, run.protocol.learning_rate)))
    assert [cell.rate for cell in found.cells] == [3e-4, 3e-3]
    assert [trial.solved for trial in found.cells[0].trials] == [3, 0, 0]


def test_a_failed_run_counts_as_the_worst(tuned):
    found = tuned(lambda run: None, outcome=Outcome.FAILED, curve=[], error="Error: no")
    assert {trial.error for cell in found.cells for trial in cell.trials} == {None}
    assert {cell.rate for cell in found.cells} == {1e-3}


def test_the_cost_of_a_cell_is_that_of_all_rates(tuned, make_record):
    record = make_record(converged_at=200)
    (cost, *_) = tuned(lambda run: 200).tuned_cells().values()
    assert (cost.rates, cost.runs, cost.sequences) == (3, 9, 9 * record.steps * 32)
    assert math.isclose(cost.seconds, 9 * record.seconds.training)


def test_protocols_that_differ_in_their_rate_alone_are_refused(registry, write_study):
    two = '["collier2018:max_steps=100", "collier2018:max_steps=100,learning_rate=0.5"]'
    claim = ("at_least", 'protocol = "collier2018:max_steps=100"\nat_least')
    planned = plan_study(registry, write_study(('["collier2018:max_steps=100"]', two), claim))
    with pytest.raises(UsageError, match="differ in their learning_rate alone, and tuning chooses it"):
        plan_tuning(registry, "example", 1, TuningTable(), planned.cells)


def test_a_file_reads_back_as_it_was_written(tuned, tmp_path):
    (tmp_path / "tuned.json").write_bytes(tuning_content(found := tuned(lambda run: 200)))
    assert load_tuning(tmp_path / "tuned.json") == found


TAMPERED = {
    "no file": (None, "No such file or directory. Expected a file of mann-bench tune."),
    "no JSON": (lambda content: "rates", "should be an object"),
    "a later version": (lambda content: content | {"schema_version": 2}, "install a newer one"),
    "another rate": (lambda content: _with(content, rate=0.5), "has rate 0.5, but its rule chooses 0.001"),
    "another text": (
        lambda content: _with(content, tuned_protocol="collier2018:learning_rate=0.5"),
        "'collier2018:learning_rate=0.5' is not that of rate 0.001",
    ),
    "a rate left out": (lambda content: _with(content, trials=content["cells"][0]["trials"][1:]), "was not tried at"),
    "a cell twice": (lambda content: content | {"cells": content["cells"][:1] * 2}, "a cell stands there twice"),
    "an infinite error": (lambda content: _with(content, rate=math.inf), "finite number"),
    "seeds of studies": (lambda content: content | {"table": content["table"] | {"seeds": "0-2"}}, "seed 0 is one of"),
}  # fmt: skip


def _with(content, **fields):
    first, *others = content["cells"]
    return content | {"cells": [first | fields, *others]}


@pytest.mark.parametrize(("tamper", "message"), TAMPERED.values(), ids=list(TAMPERED))
def test_a_file_that_tuning_does_not_leave_is_refused(tuned, tmp_path, tamper, message):
    if tamper is not None:
        content = tamper(json.loads(tuning_content(tuned(lambda run: 200))))
        (tmp_path / "tuned.json").write_text(json.dumps(content))
    with pytest.raises(UsageError, match=r"tuned\.json: ") as caught:
        load_tuning(tmp_path / "tuned.json")
    assert message in str(caught.value)


def test_a_tuned_study_has_the_rates_of_its_cells_and_the_claims_their_runs(registry, write_study, tuned):
    found = tuned(lambda run: 200 if run.protocol.learning_rate == 3e-3 else None)
    planned = plan_study(registry, write_study(), found)
    assert {run.protocol.learning_rate for run in planned.all_runs} == {3e-3}
    assert [run.seed for run in planned.plan.runs] == [0, 0, 1, 1]
    assert planned.claims[0].model[0] == planned.cells[planned.names[planned.claims[0].model[0][0].key]]


def test_a_tuning_of_another_study_or_version_is_refused(registry, write_study, tuned):
    other = write_study(("version = 1", "version = 2"))
    with pytest.raises(UsageError, match="the tuning is of example, version 1, and this is example, version 2"):
        plan_study(registry, other, tuned(lambda run: 200))


def test_a_tuning_that_lacks_a_cell_is_refused(registry, write_study, tuned):
    found = tuned(lambda run: 200)
    with pytest.raises(UsageError, match="the tuning has no rate for ntm:memory_slots=8 on copy:max_length=3"):
        plan_study(registry, write_study(), found.model_copy(update={"cells": found.cells[:1]}))


def test_a_tuning_by_other_rates_than_the_study_states_is_refused(registry, write_study, tuned):
    table = ("[[claims]]", "[tuning]\nrates = [0.1, 0.2]\n\n[[claims]]")
    with pytest.raises(UsageError, match=r"the tuning had rates 0\.0003, .* and example states rates 0\.1, 0\.2"):
        plan_study(registry, write_study(table), tuned(lambda run: 200))
