"""How fast trainings part that differ in rounding alone: backends against plain PyTorch and its own noise.

All start from one seed and train on the same batches. "reordered" is plain PyTorch that gets the sequences of each
batch in the reverse order: the same training, with the sums over the batch in another order. It shows how far plain
PyTorch parts from itself.

.venv/bin/python benchmarks/parting.py [--models ntm dnc] [--backends native] [--steps 2000] [--seed 0]
"""

import argparse
import math

import torch
from measuring import print_table
from torch import Tensor

from mann_bench.core.protocol import Protocol
from mann_bench.core.streams import Stream
from mann_bench.models.base import SequenceModule
from mann_bench.models.dnc import DNCModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import prepare
from mann_bench.tasks.base import Batch
from mann_bench.tasks.copy import Copy

MODELS = {"ntm": NTMModel, "dnc": DNCModel}
TOLD = (1, 10, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["ntm", "dnc"], choices=list(MODELS))
    parser.add_argument("--backends", nargs="+", default=["native"], choices=["native", "compiled"])
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for model in given.models for row in parting(model, given)]
    columns = [f"after {step:,}" for step in TOLD if step <= given.steps]
    print("distance of all weights from those of plain PyTorch, relative to their norm")
    print_table(["model", "training", *columns], rows)


def parting(name: str, given: argparse.Namespace) -> list[list[str]]:
    """Return a row for each way to train a model."""
    task = Copy(layout="collier2018")
    task.seed = given.seed
    trained = {"eager": start(name, task, given.seed, "eager"), "reordered": start(name, task, given.seed, "eager")}
    trained |= {backend: start(name, task, given.seed, backend) for backend in given.backends}
    optimizers = {way: model.configure_optimizers() for way, model in trained.items()}
    rows: dict[str, list[str]] = {way: [] for way in trained if way != "eager"}
    for step in range(1, given.steps + 1):
        batch = task.batch(Stream.TRAIN, step - 1)
        for way, model in trained.items():
            optimizers[way].zero_grad()
            given_to = reordered(batch) if way == "reordered" else batch
            torch.autograd.backward(task.loss(model(given_to.inputs), given_to).mean())
            model.clip_gradient_norm()
            optimizers[way].step()
        if step in TOLD:
            exact = weights(trained["eager"])
            for way, cells in rows.items():
                cells.append(f"{(weights(trained[way]) - exact).norm() / exact.norm():.1e}")
    return [[name, way, *cells] for way, cells in rows.items()]


def start(name: str, task: Copy, seed: int, backend: str) -> SequenceModule:
    """Return a model as a run of a seed starts from it."""
    model: SequenceModule = MODELS[name](task.input_size, task.output_size)
    model.draw_weights(seed)
    model.protocol = Protocol()
    if notice := prepare(model, backend, math.inf, task.batch_size).notice:
        raise SystemExit(notice)
    return model


def reordered(batch: Batch) -> Batch:
    """Return a batch with its sequences in the reverse order."""
    return Batch(*(part.flip(1) for part in batch))


def weights(model: SequenceModule) -> Tensor:
    """Return all weights, in float64."""
    return torch.cat([parameter.detach().double().flatten() for parameter in model.parameters()])


if __name__ == "__main__":
    main()
