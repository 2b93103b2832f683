"""Every defect fails the clause that names it, and no other that it need not fail."""

import re

import pytest

from mann_bench.core.specs import ConvergenceRule
from mann_bench.testing import TASK_CLAUSES

DEFECTS = {
    "IgnoresPriorities": ("target_dependence", r"input channels \[2\] differ"),
    "SameInEveryStream": ("streams", "two seeds train on the same batch"),
    "Stateful": ("streams", "is another one after other batches were drawn"),
    "DrawsGlobally": ("streams", "draws from a global generator"),
    "ReadsGlobally": ("streams", "depends on the seeds of global generators"),
    "EvaluatesBySeed": ("streams", "stream validation depends on the run's seed"),
    "OverlappingStreams": ("streams", "is batch 0 of stream init again"),
    "WrongChance": ("chance", "declares a bit_errors of 1.5, zero logits have 0.9"),
    "UnknownChance": ("chance", "chance declares 'wrong_bits'"),
    "LossWithoutMask": ("mask", "loss depends on targets of steps that are not scored"),
    "ScoresWithoutMask": ("mask", "all_errors depends on targets"),
    "NothingScored": ("mask", "is scored on no step"),
    "WrongExample": ("examples", "the oracle has a bit_errors of 2"),
    "ExampleNeverDrawn": ("examples", "is not among 32,768 sequences"),
    "ExampleOfOtherOptions": ("examples", "3 rows of 2 inputs"),
    "ExampleWithoutNumber": ("examples", "hold x"),
    "NoExample": ("examples", "works no example"),
    "NothingBeyond": ("grid", "no test size goes beyond"),
    "RemembersTooMuch": ("grid", "rows_to_remember is 6"),
    "SizeTwice": ("sizes", "holds a size twice"),
    "Double": ("shapes", "torch.float64"),
    "Swallowing": ("options", "took the option"),
}
WITH_CONSEQUENCES = {
    "ExclusiveBound": ("distribution", "max_length is 5, but training sizes have length 4"),
    "OwnBatches": ("distribution", "never had length 2, 3, 4, 5"),
    "OneSequenceABatch": ("streams", "holds one sequence four times"),
    "HalfMask": ("mask", r"the mask holds \[0.5"),
    "OneScoreABatch": ("scores", "mean_logit of 3 sequences"),
    "WrongOracle": ("oracle", "the oracle has a bit_errors of 2"),
    "WrongTargets": ("oracle", "the targets are not what the inputs say"),
    "OtherNames": ("sizes", "test_sizes holds"),
    "BatchFirst": ("shapes", "Time comes first"),
}

LABELS = ConvergenceRule("token_error_rate", below=0.1)


def test_a_sound_task_fails_nothing(failures):
    assert failures("broken_tasks:Sound", also={"speed"}) == {}


def test_a_sound_label_task_fails_nothing(failures):
    assert failures("broken_tasks:Labelled", convergence=LABELS, also={"speed"}) == {}


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        ("ScoresPadding", "all_errors depends on logits of steps that score_mask leaves out"),
        ("ScoresTheUntrained", r"score_mask holds \[1.0\] in the shape"),
    ],
)
def test_a_defect_of_the_score_mask_fails_the_clause_on_masks(failures, defect, message):
    assert re.search(message, failures(f"broken_tasks:{defect}", convergence=LABELS)["mask"])


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_fails_the_one_clause_that_names_it(failures, defect):
    found, (clause, message) = failures(f"broken_tasks:{defect}"), DEFECTS[defect]
    assert found.keys() == {clause}
    assert re.search(message, found[clause])


@pytest.mark.parametrize("defect", WITH_CONSEQUENCES)
def test_a_defect_with_consequences_fails_the_clause_that_names_it_too(failures, defect):
    found, (clause, message) = failures(f"broken_tasks:{defect}"), WITH_CONSEQUENCES[defect]
    assert re.search(message, found[clause])


def test_streams_that_are_the_suites_are_not_to_be_overridden(failures):
    assert "overrides batch" in failures("broken_tasks:OwnBatches")["api"]


def test_a_grid_below_the_training_range_fails(failures):
    found = failures("broken_tasks:BelowTraining", text="acme:min_length=3")
    assert found.keys() == {"grid"}
    assert "test sizes 2 lie below length 3" in found["grid"]


def test_a_convergence_metric_that_is_no_score_fails(failures):
    found = failures("broken_tasks:Sound", convergence=ConvergenceRule("regret_bits", 1.0))
    assert "scores has no regret_bits" in found["scores"]


def test_every_clause_asks_for_something_in_one_sentence():
    assert all(clause.asks.endswith(".") for clause in TASK_CLAUSES)
    assert len({clause.name for clause in TASK_CLAUSES}) == len(TASK_CLAUSES)
