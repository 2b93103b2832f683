import math
from types import SimpleNamespace

import pytest
import torch

from mann_bench.core.protocol import Protocol
from mann_bench.models.backward_memory import backward_bytes
from mann_bench.models.base import NonFiniteError, RecurrentModel, SequenceModule, own_training


class Stateless(SequenceModule):
    """A model with forward alone."""

    def __init__(self):
        super().__init__(3, 2)
        self.first, self.second = torch.nn.Linear(3, 4), torch.nn.Linear(4, 2)

    def forward(self, inputs):
        return self.second(self.first(inputs))


class Counter(RecurrentModel):
    """Logits that count the steps, to see what is scanned."""

    def __init__(self):
        super().__init__(1, 1)

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 1),)

    def step(self, inputs, state):
        return inputs + 10 * state[0], (state[0] + 1,)


class Rotating(RecurrentModel):
    """A model whose first parameter is complex, as the eigenvalues of linear recurrences are."""

    def __init__(self):
        super().__init__(3, 2)
        self.turn = torch.nn.Parameter(torch.tensor([1 + 1j, 1 - 1j], dtype=torch.complex64))
        self.readin = torch.nn.Linear(3, 2)

    def initial_state(self, batch_size):
        return self.turn.new_zeros(batch_size, 2)

    def step(self, inputs, state):
        state = self.turn * state + self.readin(inputs)
        return state.real + state.imag, state


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Stateless()


def with_gradients(model, value):
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, value)
    return model


def norm_of(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()


def clip(model):
    model.clip_gradient_norm()


def test_a_model_keeps_its_sizes(model):
    assert (model.input_size, model.output_size) == (3, 2)


def test_a_model_starts_with_the_default_protocol(model):
    assert model.protocol == Protocol()


def test_a_model_without_state_has_no_state_bytes(model):
    assert model.state_bytes() == 0


def test_a_recurrent_model_scans_its_step_from_the_initial_state():
    logits = Counter()(torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1))
    assert logits.flatten().tolist() == [1.0, 12.0, 23.0]


@pytest.mark.parametrize("kind", [SequenceModule, RecurrentModel])
def test_a_model_without_its_methods_cannot_be_built(kind):
    with pytest.raises(TypeError, match="abstract"):
        kind(3, 2)


def test_adam_has_the_protocols_learning_rate(model):
    model.protocol = Protocol(learning_rate=0.25)
    optimizer = model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Adam)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25]


def test_rmsprop_has_the_protocols_learning_rate_and_momentum(model):
    model.protocol = Protocol(optimizer="rmsprop", learning_rate=0.25, momentum=0.5)
    optimizer = model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.RMSprop)
    assert [(group["lr"], group["momentum"]) for group in optimizer.param_groups] == [(0.25, 0.5)]


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_the_optimizer_takes_every_parameter(model, name):
    model.protocol = Protocol(optimizer=name)
    (group,) = model.configure_optimizers().param_groups
    assert {id(p) for p in group["params"]} == {id(p) for p in model.parameters()}


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_the_optimizer_steps_every_parameter(model, name):
    model.protocol = Protocol(optimizer=name)
    before = [p.clone() for p in model.parameters()]
    optimizer = model.configure_optimizers()
    with_gradients(model, 1.0)
    optimizer.step()
    assert all((p < start).all() for p, start in zip(model.parameters(), before, strict=True))


@pytest.mark.parametrize("name", ["adam", "rmsprop"])
def test_the_optimizer_steps_complex_parameters(name):
    model = Rotating()
    model.protocol = Protocol(optimizer=name)
    before = model.turn.clone()
    optimizer = model.configure_optimizers()
    with_gradients(model, 1.0)
    optimizer.step()
    assert (model.turn.real < before.real).all()


def test_complex_gradients_whose_squares_overflow_are_clipped_in_both_parts():
    model = Rotating()
    model.protocol = Protocol(gradient_clip_norm=50.0)
    with_gradients(model, 0.0)
    model.turn.grad = torch.full_like(model.turn, 1e30j)
    clip(model)
    assert math.isclose(norm_of(model), 50.0, rel_tol=1e-5)


def test_what_backward_keeps_of_a_complex_model_is_counted():
    assert backward_bytes(Rotating(), steps=3, batch_size=2) > 0


@pytest.mark.parametrize("bound", [0.5, 50.0])
def test_gradients_are_clipped_to_the_protocols_norm(model, bound):
    model.protocol = Protocol(gradient_clip_norm=bound)
    clip(with_gradients(model, 1e3))
    assert math.isclose(norm_of(model), bound, rel_tol=1e-5)


def test_clipping_keeps_the_direction(model):
    model.protocol = Protocol(gradient_clip_norm=1.0)
    clip(with_gradients(model, 1e3))
    assert len({value for p in model.parameters() for value in p.grad.flatten().tolist()}) == 1


def test_gradients_within_the_norm_are_left_alone(model):
    clip(with_gradients(model, 0.5))
    assert all((p.grad == 0.5).all() for p in model.parameters())


def test_without_a_norm_gradients_are_left_alone(model):
    model.protocol = Protocol(gradient_clip_norm=None)
    clip(with_gradients(model, 1e6))
    assert all((p.grad == 1e6).all() for p in model.parameters())


@pytest.mark.parametrize("bound", [50.0, None])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("culprit", ["first.weight", "first.bias", "second.weight", "second.bias"])
def test_a_gradient_that_is_not_finite_is_an_error_that_names_its_parameter(model, culprit, value, bound):
    model.protocol = Protocol(gradient_clip_norm=bound)
    with_gradients(model, 1.0).get_parameter(culprit).grad.view(-1)[-1] = value
    with pytest.raises(NonFiniteError, match=f"{culprit} is not finite") as caught:
        clip(model)
    assert caught.value.culprit == culprit


def test_of_several_culprits_the_first_is_named(model):
    with_gradients(model, 1.0)
    for name in ("second.bias", "first.bias"):
        model.get_parameter(name).grad[0] = math.nan
    with pytest.raises(NonFiniteError) as caught:
        clip(model)
    assert caught.value.culprit == "first.bias"


def test_parameters_without_gradient_are_no_culprits(model):
    with_gradients(model, 1.0).first.weight.grad = None
    model.second.weight.grad[0, 0] = math.nan
    with pytest.raises(NonFiniteError) as caught:
        clip(model)
    assert caught.value.culprit == "second.weight"


def test_finite_gradients_whose_squares_overflow_are_clipped(model):
    model.protocol = Protocol(gradient_clip_norm=50.0)
    clip(with_gradients(model, 1e30))
    assert math.isclose(norm_of(model), 50.0, rel_tol=1e-5)
    assert math.isfinite(model.gradient_norm)


def test_finite_gradients_whose_norm_is_not_finite_are_an_error_where_nothing_bounds_it(model):
    model.protocol = Protocol(gradient_clip_norm=None)
    with pytest.raises(NonFiniteError) as caught:
        clip(with_gradients(model, 1e30))
    assert caught.value.culprit == "gradient norm"


BATCH = SimpleNamespace(inputs=torch.zeros(2, 2, 3))


def trained_on(model, losses, batches=BATCH):
    """Train on losses that do not depend on what the model says; give back the optimiser."""
    optimizer = model.configure_optimizers()
    model.optimizers = lambda: optimizer
    model.manual_backward = lambda loss: loss.backward()
    model.trainer = SimpleNamespace(
        datamodule=SimpleNamespace(course=None, loss=lambda logits, batch: losses + logits.sum((0, 2)) * 0)
    )
    model.training_step(batches, 0)
    return optimizer


def test_a_training_step_does_the_optimisers_step_on_the_mean_over_sequences(model, monkeypatch):
    taken = []
    monkeypatch.setattr(torch.Tensor, "backward", lambda loss: taken.append(loss.item()))
    monkeypatch.setattr(model, "clip_gradient_norm", lambda: None)
    trained_on(model, torch.tensor([1.0, 4.0]))
    assert (taken, model.steps_trained) == ([2.5], 1)


def test_a_model_is_trained_as_the_protocol_says_unless_it_has_methods_of_its_own(model):
    class Own(Stateless):
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters())

    assert (own_training(model), own_training(Own), own_training(Own())) == ([], *[["configure_optimizers"]] * 2)
    model.training_step = lambda batches, index: None
    assert own_training(model) == ["training_step"]


def test_a_list_of_batches_is_as_many_steps(model):
    optimizer = trained_on(model, torch.zeros(2), [BATCH] * 3)
    assert model.steps_trained == 3
    assert {int(state["step"]) for state in optimizer.state.values()} == {3}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_an_error_that_names_it(model, value):
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(NonFiniteError, match="loss is not finite") as caught:
        trained_on(model, torch.tensor([1.0, value]))
    assert (caught.value.culprit, model.steps_trained) == ("loss", 0)
    assert all(torch.equal(p, start) for p, start in zip(model.parameters(), before, strict=True))
