import math

import pytest
import torch

from mann_bench.nn import DNC, NTM, NTMCell, Uniform, draw_weights, start
from mann_bench.nn.initialization import clip_symmetric, glorot, truncated_normal_linear


@pytest.fixture(params=["torch", "seed"])
def started(request):
    """Return a function that starts a module at random: from torch's generator, or by `draw_weights`."""

    def make(build):
        torch.manual_seed(0)
        module = build()
        if request.param == "seed":
            draw_weights(module, 0)
        return module

    return make


def test_a_glorot_vector_is_uniform_within_its_limit(started):
    weightings = started(lambda: NTMCell(3, 4, memory_slots=1000)).initial_weightings
    limit = math.sqrt(6 / 2001)
    assert 0.99 * limit < weightings.abs().max() <= limit
    assert math.isclose(weightings.std().item(), limit / math.sqrt(3), rel_tol=0.05)


def test_an_lstm_layer_is_uniform_within_the_glorot_limit(started):
    weight = started(lambda: NTMCell(13, 40, slot_width=7)).controller.layers[0].weight
    limit = math.sqrt(6 / (60 + 160))
    assert glorot(60, 160) == Uniform(limit)
    assert 0.99 * limit < weight.abs().max() <= limit


def test_an_lstm_layer_starts_with_its_forget_gate_open(started):
    bias = started(lambda: NTMCell(2, 3)).controller.layers[0].bias
    assert bias.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]


def test_a_random_memory_is_normal(started):
    memory = started(lambda: NTMCell(2, 3, memory_slots=200, memory_init="random")).initial_memory
    assert math.isclose(memory.std().item(), 0.5, rel_tol=0.03)
    assert memory.abs().max() > 1.5


def test_a_constant_memory_starts_as_it_is(started):
    assert (started(lambda: NTMCell(2, 3)).initial_memory == 1e-6).all()


def test_a_memory_that_is_not_trained_is_drawn_as_one_that_is():
    cells = [NTMCell(2, 3, memory_init="random", memory_trainable=trainable) for trainable in (True, False)]
    for cell in cells:
        draw_weights(cell, 5)
    assert torch.equal(cells[0].initial_memory, cells[1].initial_memory)


@pytest.mark.parametrize("build", [lambda: NTM(3, 4), lambda: DNC(3, 4), lambda: torch.nn.GRU(3, 4, num_layers=2)])
def test_weights_are_a_function_of_the_seed(build):
    one, other = build(), build()
    draw_weights(one, 3)
    draw_weights(other, 3)
    assert all(torch.equal(*pair) for pair in zip(one.parameters(), other.parameters(), strict=True))
    draw_weights(other, 4)
    assert not all(torch.equal(*pair) for pair in zip(one.parameters(), other.parameters(), strict=True))


def test_a_weight_does_not_depend_on_what_else_the_model_has():
    small = torch.nn.Sequential(torch.nn.Linear(3, 4))
    large = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 5))
    draw_weights(small, 0)
    draw_weights(large, 0)
    assert torch.equal(small[0].weight, large[0].weight)


def test_linear_and_recurrent_layers_of_torch_start_within_its_limits():
    layers = torch.nn.ModuleList([torch.nn.Linear(100, 50), torch.nn.LSTM(7, 100)])
    draw_weights(layers, 0)
    assert [0.099 < parameter.abs().max() <= 0.1 for parameter in layers.parameters()] == 6 * [True]


def test_drawing_leaves_the_generator_of_torch_alone():
    cell, state = NTMCell(2, 3, memory_init="random"), torch.get_rng_state()
    draw_weights(cell, 0)
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_are_drawn_in_their_own_precision():
    single, double = torch.nn.Linear(3, 4), torch.nn.Linear(3, 4).double()
    draw_weights(single, 0)
    draw_weights(double, 0)
    assert torch.equal(double.weight.float(), single.weight)
    assert not torch.equal(double.weight, single.weight.double())


def test_a_module_that_does_not_state_how_it_starts_is_refused():
    with pytest.raises(ValueError, match=r"Conv1d '1' does not state how its parameter 'weight' starts\. Call"):
        draw_weights(torch.nn.Sequential(torch.nn.LayerNorm(3), torch.nn.Conv1d(3, 4, 1)), 0)


def test_a_module_that_states_how_it_starts_is_drawn_so():
    convolution = torch.nn.Conv1d(3, 40, 1, bias=False)
    start(convolution, weight=Uniform(0.25))
    draw_weights(convolution, 0)
    assert 0.24 < convolution.weight.abs().max() <= 0.25


def test_a_truncated_normal_map_ends_at_two_deviations(started):
    weight = started(lambda: truncated_normal_linear(100, 200)).weight
    assert weight.shape == (200, 100)
    assert 0.19 < weight.abs().max() <= 0.2


def test_a_truncated_normal_map_has_the_deviation_of_the_cut_normal(started):
    weight = started(lambda: truncated_normal_linear(100, 200)).weight
    assert math.isclose(weight.std().item(), 0.0880, rel_tol=0.03)  # 0.1 times sqrt(0.7737)


def test_a_truncated_normal_map_starts_without_bias(started):
    assert not started(lambda: truncated_normal_linear(3, 4)).bias.any()


def test_clipping_bounds_both_sides():
    clipped = clip_symmetric(torch.tensor([-30.0, -20.0, 0.0, 20.0, 30.0]), 20.0)
    assert clipped.tolist() == [-20.0, -20.0, 0.0, 20.0, 20.0]


def test_no_clipping_leaves_values_as_they_are():
    values = torch.tensor([-1e9, 1e9])
    assert clip_symmetric(values, None) is values


def test_the_gradient_passes_clipping_up_to_both_ends_and_not_beyond():
    values = torch.tensor([-20.1, -20.0, 0.0, 20.0, 20.1], requires_grad=True)
    clip_symmetric(values, 20.0).sum().backward()
    assert values.grad.tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
