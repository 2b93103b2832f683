import pytest
import torch

from mann_bench_modern.lrua import LRUAModel


@pytest.fixture
def model():
    """A small model whose heads take the gate's value from `model.heads.bias`, and their keys from the controller."""
    torch.manual_seed(0)
    return LRUAModel(3, 2, controller_size=5, memory_slots=4, slot_width=3, read_heads=2).double()


def drawn_state(model):
    state = model.initial_state(2)
    return state._replace(
        memory=torch.randn_like(state.memory),
        read_weighting=torch.rand_like(state.read_weighting).softmax(-1),
        usage=torch.tensor([[3.0, 1.0, 2.0, 0.5], [0.1, 0.2, 0.3, 0.4]], dtype=torch.float64),
    )


def set_gates(model, logit):
    torch.nn.init.zeros_(model.heads.weight)
    with torch.no_grad():
        model.heads.bias[-2:] = logit


def test_a_closed_gate_erases_and_writes_the_least_used_slots_of_each_head(model):
    set_gates(model, -100.0)
    state = drawn_state(model)
    _, after, seen = model.observe(torch.ones(2, 3, dtype=torch.float64), state)
    keys = model.heads.bias[:-2].tanh().view(2, 3)
    torch.testing.assert_close(after.memory[0, [3, 1]], keys)
    torch.testing.assert_close(after.memory[1, [0, 1]], keys)
    torch.testing.assert_close(after.memory[0, [0, 2]], state.memory[0, [0, 2]])
    assert seen.write_weightings.argmax(-1).tolist() == [[3, 1], [0, 1]]


def test_an_open_gate_writes_where_the_head_read_before(model):
    set_gates(model, 100.0)
    state = drawn_state(model)
    _, _, seen = model.observe(torch.ones(2, 3, dtype=torch.float64), state)
    torch.testing.assert_close(seen.write_weightings, state.read_weighting)


def test_reads_are_those_of_the_memory_before_the_write(model):
    set_gates(model, 0.0)
    state = drawn_state(model)
    _, after, _ = model.observe(torch.ones(2, 3, dtype=torch.float64), state)
    keys = model.heads.bias[:-2].tanh().view(2, 1, 3)
    weights = torch.cosine_similarity(keys, state.memory[0], dim=-1).softmax(-1)
    torch.testing.assert_close(after.read_weighting[0], weights, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(after.reads[0], weights @ state.memory[0], rtol=1e-4, atol=1e-5)


def test_usage_decays_and_grows_by_what_is_read_and_written(model):
    state = drawn_state(model)
    _, after, seen = model.observe(torch.ones(2, 3, dtype=torch.float64), state)
    expected = 0.95 * state.usage + seen.read_weightings.sum(1) + seen.write_weightings.sum(1)
    torch.testing.assert_close(after.usage, expected)


def test_usage_tells_which_slots_are_written(model):
    """The kit's clause `feedback` sees it only where other usage has another order."""
    state, inputs = drawn_state(model), torch.ones(2, 3, dtype=torch.float64)
    (_, one), (_, other) = (model.step(inputs, state._replace(usage=usage)) for usage in (state.usage, -state.usage))
    assert not torch.equal(one.memory, other.memory)


def test_of_equally_used_slots_the_first_are_taken(model):
    unused = model._least_used(torch.zeros(1, 4, dtype=torch.float64))
    assert torch.equal(unused, torch.eye(4, dtype=torch.float64)[None, :2])


def test_the_controller_is_an_lstm(model):
    lstm, state = torch.nn.LSTMCell(3 + 6, 5).double(), drawn_state(model)
    new, keep, take, show = model.controller.weight.chunk(4)
    weight, bias = torch.cat([take, keep, new, show]), model.controller.bias.view(4, 5)[[2, 1, 0, 3]].flatten()
    values = {"weight_ih": weight[:, :9], "weight_hh": weight[:, 9:], "bias_ih": bias, "bias_hh": torch.zeros(20)}
    lstm.load_state_dict(values)
    inputs = torch.ones(2, 3, dtype=torch.float64)
    _, after = model.step(inputs, state)
    expected = lstm(torch.cat([inputs, state.reads.flatten(1)], dim=1), (state.hidden, state.cell))
    torch.testing.assert_close((after.hidden, after.cell), expected)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"read_heads": 200}, r"read_heads must be at most memory_slots \(128\), not 200"),
        ({"usage_decay": 1.0}, "usage_decay must be below 1, not 1.0"),
    ],
)
def test_options_are_checked(option, message):
    with pytest.raises(ValueError, match=message):
        LRUAModel(3, 2, **option)
