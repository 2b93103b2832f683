import torch

from mann_bench_modern.slstm import ScalarCells, SLSTMModel, advance


def test_a_step_is_that_of_the_equations_without_a_stabiliser():
    told = torch.randn(5, 2, 1, 8, dtype=torch.float64)
    zeros = torch.zeros(2, 1, 2, dtype=torch.float64)
    cells, cell, normaliser = ScalarCells(zeros, zeros, zeros, zeros - 1e30), zeros, zeros
    for step in told:
        log_input, forget, cell_input, output = step.chunk(4, dim=2)
        cell = forget.sigmoid() * cell + log_input.exp() * cell_input.tanh()
        normaliser = forget.sigmoid() * normaliser + log_input.exp()
        cells = advance(step, cells)
        torch.testing.assert_close(cells.hidden, output.sigmoid() * cell / normaliser)


def test_the_first_input_is_taken_however_small_its_gate():
    told = torch.cat([torch.full((1, 1, 1), -1e4), torch.zeros(1, 1, 1), torch.full((1, 1, 2), 50.0)], dim=2)
    zeros = torch.zeros(1, 1, 1)
    assert advance(told, ScalarCells(zeros, zeros, zeros, zeros - 1e30)).hidden.item() == 1.0


def test_cells_see_those_of_their_own_head_alone():
    torch.manual_seed(0)
    model = SLSTMModel(3, 2, width=6, heads=2, head_width=4, layers=1)
    (state,) = model.initial_state(1)
    hidden = torch.zeros(1, 2, 4)
    hidden[:, 1] = 1.0
    changed = state._replace(cells=state.cells._replace(hidden=hidden))
    (_, (before,)), (_, (after,)) = (model.step(torch.ones(1, 3), (each,)) for each in (state, changed))
    assert torch.equal(before.cells.hidden[:, 0], after.cells.hidden[:, 0])
    assert not torch.equal(before.cells.hidden[:, 1], after.cells.hidden[:, 1])
