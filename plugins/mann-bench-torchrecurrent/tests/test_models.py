import pytest
import torch
import torchrecurrent


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("layers", [1, 2])
def test_outputs_are_those_of_the_layer_of_torchrecurrent(model_class, layers):
    torch.manual_seed(0)
    model = model_class(3, 2, hidden_size=5, layers=layers)
    theirs = getattr(torchrecurrent, model.cell)(model.cells[0].input_size, 5, num_layers=layers)
    theirs.cells.load_state_dict(model.cells.state_dict())
    inputs = torch.randn(7, 4, 3)
    expected, _ = theirs(model.embedding(inputs))
    torch.testing.assert_close(model(inputs), model.readout(expected))


def test_a_sequence_in_pieces_gives_what_the_whole_gives(model_class):
    torch.manual_seed(0)
    model, inputs = model_class(3, 2, hidden_size=5), torch.randn(7, 4, 3)
    state, parts = model.initial_state(4), []
    for step in inputs:
        logits, state = model.step(step, state)
        parts.append(logits)
    torch.testing.assert_close(torch.stack(parts), model(inputs))


def test_defaults_have_the_parameters_of_the_ntm_within_two_percent(model_class):
    model = model_class(9, 8)
    assert parameters(model) == pytest.approx(model.details()["parameters_of_ntm"], rel=0.02)


def test_a_matched_model_has_the_weights_of_one_of_its_size_from_the_same_seed(model_class):
    torch.manual_seed(0)
    matched = model_class(3, 2)
    torch.manual_seed(0)
    given = model_class(3, 2, hidden_size=matched.details()["hidden_size"])
    torch.testing.assert_close(matched.state_dict(), given.state_dict(), rtol=0, atol=0)


def test_every_weight_gets_a_gradient(model_class):
    model = model_class(3, 2, hidden_size=5, layers=2)
    model(torch.randn(4, 2, 3)).square().sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_models_check_their_sizes(model_class):
    with pytest.raises(ValueError, match=r"^hidden_size must be at least 1, not 0"):
        model_class(3, 2, hidden_size=0)
