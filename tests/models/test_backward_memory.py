import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from mann_bench.core.backends import Backend
from mann_bench.models.backward_memory import backward_bytes
from mann_bench.models.base import SequenceModule
from mann_bench.models.dnc import DNCModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.sam import SAMModel
from mann_bench.models.sdnc import SDNCModel

SIZES = {"controller_size": 8, "memory_slots": 6, "slot_width": 4, "read_heads": 2}
over_models = pytest.mark.parametrize("model_class", [NTMModel, DNCModel, SAMModel, SDNCModel])


class Tiny(SequenceModule):
    """Keeps for backward its inputs, what goes from map to map, and the second map's weights, which are its own."""

    def __init__(self):
        super().__init__(3, 2)
        self.first, self.second = torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)

    def forward(self, inputs):
        return self.second(self.first(inputs).tanh())


class Noisy(Tiny):
    def forward(self, inputs):
        return super().forward(inputs) * torch.rand(1)


class Twice(Tiny):
    """Keeps the same inputs for two maps."""

    def forward(self, inputs):
        return self.first(inputs) + self.first(inputs)


def bytes_saved(model, steps, batch):
    """What autograd saves for a batch, counted from its tensors without those of the model."""
    saved = {}

    def pack(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(torch.zeros(steps, batch, 3))
    own = {parameter.data_ptr() for parameter in model.parameters()}
    return sum(tensor.untyped_storage().nbytes() for start, tensor in saved.items() if start not in own)


@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (7, 4), (4, 32)])
def test_the_count_is_that_by_hand(steps, batch):
    assert backward_bytes(Tiny(), steps, batch) == 4 * steps * batch * (3 + 2)


def test_what_is_kept_twice_is_counted_once():
    assert backward_bytes(Twice(), 7, 4) == 4 * 7 * 4 * 3


def test_the_count_follows_the_precision():
    assert backward_bytes(Tiny().double(), 7, 4) == 2 * backward_bytes(Tiny(), 7, 4)


@over_models
def test_more_sequences_add_what_they_really_add(model_class):
    model = model_class(3, 2, **SIZES)
    assert backward_bytes(model, 7, 5) == bytes_saved(model, 7, 5)


@over_models
def test_the_count_is_what_a_forward_pass_does_not_free_again(model_class):
    model = model_class(3, 2, **SIZES)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        logits = model(torch.zeros(10, 20, 3))
    del logits
    held = sum(event.self_cpu_memory_usage for event in profiled.key_averages())
    assert backward_bytes(model, 10, 20) == pytest.approx(held, rel=0.05)


def test_counting_leaves_random_state_gradients_and_mode_alone():
    model, before = Noisy(), torch.random.get_rng_state()
    backward_bytes(model, 7, 4)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


class Attending(Tiny):
    """Keeps a weight for every pair of steps."""

    def forward(self, inputs):
        between = self.first(inputs).transpose(0, 1)
        weights = (between @ between.transpose(1, 2)).softmax(-1)
        return self.second((weights @ between).transpose(0, 1))


@pytest.mark.parametrize("make", [lambda: NTMModel(3, 2, **SIZES), lambda: DNCModel(3, 2, **SIZES), Attending])
def test_the_count_of_long_sequences_follows_from_shorter_ones(make):
    model = make()
    assert backward_bytes(model, 901, 3) == pytest.approx(bytes_saved(model, 901, 3), rel=0.001)


def test_no_long_sequence_is_run(monkeypatch):
    model, lengths = NTMModel(3, 2, **SIZES), []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda inputs: (lengths.append(len(inputs)), forward(inputs))[1])
    assert backward_bytes(model, 10**9, 32) > 10**12
    assert sum(lengths) < 500


def test_a_large_memory_is_counted_over_few_steps(monkeypatch):
    model, lengths = NTMModel(3, 2, memory_slots=300_000), []
    forward = model.forward
    monkeypatch.setattr(model, "forward", lambda inputs: (lengths.append(len(inputs)), forward(inputs))[1])
    backward_bytes(model, 1_000, 1)
    assert max(lengths) <= 6


@pytest.mark.parametrize("model_class", [NTMModel, DNCModel])
def test_the_tape_of_a_native_recurrence_is_counted(model_class):
    model = model_class(3, 2, **SIZES)
    model.backend = Backend.NATIVE
    for steps, batch in ((7, 5), (40, 32), (200, 64)):
        assert backward_bytes(model, steps, batch) == pytest.approx(bytes_saved(model, steps, batch), rel=0.02)
