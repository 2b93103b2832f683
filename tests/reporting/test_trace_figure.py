import struct

import numpy as np
import pytest

from mann_bench.reporting import trace_figure as module
from mann_bench.reporting.trace_figure import trace_figure

STEPS = 7
NTM_GATES = ("key_strength", "interpolation_gate", "shift", "sharpening")
DNC_GATES = {"free_gate": 2, "allocation_gate": 1, "write_gate": 1, "backward_mode": 2}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def sequence(rng):
    """The arrays of a model without a memory."""
    bits = {name: rng.integers(0, 2, (STEPS, 4)).astype(np.float32) for name in ("inputs", "targets")}
    return bits | {"mask": np.ones(STEPS, np.float32), "outputs": rng.random((STEPS, 3), np.float32)}


@pytest.fixture
def with_memory(sequence, rng):
    """Return a function that makes the arrays of a model with a memory; `gates` are numbers of heads."""

    def make(readers=1, writers=1, slots=16, gates=None):
        gates = dict.fromkeys(NTM_GATES, readers + writers) if gates is None else gates
        heads = {"read_weightings": readers, "write_weightings": writers}
        memory = {name: rng.dirichlet(np.ones(slots), (STEPS, h)).astype(np.float32) for name, h in heads.items()}
        memory["memory_norm"] = rng.random((STEPS, slots), np.float32)
        return sequence | memory | {name: rng.random((STEPS, h), np.float32) for name, h in gates.items()}

    return make


@pytest.fixture
def panels(monkeypatch):
    """Return a function that lays a figure out and returns its panels; drawing the pixels takes longest."""
    made = []

    class Figure(module.Figure):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

        def savefig(self, *arguments, **options):
            pass

    def draw(arrays):
        trace_figure("title", arrays)
        return made.pop().axes

    monkeypatch.setattr(module, "Figure", Figure)
    return draw


def labels(axes):
    return [panel.get_ylabel().replace("\n", " ") for panel in axes]


def size_of(png):
    """The width and height of a PNG, from its header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_it_is_a_png(with_memory):
    width, height = size_of(trace_figure("ntm on copy, seed 0, length 3", with_memory()))
    assert width == 8 * 110
    assert height > 400


def test_the_same_arrays_give_the_same_bytes(with_memory):
    arrays = with_memory()
    assert trace_figure("title", arrays) == trace_figure("title", arrays)


def test_without_a_memory_there_is_the_sequence_alone(sequence, panels):
    assert labels(panels(sequence)) == ["input channel", "target bit", "output bit"]


def test_a_memory_adds_weightings_norms_and_gates(with_memory, panels):
    assert labels(panels(with_memory()))[3:] == [
        "slots written", "slots read", "norm of slots", "key strength", "interpolation gate", "shift", "sharpening"
    ]  # fmt: skip


def test_several_heads_are_numbered(with_memory, panels):
    found = labels(panels(with_memory(readers=2, writers=3)))
    assert found[3:8] == [*(f"slots written head {h}" for h in (1, 2, 3)), *(f"slots read head {h}" for h in (1, 2))]


def legends(axes):
    found = {panel.get_ylabel().replace("\n", " "): panel.get_legend() for panel in axes}
    return {name: [text.get_text() for text in legend.get_texts()] for name, legend in found.items() if legend}


def test_a_gate_that_every_head_has_names_readers_and_writers(with_memory, panels):
    found = legends(panels(with_memory(readers=2, writers=1)))
    assert list(found) == [name.replace("_", " ") for name in NTM_GATES]
    assert all(heads == ["read 1", "read 2", "write 1"] for heads in found.values())


def test_a_gate_that_one_kind_of_head_has_numbers_them(with_memory, panels):
    axes = panels(with_memory(readers=2, writers=1, gates=DNC_GATES))
    assert labels(axes)[-4:] == ["free gate", "allocation gate", "write gate", "backward mode"]
    assert legends(axes) == {"free gate": ["head 1", "head 2"], "backward mode": ["head 1", "head 2"]}


@pytest.mark.parametrize(("read", "written", "drawn"), [(40, 60, 21), (60, 40, 21), (120, 10, 19), (7, 7, 1)])
def test_the_longest_stretch_of_unattended_slots_is_left_out(with_memory, panels, read, written, drawn):
    arrays = with_memory(slots=128)
    for name in ("read_weightings", "write_weightings"):
        arrays[name] = np.zeros_like(arrays[name])
    arrays["read_weightings"][2, 0, read] = arrays["write_weightings"][5, 0, written] = 1.0
    panel = panels(arrays)[3]
    image = panel.images[0].get_array()
    assert image.shape == (drawn, STEPS)
    assert np.argwhere(image).tolist() == [[drawn - 1 if written in (60, 10) else 0, 5]]
    assert panel.get_yticklabels()[0].get_text() == str(read if written in (60, 10) else written)


def test_where_no_slot_stands_out_all_are_drawn(with_memory, panels):
    arrays = with_memory(slots=128)
    for name in ("read_weightings", "write_weightings"):
        arrays[name] = np.full_like(arrays[name], 1 / 128)
    assert panels(arrays)[3].get_ylim() == (-0.5, 127.5)


def test_time_runs_to_the_right_and_channels_upwards(sequence, panels):
    sequence["inputs"] = np.zeros((STEPS, 4), np.float32)
    sequence["inputs"][5, 1] = 1.0
    panel = panels(sequence)[0]
    assert np.argwhere(panel.images[0].get_array()).tolist() == [[1, 5]]
    assert (panel.get_xlim(), panel.get_ylim()) == ((-0.5, STEPS - 0.5), (-0.5, 3.5))


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_memory_with_nothing_to_see_is_drawn(sequence, value):
    heads = {"read_weightings": (2, 3), "write_weightings": (1, 3), "memory_norm": (3,), "sharpening": (3,)}
    arrays = {name: np.full((STEPS, *shape), value, np.float32) for name, shape in heads.items()}
    assert size_of(trace_figure("title", sequence | arrays))


def test_one_step_is_drawn(with_memory):
    arrays = with_memory(readers=2, gates=DNC_GATES)
    assert size_of(trace_figure("title", {name: values[:1] for name, values in arrays.items()}))


@pytest.mark.parametrize(
    "title",
    [
        "acme:path=a_b^c on <copy> & more, " + 200 * "x",
        "acme:path=$x^$",
    ],
    ids=["long", "dollars"],
)
def test_any_title_is_drawn(sequence, title):
    assert size_of(trace_figure(title, sequence))
