"""Whatever a model has for weights and details: nothing trained is lost, and what cannot be kept is not trained."""

import hashlib
import struct

import pytest
import pytorch_lightning as pl
import safetensors.torch
import torch

from mann_bench.core.events import Evaluated, Progress
from mann_bench.core.jobs import Job
from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Outcome
from mann_bench.core.streams import torch_seed
from mann_bench.execution.local import LocalExecutor
from mann_bench.models.base import SequenceModule
from mann_bench.models.building import build_model, build_task
from mann_bench.results.store import Store, UnfitRecordError
from mann_bench.training.weights import weights_digest, weights_of

KEPT = ["Transposed", "Fortran", "Orthonormal", "Parametrized", "ChannelsLast", "Tied", "EverySecond", "SmallView"]
REFUSED = {
    "Sparse": "'links' of the state dict is torch.sparse_coo, and only dense tensors can be saved",
    "Expanded": "Please clone() the tensor before performing the operation",
    "DoubleComplex": "the weights, of torch.complex128, torch.float32, cannot be saved",
    "ListedDetails": "details() is [1, 2]; expected a dictionary from names to texts, numbers",
    "NestedDetails": "details()['sizes'] is {'sizes': [1, 2]}; expected a dictionary",
    "LongDetails": "details(): a text of 1,001 characters, at most 1,000",
    "BrokenLine": "details(): a character that cannot be shown, U+000A (a control character), in 'two\\nlines'",
    "HugeNumber": "details(): a whole number beyond 9,007,199,254,740,992",
}


@pytest.mark.parametrize("name", KEPT)
def test_weights_of_any_strides_are_kept_and_load_again(odd_run, execute, tmp_path, name):
    run = odd_run(name)
    record, _ = execute(run)
    assert (record.outcome, record.error) == (Outcome.NOT_CONVERGED, None)
    weights = safetensors.torch.load_file(Store(tmp_path).folder(run.key) / "weights.safetensors")
    model = build_model(run.model, build_task(run.task))
    model.load_state_dict(weights)
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_kept_is_a_failed_run_that_was_never_trained(odd_run, execute, name):
    record, events = execute(odd_run(name))
    assert record.outcome is Outcome.FAILED
    assert REFUSED[name] in record.error
    assert not any(isinstance(event, Progress) for event in events)


def test_what_cannot_be_kept_after_all_is_a_failed_run_with_its_reason(odd_run, execute):
    record, _ = execute(odd_run("LateDetails"))
    assert record.outcome is Outcome.FAILED
    assert "details(): a text of 1,001 characters" in record.error


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_run_that_cannot_be_kept_costs_no_other(odd_run, make_run, tmp_path, jobs):
    runs = [odd_run("Sparse"), odd_run("LateDetails"), make_run()]
    LocalExecutor(jobs=jobs).execute([Job(run, "cpu", "eager", tmp_path) for run in runs], lambda _: None)
    outcomes = [Store(tmp_path).find(run.key).outcome for run in runs]
    assert outcomes == [Outcome.FAILED, Outcome.FAILED, Outcome.NOT_CONVERGED]


@pytest.mark.parametrize("name", ["Transposed", "EverySecond", "SmallView"])
def test_a_run_with_weights_of_odd_strides_goes_on_from_its_checkpoint(odd_run, interrupt, same, name):
    run = odd_run(name, max_steps=40)
    interrupt(run, until=lambda event: isinstance(event, Evaluated) and event.point.step == 20)
    events = same(run)
    assert next(event.step for event in events if isinstance(event, Progress)) >= 20


def test_a_cadence_whose_record_could_not_be_read_again_is_refused_before_training(make_run, execute):
    record, events = execute(make_run(max_steps=100_000, probe_every=1))
    assert "probe_every=1 over 100,000 steps make a record of up to" in record.error
    assert not any(isinstance(event, Progress) for event in events)


def test_a_record_that_no_reader_would_take_is_never_written(make_record, tmp_path):
    record = make_record(details={"story": "a" * 1_001})
    with pytest.raises(UnfitRecordError, match="would not be read again: details: a text of 1,001 characters"):
        Store(tmp_path).write(record, None)
    assert Store(tmp_path).find(record.key) is None


def test_a_traceback_of_millions_of_characters_is_kept_in_part(make_run, execute, monkeypatch):
    def fail(*_):
        raise RuntimeError("x" * 10**7)

    monkeypatch.setattr("mann_bench.execution.worker.train", fail)
    record, _ = execute(make_run())
    assert record.error.endswith("xxx\n")
    assert len(record.error) == 100_000


def test_a_parameter_with_gaps_is_trained_like_any_other():
    gaps, plain = (torch.nn.Module() for _ in range(2))
    gaps.m, plain.m = torch.nn.Parameter(torch.zeros(4, 8)[:, ::2]), torch.nn.Parameter(torch.zeros(4, 4))
    for module in (gaps, plain):
        module.protocol = Protocol()
        optimizer = SequenceModule.configure_optimizers(module)
        for _ in range(5):
            optimizer.zero_grad()
            (module.m - 1).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(gaps.m, plain.m)


def test_the_digest_of_weights_is_of_names_types_shapes_and_bytes_in_the_order_of_names():
    weights = {"b": torch.tensor([[1.0, -2.0]]), "a": torch.tensor(3, dtype=torch.int64)}
    content = b"a int64 []\n" + struct.pack("<q", 3) + b"b float32 [1, 2]\n" + struct.pack("<2f", 1.0, -2.0)
    assert weights_digest(weights) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.complex64, torch.bool, torch.float64])
def test_weights_of_any_type_have_a_digest(dtype):
    one, other = torch.tensor([[0, 1], [1, 1]]).to(dtype), torch.tensor([[0, 1], [1, 0]]).to(dtype)
    assert weights_digest({"a": one.mT}) == weights_digest({"a": one.mT.contiguous()}) != weights_digest({"a": other})


def test_a_record_tells_what_its_run_started_from(make_run, execute):
    run = make_run()
    record, _ = execute(run)
    model = build_model(run.model, build_task(run.task))
    model.draw_weights(run.seed)
    assert record.initial_weights.sha256 == weights_digest(weights_of(model))
    assert record.initial_weights.portable


def test_a_model_without_a_draw_of_its_own_starts_from_the_generator_of_torch(odd_run, execute):
    run = odd_run("Transposed")
    record, _ = execute(run)
    pl.seed_everything(torch_seed(run.seed), verbose=False)
    weights = weights_of(build_model(run.model, build_task(run.task)))
    assert (record.initial_weights.sha256, record.initial_weights.portable) == (weights_digest(weights), False)
