"""The two forms of a model agree, and a sequence can be cut anywhere."""

import pytest
import torch


def gradients(model, logits):
    weights = torch.linspace(-1, 1, logits.numel(), dtype=logits.dtype).view_as(logits)
    return torch.autograd.grad((logits * weights).sum(), list(model.parameters()))


@pytest.mark.parametrize("steps", [1, 7, 8, 9, 23])
def test_both_forms_give_the_same_logits_and_gradients(build, draw, steps):
    chunked, recurrent, inputs = build(form="chunked"), build(form="recurrent"), draw(steps, 3).double()
    logits, expected = chunked(inputs), recurrent(inputs)
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(gradients(chunked, logits), gradients(recurrent, expected), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("chunk_size", [1, 3, 5, 64])
def test_both_forms_agree_for_any_chunk_size(build, draw, chunk_size):
    chunked, recurrent = (build(form=form, chunk_size=chunk_size) for form in ("chunked", "recurrent"))
    inputs = draw(41, 2).double()
    logits, expected = chunked(inputs), recurrent(inputs)
    torch.testing.assert_close(logits, expected, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(gradients(chunked, logits), gradients(recurrent, expected), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("form", ["chunked", "recurrent"])
@pytest.mark.parametrize("lengths", [[1, 22], [8, 15], [5, 1, 11, 6]])
def test_a_sequence_in_pieces_gives_what_the_whole_gives(build, draw, form, lengths):
    model, inputs = build(form=form), draw(23, 3).double()
    state, parts = model.initial_state(3), []
    for piece in inputs.split(lengths):
        logits, state = model.advance(piece, state)
        parts.append(logits)
    torch.testing.assert_close(torch.cat(parts), model(inputs), rtol=1e-9, atol=1e-11)


def test_the_state_keeps_its_shape(build, draw):
    model = build()
    shapes = [tensor.shape for tensor in tensors(model.initial_state(3))]
    _, after = model.advance(draw(9, 3).double(), model.initial_state(3))
    assert [tensor.shape for tensor in tensors(after)] == shapes


@pytest.mark.parametrize("form", ["chunked", "recurrent"])
def test_float32_stays_near_float64_over_241_steps(build, draw, form):
    model, inputs = build(form=form), draw(241, 2)
    expected = model(inputs.double())
    logits = model.float()(inputs)
    assert (logits.double() - expected).norm() < 1e-4 * expected.norm()


def tensors(state):
    return [state] if isinstance(state, torch.Tensor) else [tensor for part in state for tensor in tensors(part)]
