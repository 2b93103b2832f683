import numpy as np
import pytest
import torch

from mann_bench_baselines.rnn import RNNModel


@pytest.fixture
def build():
    """Build a small model whose initial state is not zero."""

    def make(**options):
        torch.manual_seed(0)
        model = RNNModel(3, 2, hidden_size=5, **options)
        torch.nn.init.normal_(model.initial_hidden)
        return model

    return make


@pytest.mark.parametrize(("name", "function"), [("tanh", np.tanh), ("relu", lambda x: np.maximum(x, 0))])
def test_logits_are_those_of_a_plain_loop(build, draw, name, function):
    model, inputs = build(layers=2, activation=name), draw(7, 4)
    weights = {key: tensor.detach().numpy() for key, tensor in model.state_dict().items()}
    rows = inputs.numpy()
    for layer in range(2):
        of = {key.removesuffix(f"_l{layer}"): each for key, each in weights.items() if key.endswith(f"_l{layer}")}
        hidden, outputs = weights["initial_hidden"][layer], []
        for x in rows:
            into = x @ of["rnn.weight_ih"].T + of["rnn.bias_ih"]
            hidden = function(into + hidden @ of["rnn.weight_hh"].T + of["rnn.bias_hh"])
            outputs.append(hidden)
        rows = np.array(outputs)
    expected = torch.from_numpy(rows @ weights["readout.weight"].T + weights["readout.bias"])
    torch.testing.assert_close(model(inputs), expected)


def test_the_initial_state_is_learned_and_starts_at_zero():
    assert torch.equal(RNNModel(3, 2, hidden_size=5).initial_hidden, torch.zeros(1, 5))
