"""What the authors' package xlstm computes; its vanilla backends run on a CPU."""

import math

import pytest
import torch

from mann_bench_modern.mlstm import MatrixCell, chunked_mlstm, recurrent_mlstm
from mann_bench_modern.slstm import ScalarCells, advance

NAME = "xlstm"


@pytest.mark.parametrize("form", [recurrent_mlstm, lambda *given: chunked_mlstm(*given, 16)])
def test_mlstm_cells_are_those_of_xlstm(public, form):
    xlstm = public("xlstm.blocks.mlstm.backends", NAME)
    rng = torch.Generator().manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 41, 8, generator=rng) for _ in range(3))
    inputs, forgets = (2 * torch.randn(2, 3, 41, 1, generator=rng) for _ in range(2))
    expected = xlstm.parallel_stabilized_simple(queries, keys, values, inputs, forgets, eps=0.0)
    log_forgets = torch.nn.functional.logsigmoid(forgets).squeeze(-1)
    cell = MatrixCell(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 8), torch.zeros(2, 3))
    answers, _ = form(queries, keys / math.sqrt(8), values, inputs.squeeze(-1), log_forgets, cell)
    torch.testing.assert_close(answers, expected, rtol=1e-4, atol=1e-5)


def test_slstm_cells_are_those_of_xlstm(public):
    xlstm = public("xlstm.blocks.slstm.src.vanilla", NAME)
    pointwise = xlstm.slstm_pointwise_function_registry["slstm"]
    rng = torch.Generator().manual_seed(0)
    told, recurrent = torch.randn(41, 2, 4, 3, 5, generator=rng), torch.randn(3, 5, 20, generator=rng)
    states = torch.zeros(4, 2, 15)
    expected, _, _ = xlstm.slstm_forward(told.flatten(2), states, recurrent.mT, torch.zeros(60), pointwise)
    zeros, outputs = torch.zeros(2, 3, 5), []
    cells = ScalarCells(zeros, zeros, zeros, zeros - 1e30)
    for step in told.transpose(2, 3).flatten(3):
        cells = advance(step + torch.einsum("bhd,hdg->bhg", cells.hidden, recurrent), cells)
        outputs.append(cells.hidden.flatten(1))
    torch.testing.assert_close(torch.stack(outputs), expected[0, 1:], rtol=1e-5, atol=1e-5)
