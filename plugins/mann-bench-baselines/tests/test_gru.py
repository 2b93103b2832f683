import pytest
import torch

from mann_bench_baselines.gru import GRUModel


@pytest.fixture
def model():
    torch.manual_seed(0)
    return GRUModel(3, 2, hidden_size=5, layers=2)


def test_logits_are_a_linear_map_of_the_top_layer(model, draw):
    inputs = draw(7, 4)
    top, _ = model.gru(inputs)
    assert torch.equal(model(inputs), model.readout(top))


def test_the_initial_state_is_learned_and_starts_at_zero(model):
    assert torch.equal(dict(model.named_parameters())["initial_hidden"], torch.zeros(2, 5))


def test_the_initial_state_is_used(model, draw):
    inputs = draw(7, 4)
    before = model(inputs)
    torch.nn.init.ones_(model.initial_hidden)
    assert not torch.equal(model(inputs)[0], before[0])


def test_state_bytes_are_counted(model):
    assert model.state_bytes() == 4 * 2 * 5
