import pytest
import torch


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("input_size", "output_size"), [(9, 8), (10, 9), (8, 6), (1, 1), (40, 40)])
def test_defaults_have_the_parameters_of_the_ntm_within_two_percent(model_class, input_size, output_size):
    model = model_class(input_size, output_size)
    assert parameters(model) == pytest.approx(model.details()["parameters_of_ntm"], rel=0.02)


def test_no_other_size_comes_nearer(model_class):
    (name, size), (_, aim) = model_class(3, 2).details().items()
    distances = {n: abs(parameters(model_class(3, 2, **{name: n})) - aim) for n in (size - 1, size, size + 1)}
    assert min(distances, key=distances.get) == size


def test_the_match_is_made_with_the_options_given(model_class):
    name = {"StackRNNModel": "stacks", "TapeRNNModel": "tapes"}.get(model_class.__name__, "layers")
    model = model_class(9, 8, **{name: 3})
    assert parameters(model) == pytest.approx(65_096, rel=0.02)
    assert model.details() != model_class(9, 8).details()


def test_a_matched_model_has_the_weights_of_one_of_its_size_from_the_same_seed(model_class):
    torch.manual_seed(0)
    matched = model_class(3, 2)
    (name, size), _ = matched.details().items()
    torch.manual_seed(0)
    given = model_class(3, 2, **{name: size})
    torch.testing.assert_close(matched.state_dict(), given.state_dict(), rtol=0, atol=0)


def test_a_model_whose_size_was_given_states_no_details(model_class):
    (name, _), _ = model_class(3, 2).details().items()
    assert model_class(3, 2, **{name: 8}).details() == {}


def test_models_check_their_sizes(model_class):
    (name, _), _ = model_class(3, 2).details().items()
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not 0"):
        model_class(3, 2, **{name: 0})
