"""Models on a GPU: whether they compute what they do on the CPU, and how many training steps they do a second.

.venv/bin/python benchmarks/gpu.py [--device cuda] [--minutes 10] [--out build/gpu] [--models ntm ...] [--batch 32 ...]

First every model and backend is compared with the CPU, outputs and gradients. Then come the training steps a second
on copy at its middle size: eager, compiled, and with chunks of time steps as CUDA graphs. Then whole runs of ten seeds
side by side, and of one alone. What the time does not suffice for is left out, and said. DIR gets `gpu.json` and
`gpu.md`. The exit code is 1 where something does not agree with the CPU, and 2 where there is no such device.
`--device cpu --tiny` tries the script itself.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from measuring import markdown_table
from torch import Tensor, nn

from mann_bench.core.backends import Backend
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import device_name, resolve_component
from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.models.building import build_model, build_task
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry
from mann_bench.tasks.base import Batch, SequenceTask

MODELS = ["ntm", "ntm:controller=feedforward", "ntm:read_heads=2,write_heads=2", "dnc", "lstm", "lstm_matched"]
BATCHES = [32, 128, 512, 1024, 2048, 4096]
TOLERANCE = 1e-3
"""Greatest difference to the CPU, of the largest value: float32 through some forty time steps, without TF32."""

CHUNK = 8
"""Time steps of a CUDA graph."""

GRAPHS = "CUDA graphs"
SHARES = {"correct": 0.35, "speed": 0.75, "runs": 1.0}
"""The part of the time by whose end each part of the script is over."""


class Plan(NamedTuple):
    """What is measured, on what, until when; `seconds` are those of a measurement."""

    device: str
    models: list[str]
    batches: list[int]
    seeds: int
    steps: int
    seconds: float
    ends: dict[str, float]

    def over(self, part: str) -> bool:
        """Tell whether the time of a part is used up."""
        return time.perf_counter() > self.ends[part]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path, default=Path("build/gpu"))
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--batch", nargs="+", type=int, default=BATCHES)
    parser.add_argument("--tiny", action="store_true", help="one small model, two small batches, two seeds")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("torch sees no CUDA device here, so nothing is measured. See mann-bench doctor.", file=sys.stderr)
        sys.exit(2)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    started = time.perf_counter()
    ends = {part: started + 60 * given.minutes * share for part, share in SHARES.items()}
    plan = Plan(given.device, given.models, given.batch, 10, 500, 2.0, ends)
    if given.tiny:
        tiny = ["ntm:memory_slots=8,controller_size=8,slot_width=4", "lstm:layers=1,units=8"]
        plan = Plan(given.device, tiny, [2, 4], 2, 20, 0.1, ends)
    found = {
        "device": device_name(given.device),
        "torch": torch.__version__,
        "correct": list(correctness(plan)),
        "speed": list(speeds(plan)),
        "runs": list(runs(plan)),
    }
    found["minutes"] = round((time.perf_counter() - started) / 60, 1)
    write(found, given.out)
    sys.exit(1 if any(row["agrees"] is False for row in found["correct"]) else 0)


def correctness(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield for each model and way of computing how far outputs and gradients are from those of the CPU."""
    for name in plan.models:
        task, model = built(name)
        batch = middle_batch(task, min(plan.batches))
        expected = outputs_and_gradients(model, task, batch)
        for how in ways(model):
            row = {"model": name, "how": how, "difference": None, "agrees": None, "note": ""}
            if plan.over("correct"):
                yield row | {"note": "no time"}
                continue
            try:
                twin = on_device(model, how, plan.device, batch.inputs.shape[1])
                found = outputs_and_gradients(twin, task, batch.to(torch.device(plan.device)), how)
                difference = max(map(relative_difference, found, expected))
                yield row | {"difference": difference, "agrees": difference <= TOLERANCE}
            except Exception as error:
                yield row | {"agrees": False, "note": in_short(error)}


def speeds(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield training steps a second by model, batch and way of computing."""
    for name in plan.models:
        for sequences in plan.batches:
            task, model = built(name)
            batch = middle_batch(task, sequences).to(torch.device(plan.device))
            for how in ways(model):
                row = {"model": name, "batch": sequences, "how": how, "steps_per_second": None, "note": ""}
                if plan.over("speed"):
                    yield row | {"note": "no time"}
                    continue
                try:
                    twin = on_device(model, how, plan.device, sequences)
                    yield row | {"steps_per_second": rate(stepper(twin, task, batch, how), plan)}
                except Exception as error:  # of memory, for the greatest batches
                    yield row | {"note": in_short(error)}


def runs(plan: Plan) -> Iterator[dict[str, Any]]:
    """Yield training steps a second of whole runs, of all seeds together: one alone, and many side by side."""
    for name in plan.models[:1]:
        for seeds in (1, plan.seeds):
            row = {"model": name, "seeds": seeds, "steps_per_second": None, "seconds": None, "note": ""}
            if plan.over("speed") and plan.over("runs"):
                yield row | {"note": "no time"}
                continue
            with tempfile.TemporaryDirectory() as out:
                yield row | side_by_side(name, seeds, Path(out), plan)


def side_by_side(name: str, seeds: int, out: Path, plan: Plan) -> dict[str, Any]:
    protocol = f"collier2018:max_steps={plan.steps},evaluate_every={plan.steps},probe_every=0,test_sequences=1"
    program = str(Path(sys.executable).with_name("mann-bench"))
    words = [program, "run", "--model", name, "--task", "copy", "--seeds", f"0-{seeds - 1}", "--jobs", str(seeds)]
    words += ["--device", plan.device, "--protocol", protocol, "--wandb", "disabled", "--out", str(out)]
    left = max(1.0, plan.ends["runs"] - time.perf_counter())
    started = time.perf_counter()
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=left)
    except subprocess.TimeoutExpired:
        return {"note": "no time"}
    taken = time.perf_counter() - started
    if done.returncode:
        return {"note": done.stderr.strip()[-200:]}
    records = [json.loads(file.read_text()) for file in out.glob("*/record.json")]
    training = max(record["seconds"]["training"] for record in records)
    return {"steps_per_second": sum(record["steps"] for record in records) / training, "seconds": taken}


class Chunk(nn.Module):
    """Some time steps of a model, from flat tensors to flat tensors, as a CUDA graph takes them."""

    def __init__(self, model: RecurrentModel, like: Any) -> None:
        super().__init__()
        self.model, self._like = model, [like]

    def forward(self, inputs: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of the steps and the state after them."""
        nested, logits = rebuilt(self._like[0], iter(state)), []
        for at_time in inputs:
            output, nested = self.model.step(at_time, nested)
            logits.append(output)
        return torch.stack(logits), *flat(nested)


class InChunks:
    """A model that is run in chunks of time steps; on a GPU each of them is a CUDA graph."""

    def __init__(self, model: RecurrentModel, batch: Tensor) -> None:
        self.model = model
        state = model.initial_state(batch.shape[1])
        self.chunk: Callable[..., tuple[Tensor, ...]] = Chunk(model, state)
        if batch.is_cuda:
            sample = [each.detach().clone().requires_grad_() for each in flat(state)]
            self.chunk = torch.cuda.make_graphed_callables(self.chunk, (batch[:CHUNK].clone(), *sample))

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the logits; zeros fill the last chunk up."""
        steps = len(inputs)
        filled = nn.functional.pad(inputs, (0, 0, 0, 0, 0, -steps % CHUNK))
        state, logits = flat(self.model.initial_state(inputs.shape[1])), []
        for part in filled.split(CHUNK):
            output, *state = self.chunk(part, *state)
            logits.append(output.clone())  # the next chunk writes where this one did
        return torch.cat(logits)[:steps]


def flat(state: Any) -> list[Tensor]:
    """Return the tensors of a nested state."""
    if isinstance(state, Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state
    return [tensor for part in parts for tensor in flat(part)]


def rebuilt(like: Any, tensors: Iterator[Tensor]) -> Any:
    """Return tensors nested as `like`."""
    if isinstance(like, Tensor):
        return next(tensors)
    if isinstance(like, dict):
        return {name: rebuilt(part, tensors) for name, part in like.items()}
    parts = [rebuilt(part, tensors) for part in like]
    return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)


def built(name: str) -> tuple[SequenceTask, SequenceModule]:
    registry = Registry.discover(third_party=False)
    task = build_task(resolve_component(registry, "task", "copy"))
    torch.manual_seed(0)
    return task, build_model(resolve_component(registry, "model", name), task)


def middle_batch(task: SequenceTask, sequences: int) -> Batch:
    sizes = task.training_sizes()
    return task.batch(Stream.TRAIN, 0, sizes[len(sizes) // 2], sequences)


def ways(model: SequenceModule) -> list[str]:
    return [Backend.EAGER.value, Backend.COMPILED.value, GRAPHS] if isinstance(model, RecurrentModel) else ["eager"]


def on_device(model: SequenceModule, how: str, device: str, sequences: int) -> SequenceModule:
    """Return a copy of the model on the device and its backend; raises RuntimeError where it has it not."""
    twin = copy.deepcopy(model).to(device)
    prepared = prepare(twin, Backend.EAGER if how == GRAPHS else how, 10**9, sequences)
    if prepared.notice:
        raise RuntimeError(prepared.notice)
    return twin


def outputs_and_gradients(
    model: SequenceModule, task: SequenceTask, batch: Batch, how: str = Backend.EAGER.value
) -> list[Tensor]:
    forward = InChunks(model, batch.inputs) if how == GRAPHS else model
    model.zero_grad()
    logits = forward(batch.inputs)
    task.loss(logits, batch).mean().backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return [each.detach().cpu().double() for each in (logits, *gradients)]


def relative_difference(found: Tensor, expected: Tensor) -> float:
    """Return the greatest difference as a part of the greatest value."""
    scale = expected.abs().max().clamp_min(torch.finfo(torch.float32).eps)
    return float((found - expected).abs().max() / scale)


def stepper(model: SequenceModule, task: SequenceTask, batch: Batch, how: str) -> Callable[[], None]:
    """Return a function that does a training step."""
    optimizer = model.configure_optimizers()
    forward = InChunks(model, batch.inputs) if how == GRAPHS else model

    def step() -> None:
        optimizer.zero_grad(set_to_none=how != GRAPHS)
        task.loss(forward(batch.inputs), batch).mean().backward()
        model.clip_gradient_norm()
        optimizer.step()

    return step


def rate(step: Callable[[], None], plan: Plan) -> float:
    """Return how often a second a function can be called."""
    wait = torch.cuda.synchronize if plan.device == "cuda" else lambda: None
    for _ in range(3):
        step()
    wait()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < plan.seconds:
        step()  # clipping waits for the device
        count += 1
    wait()
    return count / (time.perf_counter() - started)


def in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"[:150]


def write(found: dict[str, Any], out: Path) -> None:
    """Write JSON and a page of Markdown tables, and print the page."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "gpu.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    page = [f"{found['device']}, torch {found['torch']}, {found['minutes']} minutes\n"]
    for part in SHARES:
        rows = found[part]
        page.append(markdown_table([*rows[0]], [[shown(value) for value in row.values()] for row in rows]))
    (out / "gpu.md").write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


def shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return str(value) if isinstance(value, (bool, int)) else f"{value:.3g}"


if __name__ == "__main__":
    main()
