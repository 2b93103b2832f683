import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from mann_bench.cli.main import invoke
from mann_bench.core.streams import Stream
from mann_bench.execution.restore import restore
from mann_bench.registry import Registry
from mann_bench.tasks.copy import Copy
from mann_bench.tasks.repeat_copy import RepeatCopy

SIZES = "controller_size=8,memory_slots=6,slot_width=4"
MODELS = {"ntm": f"ntm:{SIZES},write_heads=2", "dnc": f"dnc:{SIZES},read_heads=2", "lstm": "lstm:layers=1,units=4"}
MODELS |= {"sam": f"sam:{SIZES},read_heads=3"}
PROTOCOL = "collier2018:max_steps=2,batch_size=2,evaluate_every=2,validation_sequences=2,probe_every=0,test_sequences=3"
HEADS = {"ntm": (1, 2), "dnc": (2, 1), "sam": (3, 3)}
NTM_GATES = dict.fromkeys(("key_strength", "interpolation_gate", "shift", "sharpening"), 3)
DNC_GATES = dict.fromkeys(("free_gate", "backward_mode", "content_mode", "forward_mode"), 2)
DNC_GATES |= {"allocation_gate": 1, "write_gate": 1}
SAM_GATES = dict.fromkeys(("key_strength", "write_gate", "interpolation_gate"), 3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a record of each model on a short copy task, and the folder names by model."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_MODE", "disabled")
        patch.setenv("MANN_BENCH_PLUGINS", "")
        for task in (Copy, RepeatCopy):
            patch.setattr(task, "test_sizes", lambda task: task.training_sizes()[-1:])
        base = ["run", "--seeds", "0", "--jobs", "1", "--backend", "eager", "--protocol", PROTOCOL]
        base += ["--out", str(folder)]
        models = [argument for model in MODELS.values() for argument in ("--model", model)]
        assert invoke([*base, "--task", "copy:max_length=3", *models]) == 0
        assert invoke([*base, "--task", "repeat_copy:max_length=3,max_repeats=2", "--model", MODELS["lstm"]]) == 0
    return folder


@pytest.fixture
def keys(mann_bench, trained):
    """The keys of the records under ./runs, by model; `repeats` is the one of repeat copy."""
    shutil.copytree(trained, "runs")
    found = [json.loads(path.read_text()) for path in sorted(Path("runs").glob("*/record.json"))]
    return {
        record["model"]["name"] if record["task"]["name"] == "copy" else "repeats": record["key"] for record in found
    }


@pytest.fixture
def sketched(monkeypatch):
    """Leave the drawing out; it takes longest."""
    monkeypatch.setattr("mann_bench.reporting.trace_figure.trace_figure", lambda title, arrays: title.encode())


@pytest.fixture
def trace(mann_bench, keys, sketched):
    """Return a function that traces a model and returns its arrays, and the words on stdout."""

    def call(model, *arguments):
        code, out, err = mann_bench("trace", keys[model], *arguments)
        assert (code, err) == (0, "")
        (file,) = (line for line in out.splitlines() if line.endswith(".npz"))
        with np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}, out

    return call


def files():
    return sorted(path.name for path in Path().iterdir() if path.name != "runs")


def test_it_writes_the_arrays_and_the_figure_and_says_where(mann_bench, keys):
    code, out, err = mann_bench("trace", keys["ntm"][:12])
    name = f"trace-{keys['ntm'][:12]}-length-3"
    assert (code, err, files()) == (0, "", [f"{name}.npz", f"{name}.png"])
    assert out.splitlines()[1:] == files()
    assert Path(f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_it_says_what_is_shown_and_its_score(trace):
    _, out = trace("lstm")
    shown = re.escape(f"{MODELS['lstm']} on copy:max_length=3, seed 0, length 3: bit_errors ")
    assert re.fullmatch(rf"{shown}\d+", out.splitlines()[0])


def test_a_sequence_has_inputs_targets_mask_and_outputs(trace):
    arrays, _ = trace("lstm")
    shapes = {"inputs": (7, 9), "targets": (7, 8), "mask": (7,), "outputs": (7, 8)}
    assert {name: values.shape for name, values in arrays.items()} == shapes
    assert ((arrays["outputs"] > 0) & (arrays["outputs"] < 1)).all()


@pytest.mark.parametrize(("model", "gates"), [("ntm", NTM_GATES), ("dnc", DNC_GATES), ("sam", SAM_GATES)])
def test_a_memory_has_weightings_norms_and_gates(trace, model, gates):
    arrays, _ = trace(model)
    readers, writers = HEADS[model]
    shapes = {"read_weightings": (7, readers, 6), "write_weightings": (7, writers, 6), "memory_norm": (7, 6)}
    shapes |= {name: (7, heads) for name, heads in gates.items()}
    if model == "sam":  # the slots that were visited, here all six, and how old what a head read was
        shapes |= {"slots": (6,), "read_age": (7, 3)}
    known = {"inputs", "targets", "mask", "outputs"}
    assert {name: values.shape for name, values in arrays.items() if name not in known} == shapes


def test_the_outputs_are_those_of_the_kept_weights(trace, keys):
    arrays, _ = trace("ntm")
    model = restore(Registry.discover(third_party=False), Path("runs") / keys["ntm"] / "record.json").model
    outputs = model(torch.from_numpy(arrays["inputs"]).unsqueeze(1)).sigmoid().squeeze(1)
    np.testing.assert_allclose(arrays["outputs"], outputs.detach().numpy(), rtol=1e-5)


def test_the_outputs_are_what_the_task_makes_of_the_logits(trace, monkeypatch):
    monkeypatch.setattr(Copy, "probabilities", lambda task, logits: logits.softmax(-1))
    arrays, _ = trace("ntm")
    np.testing.assert_allclose(arrays["outputs"].sum(-1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "arguments", [("--length", "5"), ("--size", "length=5"), ("--length", "2", "--size", "length=5")]
)
def test_the_length_may_be_chosen(trace, arguments):
    arrays, out = trace("lstm", *arguments)
    assert len(arrays["inputs"]) == 2 * 5 + 1
    assert "-length-5.npz" in out


def test_of_a_size_with_several_numbers_the_length_is_the_first(trace):
    _, out = trace("repeats", "--length", "4")
    assert "length, repeats 4x2" in out


def test_all_numbers_of_a_size_may_be_chosen(trace):
    _, out = trace("repeats", "--size", "repeats=5,length=2")
    assert "-length-2-repeats-5.npz" in out


def test_another_index_is_another_sequence(trace):
    first, second = (trace("lstm", "--index", index)[0]["inputs"] for index in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("index", [0, 1])
def test_the_sequence_is_one_of_those_that_the_record_was_tested_on(trace, index):
    arrays, _ = trace("lstm", "--index", index)
    tested = Copy(max_length=3).evaluation_batch(Stream.TEST, {"length": 3}, 3)
    assert np.array_equal(arrays["inputs"], tested.inputs[:, index])


def test_the_same_trace_again_is_the_same_file(trace, keys):
    first, _ = trace("ntm")
    second, _ = trace("ntm")
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_files_may_go_elsewhere(mann_bench, keys, sketched):
    code, out, _ = mann_bench("trace", keys["lstm"], "--out", "deep/er")
    assert (code, files()) == (0, ["deep"])
    assert [Path(line).parent for line in out.splitlines()[1:]] == 2 * [Path("deep/er")]


def test_the_records_may_lie_elsewhere(mann_bench, keys, sketched):
    Path("runs").rename("others")
    assert mann_bench("trace", keys["lstm"][:8], "--runs", "others")[0] == 0


@pytest.mark.parametrize("below", ["", "record.json"])
def test_a_run_may_be_named_by_its_path(mann_bench, keys, sketched, below):
    assert mann_bench("trace", Path("runs") / keys["lstm"] / below)[0] == 0


BAD = {
    "no record": (["0123456789"], 1, "'0123456789': no such record"),
    "length": (["KEY", "--length", "0"], 2, "--length"),
    "index": (["KEY", "--index", "-1"], 2, "--index"),
    "name": (["KEY", "--size", "bits=3"], 2, "--size 'bits=3': expected length=NUMBER with numbers from 1 up."),
    "number": (["KEY", "--size", "length=x"], 2, "expected length=NUMBER with numbers from 1 up."),
    "zero": (["KEY", "--size", "length=0"], 2, "expected length=NUMBER with numbers from 1 up."),
    "grammar": (["KEY", "--size", "length"], 2, "expected name:key=value,key=value"),
    "nothing": ([], 2, "Missing argument 'RUN'"),
    "out": (["KEY", "--out", "taken"], 2, "'taken' is a file"),
    "below a file": (["KEY", "--out", "taken/deep"], 2, "taken/deep"),
    "endless": (["KEY", "--index", "1000000000000"], 2, "--index"),
}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [pytest.param(*case, id=name) for name, case in BAD.items()],
)
def test_bad_input_gets_a_clear_error_and_writes_nothing(mann_bench, keys, sketched, arguments, code, message):
    Path("taken").write_text("a file")
    got, out, err = mann_bench("trace", *(keys["lstm"] if each == "KEY" else each for each in arguments))
    assert (got, out, files()) == (code, "", ["taken"])
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [None, b"garbage"])
def test_weights_that_cannot_be_used_are_an_error_and_nothing_is_written(mann_bench, keys, content):
    weights = Path("runs") / keys["lstm"] / "weights.safetensors"
    weights.unlink() if content is None else weights.write_bytes(content)
    code, out, err = mann_bench("trace", keys["lstm"])
    assert (code, out, files()) == (1, "", [])
    assert "weights.safetensors: the" in err


def test_a_corrupt_record_is_an_error(mann_bench, keys):
    (Path("runs") / keys["lstm"] / "record.json").write_text("{")
    code, _, err = mann_bench("trace", keys["lstm"])
    assert code == 1
    assert "not a valid record" in err


def test_a_figure_that_fails_leaves_no_arrays(mann_bench, keys, monkeypatch):
    monkeypatch.setattr("mann_bench.reporting.trace_figure.trace_figure", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mann_bench("trace", keys["lstm"])
    assert files() == []


def test_a_full_disk_is_an_error_and_leaves_nothing(mann_bench, keys, sketched, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    code, out, err = mann_bench("trace", keys["lstm"])
    assert (code, out, files()) == (1, "", [])
    assert "No space left on device" in err


def test_an_index_that_was_not_tested_leaves_no_folder(mann_bench, keys, sketched):
    code, _, err = mann_bench("trace", keys["lstm"], "--out", "new", "--index", "3")
    assert (code, files()) == (2, [])
    assert "--index 3: the run was tested on 3 sequences" in err
