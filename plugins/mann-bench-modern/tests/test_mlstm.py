import pytest
import torch

from mann_bench_modern.mlstm import MatrixCell, MLSTMModel, chunked_mlstm, recurrent_mlstm


def drawn(steps, spread):
    """Return queries, keys, values, gates and empty cells; `spread` scales the logarithms of the gates."""
    rng = torch.Generator().manual_seed(steps)
    queries, keys, values = (torch.randn(2, 3, steps, 4, generator=rng) for _ in range(3))
    log_inputs, log_forgets = (spread * torch.randn(2, 3, steps, generator=rng) for _ in range(2))
    cell = MatrixCell(torch.zeros(2, 3, 4, 4), torch.zeros(2, 3, 4), torch.zeros(2, 3))
    given = queries, keys, values, log_inputs, -log_forgets.abs()
    return [tensor.double().requires_grad_() for tensor in given], MatrixCell(*(tensor.double() for tensor in cell))


def test_answers_are_those_of_the_equations_without_a_stabiliser():
    (queries, keys, values, log_inputs, log_forgets), cell = drawn(6, 1.0)
    memory, normaliser = torch.zeros(4, 4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    for t in range(6):
        forget, gate = log_forgets[0, 0, t].exp(), log_inputs[0, 0, t].exp()
        memory = forget * memory + gate * torch.outer(values[0, 0, t], keys[0, 0, t])
        normaliser = forget * normaliser + gate * keys[0, 0, t]
    query = queries[0, 0, -1]
    answers, _ = recurrent_mlstm(queries, keys, values, log_inputs, log_forgets, cell)
    torch.testing.assert_close(answers[0, 0, -1], memory @ query / (normaliser @ query).abs().clamp(min=1))


@pytest.mark.parametrize("spread", [1.0, 30.0, 1000.0])
def test_both_forms_agree_however_far_apart_the_gates_are(spread):
    given, cell = drawn(40, spread)
    answers, after = chunked_mlstm(*given, cell, 8)
    expected, last = recurrent_mlstm(*given, cell)
    torch.testing.assert_close(answers, expected, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(tuple(after), tuple(last), rtol=1e-6, atol=1e-8)
    mine, theirs = (torch.autograd.grad(each.square().sum(), given) for each in (answers, expected))
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-7)


def test_gates_start_the_same_for_all_inputs_with_a_forget_gate_of_each_head():
    gates = MLSTMModel(3, 2, width=6).layers.layers[0].mixer.gates
    log_inputs, log_forgets = gates(torch.randn(5, 2, 6))
    assert torch.equal(log_inputs, torch.zeros(2, 4, 5))
    torch.testing.assert_close(log_forgets[0, :, 0].exp(), torch.tensor([3.0, 4.0, 5.0, 6.0]).sigmoid())
