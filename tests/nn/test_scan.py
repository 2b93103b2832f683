import torch

from mann_bench.nn.scan import scan


def test_a_scan_feeds_time_steps_in_order_and_returns_every_output_and_the_last_state():
    inputs = torch.tensor([1.0, 10.0, 100.0]).view(3, 1, 1).expand(3, 2, 1)
    outputs, state = scan(lambda x, total: (2 * total + x, total + x), inputs, torch.zeros(2, 1))
    assert outputs[:, 0, 0].tolist() == [1.0, 12.0, 122.0]
    assert state.tolist() == [[111.0], [111.0]]
