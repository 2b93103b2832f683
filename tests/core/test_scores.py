import pytest

from mann_bench.core.scores import is_accuracy
from mann_bench.core.specs import ConvergenceRule


@pytest.mark.parametrize("name", ["accuracy", "sequence_accuracy", "token_accuracy"])
def test_accuracies_are_known_by_their_names(name):
    assert is_accuracy(name)


@pytest.mark.parametrize("name", ["loss_bits", "token_error_rate", "inaccuracy", "accuracy_loss"])
def test_of_every_other_score_less_is_better(name):
    assert not is_accuracy(name)


def test_a_convergence_rule_on_an_accuracy_says_to_name_an_error():
    with pytest.raises(ValueError, match="token_accuracy is to rise: name an error"):
        ConvergenceRule("token_accuracy", below=0.9)
