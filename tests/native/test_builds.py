"""The recurrences as other processors get them, and as other sizes of memory do: each against its plain twin."""

import platform
import shutil

import pytest
import torch

from mann_bench.native import dnc, ntm, recurrence, sam, sdnc
from mann_bench.nn import DNCCell, NTMCell, SAMCell, SDNCCell
from mann_bench.nn.scan import scan

pytestmark = pytest.mark.skipif(not shutil.which("g++"), reason="needs g++")

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="has other instruction sets")
CELLS = {
    "ntm": (NTMCell, ntm.ntm_sequence),
    "dnc": (DNCCell, dnc.dnc_sequence),
    "sam": (SAMCell, sam.sam_sequence),
    "sdnc": (SDNCCell, sdnc.sdnc_sequence),
}
FLAGS = {"avx2": "-mno-avx512f", "sse2": "-mno-avx"}
BUILDS = [
    *(pytest.param(name, flag, marks=x86, id=f"{name}-{width}") for width, flag in FLAGS.items() for name in CELLS),
    # The other sources have no such constant.
    pytest.param("dnc", "-DLINK_INTERVAL=3", id="dnc-link stored at every third step"),
]
OPTIONS = {
    "ntm": {"controller_layers": 2, "sharpening": "power"},
    "dnc": {"masked": True, "deallocation": True, "sharpened": True},
    "sam": {"neighbours": 11, "clip": None},
    "sdnc": {"neighbours": 7, "links": 3, "clip": None},
}


@pytest.fixture
def build(request, monkeypatch):
    """Compile with another flag, whatever was compiled so far."""
    monkeypatch.setenv("CXX", f"g++ {request.param}")
    for name in ("_library", "_layout"):
        monkeypatch.setattr(recurrence, name, getattr(recurrence, name).__wrapped__)


def start_of(cell, batch):
    """Return a state that a rounding does not lead elsewhere: random memory, and usages well apart."""
    state = cell.initial_state(batch)
    if not isinstance(cell, DNCCell):
        return state
    generator = torch.Generator().manual_seed(1)
    order = torch.stack([torch.randperm(cell.memory_slots, generator=generator) for _ in range(batch)])
    memory = torch.rand(state.memory.shape, generator=generator) - 0.5
    return state._replace(usage=((order + 0.5) / cell.memory_slots).to(state.usage), memory=memory.to(state.memory))


def results(sequence, cell, inputs):
    """Return outputs and last memory, and the gradients of the parameters."""
    outputs, end = sequence(cell, inputs, start_of(cell, inputs.shape[1]))
    loss = outputs.square().sum() + end.memory.square().sum()
    gradients = torch.autograd.grad(loss, list(cell.parameters()), allow_unused=True, materialize_grads=True)
    return [part.detach().double() for part in (outputs, end.memory, *gradients)]


@pytest.mark.parametrize(("heads", "switched"), [(1, False), (3, True)])
@pytest.mark.parametrize(("name", "build"), BUILDS, indirect=["build"])
def test_outputs_and_gradients_are_those_of_the_plain_twin(name, heads, switched, build):
    kind, sequence = CELLS[name]
    torch.manual_seed(0)
    options = ({} if name == "dnc" else {"memory_init": "random"}) | (OPTIONS[name] if switched else {})
    # A full group of sequences and a part of one.
    cell, inputs = kind(3, 9, memory_slots=37, slot_width=5, read_heads=heads, **options), torch.randn(11, 19, 3)
    native = results(sequence, cell, inputs)
    exact = results(scan, cell.double(), inputs.double())
    for ours, expected in zip(native, exact, strict=True):
        assert (ours - expected).norm() <= 1e-4 * expected.norm()
