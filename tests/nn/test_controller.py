import pytest
import torch

from mann_bench.nn.controller import FeedforwardController, LSTMController, LSTMLayer, LSTMState


@pytest.fixture
def controller():
    torch.manual_seed(0)
    controller = LSTMLayer(3, 5).double()
    torch.nn.init.normal_(controller.bias)
    return controller


def torchs(layer):
    """Torch's own cell with the weights of an LSTM layer."""
    weight_ih, weight_hh = layer.weight.detach().split([layer.weight.shape[1] - 5, 5], dim=1)
    twin, bias = torch.nn.LSTMCell(weight_ih.shape[1], 5).double(), layer.bias.detach()
    twin.load_state_dict(
        {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias, "bias_hh": torch.zeros_like(bias)}
    )
    return twin


@pytest.mark.parametrize("batch", [1, 7])
def test_the_controller_is_torchs_cell_with_the_same_weights(controller, normal, batch):
    twin = torchs(controller)
    inputs, state = normal(batch, 3), LSTMState(normal(batch, 5), normal(batch, 5))
    for actual, expected in zip(controller(inputs, state), twin(inputs, tuple(state)), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


def test_gradients_agree_with_finite_differences(controller, normal):
    inputs = [normal(2, size).requires_grad_() for size in (3, 5, 5)]
    assert torch.autograd.gradcheck(lambda x, h, c: tuple(controller(x, LSTMState(h, c))), inputs)


def test_the_initial_state_is_zero(controller):
    assert all(torch.equal(part, torch.zeros(4, 5).double()) for part in controller.initial_state(4))


def test_only_the_forget_gate_starts_open():
    bias = LSTMLayer(3, 5).bias
    assert bias.tolist() == [0.0] * 5 + [1.0] * 5 + [0.0] * 10


def test_there_is_one_bias_vector():
    assert sum(p.numel() for p in LSTMLayer(3, 5).parameters()) == 4 * 5 * (3 + 5 + 1)


@pytest.mark.parametrize("clip", [0.05, 0.5])
def test_activations_are_clipped(clip, normal):
    layer = LSTMLayer(3, 5, clip=clip).double()
    torch.nn.init.normal_(layer.weight)
    after = layer(normal(20, 3), LSTMState(normal(20, 5), 9 * normal(20, 5)))
    assert [part.abs().max().item() for part in after] == [clip, clip]


def test_within_the_clip_nothing_changes(controller, normal):
    inputs, state = normal(7, 3), LSTMState(normal(7, 5), normal(7, 5))
    free = controller(inputs, state)
    controller.clip = 20.0
    assert all(torch.equal(own, other) for own, other in zip(controller(inputs, state), free, strict=True))


@pytest.fixture
def stack():
    torch.manual_seed(0)
    stack = LSTMController(3, 5, layers=2).double()
    for parameter in stack.parameters():
        torch.nn.init.normal_(parameter)
    return stack


def test_a_stack_is_torchs_cells_one_upon_the_other(stack, normal):
    lower, upper = map(torchs, stack.layers)
    state = own = tuple(LSTMState(normal(7, 5), normal(7, 5)) for _ in range(2))
    for inputs in normal(4, 7, 3):
        hidden, own = stack(inputs, own)
        below = lower(inputs, tuple(state[0]))
        state = below, upper(below[0], tuple(state[1]))
    torch.testing.assert_close(hidden, state[1][0], rtol=1e-12, atol=1e-14)
    torch.testing.assert_close([*own[0], *own[1]], [*state[0], *state[1]], rtol=1e-12, atol=1e-14)


def test_a_stack_starts_at_zero_in_every_layer(stack):
    state = stack.initial_state(4)
    assert len(state) == 2
    assert all(torch.equal(part, torch.zeros(4, 5).double()) for layer in state for part in layer)


def test_every_layer_of_a_stack_is_clipped(normal):
    _, state = LSTMController(3, 5, layers=3, clip=0.01).double()(normal(4, 3), 3 * (LSTMState(*normal(2, 4, 5)),))
    assert [layer.cell.abs().max().item() for layer in state] == [0.01, 0.01, 0.01]


@pytest.mark.parametrize("layers", [1, 3])
def test_a_feedforward_controller_is_a_stack_of_tanh_layers(layers, normal):
    controller, inputs = FeedforwardController(3, 5, layers).double(), normal(7, 3)
    twin = torch.nn.Sequential(*(part for layer in controller.layers for part in (layer, torch.nn.Tanh())))
    assert len(controller.layers) == layers
    assert torch.equal(controller(inputs, ())[0], twin(inputs))


def test_a_feedforward_controller_keeps_no_state(normal):
    controller = FeedforwardController(3, 5).double()
    assert controller.initial_state(7) == controller(normal(7, 3), ())[1] == ()


def test_a_feedforward_controller_starts_without_bias():
    assert not any(layer.bias.any() for layer in FeedforwardController(3, 5, 2).layers)
