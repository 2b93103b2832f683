import pytest
import torch

from mann_bench.nn.controller import LSTMLayer, LSTMState


@pytest.fixture
def controller():
    torch.manual_seed(0)
    controller = LSTMLayer(3, 5).double()
    torch.nn.init.normal_(controller.bias)
    return controller


@pytest.mark.parametrize("batch", [1, 7])
def test_the_controller_is_torchs_cell_with_the_same_weights(controller, normal, batch):
    twin = torch.nn.LSTMCell(3, 5).double()
    weight_ih, weight_hh = controller.weight.detach().split([3, 5], dim=1)
    bias = controller.bias.detach()
    twin.load_state_dict(
        {"weight_ih": weight_ih, "weight_hh": weight_hh, "bias_ih": bias, "bias_hh": torch.zeros_like(bias)}
    )
    inputs, state = normal(batch, 3), LSTMState(normal(batch, 5), normal(batch, 5))
    for actual, expected in zip(controller(inputs, state), twin(inputs, tuple(state)), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


def test_the_controller_is_the_plain_lstm(controller, normal, plain):
    inputs, hidden, cell = normal(1, 3), normal(1, 5), normal(1, 5)
    weight, bias = controller.weight.detach().numpy(), controller.bias.detach().numpy()
    expected = plain.lstm(weight, bias, *(t[0].numpy() for t in (inputs, hidden, cell)))
    for actual, plainly in zip(controller(inputs, LSTMState(hidden, cell)), expected, strict=True):
        torch.testing.assert_close(actual[0].detach(), torch.tensor(plainly), rtol=1e-12, atol=1e-14)


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
