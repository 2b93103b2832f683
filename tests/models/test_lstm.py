import importlib

import pytest
import torch

from mann_bench.builtin import mann_bench_tasks
from mann_bench.core.options import options_of
from mann_bench.models.lstm import LSTMMatchedModel, LSTMModel
from mann_bench.models.ntm import NTMModel


@pytest.fixture
def model():
    torch.manual_seed(0)
    return LSTMModel(3, 2, layers=2, units=5)


def test_the_default_is_the_papers_three_layers_of_256_units():
    model = LSTMModel(9, 8)
    assert (model.lstm.num_layers, model.lstm.hidden_size, model.lstm.input_size) == (3, 256, 9)


def test_forget_gates_start_open_in_every_layer(model):
    for layer in range(2):
        bias = getattr(model.lstm, f"bias_ih_l{layer}") + getattr(model.lstm, f"bias_hh_l{layer}")
        assert torch.equal(bias[5:10], torch.ones(5))


def test_the_other_gates_start_as_torch_starts_them(model):
    bias = model.lstm.bias_ih_l0
    others = torch.cat([bias[:5], bias[10:]])
    assert 0 < others.abs().max() <= 5**-0.5


def test_the_initial_state_is_learned_and_starts_at_zero(model):
    names = dict(model.named_parameters())
    for name in ("initial_hidden", "initial_cell"):
        assert torch.equal(names[name], torch.zeros(2, 5))


def test_the_initial_state_is_used(model, draw):
    inputs = draw(7, 4)
    before = model(inputs)
    torch.nn.init.ones_(model.initial_cell)
    assert not torch.equal(model(inputs)[0], before[0])


def test_the_initial_state_is_the_same_for_every_sequence(model):
    torch.nn.init.normal_(model.initial_hidden)
    hidden, cell = model.initial_state(3)
    assert hidden.shape == cell.shape == (2, 3, 5)
    assert all(torch.equal(hidden[:, b], model.initial_hidden) for b in range(3))


def test_state_bytes_are_counted(model):
    assert model.state_bytes() == 4 * 2 * 2 * 5


def test_logits_are_a_linear_map_of_the_top_layer(model, draw):
    inputs = draw(7, 4)
    top, _ = model.lstm(inputs)
    assert torch.equal(model(inputs), model.readout(top))


@pytest.mark.parametrize("name", ["layers", "units"])
def test_a_bad_size_is_an_error_that_names_it(name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not 0"):
        LSTMModel(3, 2, **{name: 0})


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.fixture(params=[spec.target for spec in mann_bench_tasks()])
def sizes(request):
    """The input and output channels of a built-in task."""
    module, _, name = request.param.partition(":")
    task = getattr(importlib.import_module(module), name)()
    return task.input_size, task.output_size


def test_the_matched_lstm_has_the_parameters_of_the_default_ntm_within_two_percent(sizes):
    aim = parameters(NTMModel(*sizes))
    assert parameters(LSTMMatchedModel(*sizes)) == pytest.approx(aim, rel=0.02)


@pytest.mark.parametrize(("input_size", "output_size"), [(9, 8), (1, 1), (500, 3)])
def test_no_other_width_comes_nearer(input_size, output_size):
    details = LSTMMatchedModel(input_size, output_size).details()
    distances = {
        units: abs(parameters(LSTMModel(input_size, output_size, layers=1, units=units)) - details["parameters_of_ntm"])
        for units in range(details["units"] - 1, details["units"] + 2)
    }
    assert min(distances, key=distances.get) == details["units"]


def test_details_state_the_width_and_what_it_was_chosen_by():
    model = LSTMMatchedModel(9, 8)
    assert model.details() == {"units": model.lstm.hidden_size, "parameters_of_ntm": parameters(NTMModel(9, 8))}
    assert model.lstm.num_layers == 1


def test_the_matched_lstm_has_the_weights_of_an_lstm_of_its_width_from_the_same_seed():
    torch.manual_seed(0)
    matched = LSTMMatchedModel(9, 8)
    torch.manual_seed(0)
    plain = LSTMModel(9, 8, layers=1, units=matched.lstm.hidden_size)
    torch.testing.assert_close(matched.state_dict(), plain.state_dict(), rtol=0, atol=0)


def test_the_matched_lstm_has_no_options():
    assert options_of(LSTMMatchedModel) == {}


def test_other_lstms_state_no_details(model):
    assert model.details() == {}
