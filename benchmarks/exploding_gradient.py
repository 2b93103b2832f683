"""How far the gradient of an NTM grows through the 200 time steps of dynamic n-grams, and whether rounding has a part.

Trains as a run of that seed does, until the squares of a batch's gradient overflow float32. Then differentiates the
loss of each of its sequences alone, in float32 and in float64, and follows the gradient of the largest through time.

.venv/bin/python benchmarks/exploding_gradient.py [--controller feedforward] [--seed 0] [--steps 6250]
"""

import argparse
import math

import torch
from measuring import print_table
from torch import nn

from mann_bench.core.protocol import Protocol
from mann_bench.core.streams import Stream, torch_seed
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import prepare
from mann_bench.nn.ntm import NTMState
from mann_bench.nn.scan import scan
from mann_bench.tasks.base import Batch
from mann_bench.tasks.dynamic_ngrams import DynamicNGrams


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--controller", default="feedforward", choices=["lstm", "feedforward"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6_250, help="give up after so many")
    given = parser.parse_args()
    torch.set_num_threads(1)
    task = DynamicNGrams()
    task.seed = given.seed
    found = train_until_overflow(task, given)
    if found is None:
        raise SystemExit(f"no gradient overflowed in {given.steps:,} steps")
    step, model, batch = found
    print(f"after {step:,} steps")
    rows = []
    for dtype in (torch.float32, torch.float64):
        norms = norms_of_sequences(model, task, batch, dtype)
        most, second = norms.topk(2).values.tolist()
        rows.append([str(dtype).removeprefix("torch."), f"{norms.median():.3g}", f"{second:.3g}", f"{most:.3g}"])
    print_table(["gradients in", "median norm of 32 sequences", "second largest", "largest"], rows)
    largest = int(norms.argmax())
    print(f"sequence {largest}: norm of the loss' gradient by the weightings before a time step, in float64")
    by_time = through_time(model, task, batch, largest)
    print_table(["time step", "norm"], [[str(t), f"{by_time[t]:.2g}"] for t in range(200, -1, -20)])


def train_until_overflow(task: DynamicNGrams, given: argparse.Namespace) -> tuple[int, NTMModel, Batch] | None:
    """Return the step, the model before it and its batch; None where no gradient overflows."""
    torch.manual_seed(torch_seed(given.seed))
    model = NTMModel(task.input_size, task.output_size, controller=given.controller)
    model.protocol = Protocol()
    if notice := prepare(model, "native", math.inf, task.batch_size).notice:
        raise SystemExit(notice)
    optimizer = model.configure_optimizers()
    for step in range(given.steps):
        batch = task.batch(Stream.TRAIN, step)
        optimizer.zero_grad()
        task.loss(model(batch.inputs), batch).mean().backward()
        gradients = [p.grad for p in model.parameters()]
        if all(g.isfinite().all() for g in gradients) and not math.isfinite(nn.utils.get_total_norm(gradients)):
            return step, model, batch
        model.clip_gradient_norm()
        optimizer.step()
    return None


def norms_of_sequences(model: NTMModel, task: DynamicNGrams, batch: Batch, dtype: torch.dtype) -> torch.Tensor:
    """Return the norm of the gradient of each sequence's loss, by all parameters, computed without the native code."""
    logits, _ = scan(model.to(dtype).step, batch.inputs.to(dtype), model.initial_state(batch.inputs.shape[1]))
    losses = task.loss(logits, batch)
    gradients = (torch.autograd.grad(loss, list(model.parameters()), retain_graph=True) for loss in losses)
    return torch.stack([nn.utils.get_total_norm([part.double() for part in each]) for each in gradients])


def through_time(model: NTMModel, task: DynamicNGrams, batch: Batch, sequence: int) -> list[float]:
    """Return the norm of the gradient by the heads' weightings before each time step and after the last."""
    alone = Batch(*(part[:, sequence : sequence + 1] for part in batch))
    weightings = []

    def step(inputs: torch.Tensor, state: NTMState) -> tuple[torch.Tensor, NTMState]:
        weightings.append(state.weightings)
        return model.step(inputs, state)

    logits, end = scan(step, alone.inputs.double(), model.double().initial_state(1))
    gradients = torch.autograd.grad(task.loss(logits, alone).sum(), [*weightings, end.weightings])
    return [gradient.norm().item() for gradient in gradients]


if __name__ == "__main__":
    main()
