"""Every defect fails the clause that names it, and no other that it need not fail."""

import re

import pytest

from mann_bench.core.specs import ExpectedFailure
from mann_bench.testing import MODEL_CLAUSES

DEFECTS = {
    "ReadNotFedBack": {"feedback": r"state\[2\] can be exchanged"},
    "Counting": {"state_reset": "differ by up to 0.1"},
    "ScansTheBatch": {"batch_independent": "an axis that was swapped"},
    "SharesTheBatch": {"batch_independent": "statistics over the batch"},
    "Unseeded": {"seeded": "write.weight differs"},
    "SeedsItself": {"seeded": "two seeds give the same weights"},
    "LeavesWeights": {"seeded": r"its draw_weights leaves .* as torch's generator had it"},
    "DrawsOneSeed": {"seeded": "its draw_weights draws the same weights for two seeds"},
    "Peeking": {"causal": "inputs from step 1 on change earlier logits"},
    "LogOfZero": {"finite": "on zeros, logits, .* are not finite"},
    "SkippedParameter": {"gradients": "no gradient reaches usage"},
    "MissingBuffer": {"checkpoint": "register_buffer"},
    "Swallowing": {"options": "took the option 'no_such_option'"},
    "PositionalOption": {"options": r"Put a \* before the first option"},
    "WrongBytes": {"counts": "says 24, the tensors of initial_state hold 48"},
    "ListedDetails": {"details": r"details\(\) is \[6\]; expected a dictionary"},
    "GrowingState": {"counts": "after three steps the state has 48 bytes, before them 12"},
    "ObservesAnother": {"observe": r"observe and step differ in output\[0\]"},
    "ObservesScores": {"observe": "read_weightings holds -"},
    "PeekingInChunks": {"causal": "inputs from step 101 on change earlier logits"},
    "SharesALargeBatch": {"batch_independent": "alone, logits differ"},
    "MovingMean": {"state_reset": "logits in training that differ"},
    "OldCellState": {"state_written": r"state\[1\] is the same whatever the inputs were"},
    "ForwardApart": {"pieces": "from those of forward"},
    "StepAsList": {
        "builds": r"step returns \[tensor \[2, 2\], .* Expected: a tuple of the logits \[B, O\] and the next"
    },
    "StateAsList": {"builds": r"step returns \(tensor \[2, 2\], \[tensor \[2, 6\], tensor \[2, 6\]\]\)\. Expected: "},
    "BadNative": {"backends": "logits differs by up to"},
    "FixedChannels": {"builds": "mat1 and mat2 shapes cannot be multiplied"},
}
WITH_CONSEQUENCES = {
    "SparseBuffer": ("checkpoint", "only dense tensors can be saved"),
    "NormalisesTheBatch": ("causal", "in training mode, inputs from step 1 on change earlier logits"),
    "StateOnSelf": ("pieces", "keep nothing on self"),
    "BareLogits": (
        "builds",
        r"step returns tensor \[2, 2\]\. Expected: .* here \(tensor \[2, 2\], \(tensor \[2, 6\], ",
    ),
    "StepOfOneLogit": ("builds", r"step returns \(tensor \[2\], .* Expected: .* here \(tensor \[2, 2\], "),
    "StateAsDict": ("builds", "initial_state returns dict. Expected: a tensor or nested tuples of tensors"),
    "ForwardWithState": ("builds", r"give \(tensor \[4, 2, 2\], .* Expected: from forward a tensor \[T, B, O\]"),
    "Leaking": ("state_reset", "Keep no state on self"),
    "AlwaysDropsOut": ("deterministic", "use dropout only while self.training"),
    "BatchFirst": ("shapes", r"7 steps, 4 sequences give logits \[4, 7, 2\]"),
    "OneStepAWindow": ("shapes", "must match the size of tensor b"),
    "Incomplete": ("api", "has no step"),
    "Unlike": ("api", "a subclass of mann_bench.SequenceModule"),
}


@pytest.mark.parametrize("name", ["Sound", "SoundForward", "SoundFlag", "DropsOut"])
def test_a_sound_model_fails_nothing(failures, name):
    assert failures(f"broken_models:{name}", also={"overfits", "remembers"}) == {}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_fails_the_one_clause_that_names_it(failures, defect):
    found, ((clause, message),) = failures(f"broken_models:{defect}"), DEFECTS[defect].items()
    assert found.keys() == {clause}
    assert re.search(message, found[clause])


@pytest.mark.parametrize("defect", WITH_CONSEQUENCES)
def test_a_defect_with_consequences_fails_the_clause_that_names_it_too(failures, defect):
    found, (clause, message) = failures(f"broken_models:{defect}"), WITH_CONSEQUENCES[defect]
    assert re.search(message, found[clause])


def test_a_model_without_memory_does_not_learn_a_batch_by_heart(failures):
    found = failures("broken_models:Memoryless", also={"overfits"})
    assert found.keys() == {"overfits"}
    assert "the loss is still" in found["overfits"]


@pytest.mark.parametrize("name", ["FadingFastWeights", "Memoryless"])
def test_a_model_whose_memory_fades_before_copy_asks_for_it_does_not_remember(failures, name):
    found = failures(f"broken_models:{name}", also={"remembers"})
    assert found.keys() == {"remembers"}
    assert "changes no logit from step 21 on by 1%; it last shows at step" in found["remembers"]


@pytest.mark.parametrize("clause", ["batch_independent", "state_reset"])
def test_statistics_over_the_batch_in_training_fail_what_they_mix(failures, clause):
    assert "training" in failures("broken_models:NormalisesTheBatch")[clause]


def test_a_generator_of_the_models_own_fails_the_runners_training(failures):
    found = failures("broken_models:OwnGenerator", also={"trains"})
    assert found.keys() == {"trains"}
    assert "two runs with one seed end with other weights" in found["trains"]


def test_a_model_that_trains_on_the_test_fails_what_the_runner_does(failures):
    found = failures("broken_models:TrainsOnTheTest", also={"trains"})
    assert found.keys() == {"trains", "hooks"}
    for message in found.values():
        assert "TrainsOnTheTest.on_train_batch_start asks for sequences of the test stream" in message


HOOKS = {
    "TrainsBetweenSteps": "in a run of 2 training steps, optimisers did 3. Expected: no steps in hooks, .* on_train_ba",
    "BringsBatches": "has its own on_after_batch_transfer, which decide what it is trained on",
}


@pytest.mark.parametrize("defect", HOOKS)
def test_hooks_that_train_or_bring_batches_fail(failures, defect):
    found = failures(f"broken_models:{defect}")
    assert found.keys() == {"hooks"}
    assert re.search(HOOKS[defect], found["hooks"])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"reference": ""}, "the spec has no reference"),
        ({"summary": "two\nlines"}, "the summary has several lines"),
        ({"expected_failures": (ExpectedFailure("casual", "a slip"),)}, "names 'casual'"),
        ({"expected_failures": (ExpectedFailure("causal", " "),)}, "has no reason"),
        ({"expected_failures": (ExpectedFailure("causal", "one"),) * 2}, "at most once"),
    ],
)
def test_a_spec_that_says_too_little_fails(failures, fields, message):
    assert message in failures("broken_models:Peeking", **fields)["specs"]


def test_every_clause_asks_for_something_in_one_sentence():
    assert all(clause.asks.endswith(".") for clause in MODEL_CLAUSES)
    assert len({clause.name for clause in MODEL_CLAUSES}) == len(MODEL_CLAUSES)
