"""What every model is: a Lightning module from inputs [T, B, I] to logits [T, B, O]."""

import math
from abc import ABC, abstractmethod
from functools import partial
from typing import Any, ClassVar, NamedTuple, get_args

import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import LRScheduler

from mann_bench.core.backends import Backend
from mann_bench.core.options import OptionValue
from mann_bench.core.protocol import Protocol, TrainingMethod
from mann_bench.models.compiled_cache import use_own_cache
from mann_bench.models.compiled_scan import CompiledScan
from mann_bench.models.heap import keep_freed_memory
from mann_bench.models.optimizing import protocol_optimizer, rate_schedule
from mann_bench.nn.scan import Run, recompute, scan, state_tensors
from mann_bench.nn.sparse import SparseWeighting


class NonFiniteError(ArithmeticError):
    """Training met a loss or gradient that is not finite.

    Attributes:
        culprit: ``loss``, or the name of the first parameter whose gradient is not finite.
    """

    def __init__(self, culprit: str) -> None:
        super().__init__(f"{culprit} is not finite")
        self.culprit = culprit


class SequenceModule(pl.LightningModule, ABC):
    """A model of the suite. Authors write `forward`; its options are the keyword-only parameters of `__init__`.

    It trains under any `pytorch_lightning.Trainer` with a `SequenceTask` as its datamodule; the loss is the
    task's, optimiser and gradient clipping are those of `protocol`. A model with a `TrainingMethod` of its own is
    trained by that; its records say so, and tables mark its rows as not the protocol's.

    Args:
        input_size: channels of the task's inputs, I.
        output_size: channels of the logits, O.

    Attributes:
        protocol: how it is trained; the runner sets the run's.
        steps_trained: optimiser steps done.
        gradient_norm: global norm of the last step's gradient before it was clipped; None before training.
    """

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__()
        self.input_size, self.output_size = input_size, output_size
        self.protocol = Protocol()
        self.gradient_norm: Tensor | None = None
        self.steps_trained = 0
        self._schedule: LRScheduler | None = None
        # Lightning's own loop costs as much as a fast step; here one turn of it does several.
        self.automatic_optimization = False

    @abstractmethod
    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return the logits for every time step of every sequence."""

    def initial_state(self, batch_size: int) -> Any:
        """Return what the model carries from step to step, as nested tuples of tensors; by default nothing."""
        return ()

    def state_bytes(self) -> int:
        """Bytes of state a sequence, counted from the tensors of `initial_state`."""
        return sum(t.numel() * t.element_size() for t in state_tensors(self.initial_state(1)))

    def draw_weights(self, seed: int) -> None:
        """Draw the initial weights of a run; by default those of `__init__` stay, from torch's seeded generator.

        torch draws other numbers on other processors. Where `mann_bench.nn.draw_weights` knows how every weight starts,
        a model calls it here, and a seed has the same weights everywhere.
        """

    def details(self) -> dict[str, OptionValue]:
        """Return what the record should state about the model that its options do not tell; by default nothing."""
        return {}

    def training_step(self, batches: Any, batch_index: int) -> None:
        """Do an optimiser step on the mean loss, in nats a sequence, of a batch or of each of several batches.

        Raises:
            NonFiniteError: the loss or a gradient is not finite; the parameters stay as they were.
        """
        task, optimizer = self.trainer.datamodule, self.optimizers()  # type: ignore[attr-defined]
        for batch in [batches] if hasattr(batches, "inputs") else batches:
            optimizer.zero_grad()  # type: ignore[union-attr]
            loss: Tensor = task.loss(self(batch.inputs), batch).mean()
            if not torch.isfinite(loss):
                raise NonFiniteError("loss")
            self.manual_backward(loss)
            self.clip_gradient_norm()
            optimizer.step()  # type: ignore[union-attr]
            self.steps_trained += 1
            if self._schedule is not None:
                self._schedule.step()
            if task.course is not None:
                again = self._loss_again(task, batch) if task.course.needs_gain else None
                task.course.trained(loss.item(), again)

    @torch.inference_mode()
    def _loss_again(self, task: Any, batch: Any) -> float:
        """Return the mean loss on a batch after the step that it was for."""
        return float(task.loss(self(batch.inputs), batch).mean())

    def configure_optimizers(self) -> Any:
        """Return the protocol's optimiser over all parameters, and its schedule where the rate changes."""
        optimizer = protocol_optimizer(self.protocol, self.parameters())
        self._schedule = rate_schedule(self.protocol, optimizer)
        if self._schedule is None:
            return optimizer
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": self._schedule, "interval": "step"}}

    @property
    def scheduled_rate(self) -> float | None:
        """The learning rate of the next training step, where the protocol changes it; None elsewhere."""
        return None if self._schedule is None else float(self._schedule.get_last_lr()[0])

    def clip_gradient_norm(self) -> None:
        """Clip the global gradient norm as the protocol says; refuse to step on gradients that are not finite.

        What `torch.nn.utils.clip_grad_norm_` does, without its multiplication where nothing is clipped. Finite
        gradients whose squares overflow float32, as those through 200 time steps do now and then, are clipped too.

        Raises:
            NonFiniteError: a gradient is not finite, or nothing bounds a norm that is not.
        """
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        self.gradient_norm = nn.utils.get_total_norm(gradients)
        norm, bound = self.gradient_norm.item(), self.protocol.gradient_clip_norm
        if bound is not None and not math.isfinite(norm):
            self.gradient_norm = nn.utils.get_total_norm([_doubled(gradient) for gradient in gradients])
            norm = self.gradient_norm.item()
        if not math.isfinite(norm):
            raise NonFiniteError(self._first_non_finite_gradient())
        if bound is not None and norm > bound:
            torch._foreach_mul_(gradients, bound / norm)

    def _first_non_finite_gradient(self) -> str:
        for name, parameter in self.named_parameters():
            if parameter.grad is not None and not parameter.grad.isfinite().all():
                return name
        return "gradient norm"


def own_training(model: SequenceModule | type[SequenceModule]) -> list[TrainingMethod]:
    """Return the methods by which the suite follows a protocol that a model, or its class, has in its own way."""
    return [name for name in get_args(TrainingMethod) if is_own(model, name)]


def draws_portably(model: SequenceModule) -> bool:
    """Return whether a model draws its initial weights itself, the same for a seed on every processor."""
    return is_own(model, "draw_weights")


def is_own(model: SequenceModule | type[SequenceModule], name: str) -> bool:
    """Return whether a model, or its class, has a method of its own in the place of that of `SequenceModule`."""
    return _function(model, name) is not _function(SequenceModule, name)


def _function(owner: Any, name: str) -> Any:
    method = getattr(owner, name, None)
    return getattr(method, "__func__", method)


def zero_inputs(model: SequenceModule, steps: int, sequences: int) -> Float[Tensor, "T B I"]:
    """Return inputs for trying a model out, on its device, in its precision, or in single where that is mixed."""
    parameters = list(model.parameters())
    precisions = {parameter.dtype.to_real() for parameter in parameters}
    dtype = precisions.pop() if len(precisions) == 1 else torch.float32
    device = parameters[0].device if parameters else None
    return torch.zeros(steps, sequences, model.input_size, dtype=dtype, device=device)


class Observation(NamedTuple):
    """What a memory did in one time step, for traces and diagnostics. R read heads, K write heads, N slots.

    Both weightings may be sparse: then what is kept of a step does not grow with the slots. A slot that is not listed
    in a sparse write weighting must not have changed in the step.
    """

    read_weightings: Float[Tensor, "B R N"] | SparseWeighting
    write_weightings: Float[Tensor, "B K N"] | SparseWeighting
    memory: Float[Tensor, "B N W"]
    gates: dict[str, Float[Tensor, "B _"]]
    """What is told of each head, one value, by name: interpolation gates, sharpening ..."""


class RecurrentModel(SequenceModule):
    """A model that advances one time step at a time. Authors write `initial_state` and `step`.

    Attributes:
        backend: how it is computed; `mann_bench.models.preparation.prepare` sets it.
        recompute: whether backward recomputes most steps, where the backend keeps what autograd asks for; the
            runner sets it where keeping them all takes too much memory.
        sparse: whether a step changes a few rows of the state alone: backward keeps these and no states, and the
            native recurrence holds no others for each sequence.
    """

    sparse: ClassVar[bool] = False

    def __init__(self, input_size: int, output_size: int) -> None:
        super().__init__(input_size, output_size)
        self.backend = Backend.EAGER
        self.recompute = False
        self._compiled: CompiledScan | None = None
        self._compiled_batch = 0

    @abstractmethod
    def initial_state(self, batch_size: int) -> Any:
        """Return the state before the first step for `batch_size` sequences, as nested tuples of tensors."""

    @abstractmethod
    def step(self, inputs: Float[Tensor, "B I"], state: Any) -> tuple[Float[Tensor, "B O"], Any]:
        """Return the logits of one time step and the state after it."""

    def observe(self, inputs: Float[Tensor, "B I"], state: Any) -> tuple[Float[Tensor, "B O"], Any, Observation | None]:
        """Do a step and tell what the memory did; None, the default, where there is nothing to tell."""
        return *self.step(inputs, state), None

    def native_problem(self) -> str | None:
        """Return why `native_forward` cannot be called, None where it can; by default there is none."""
        return "the model has no native recurrence"

    def native_forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Return what `forward` returns, computed in C++."""
        raise NotImplementedError(self.native_problem())

    def compile_step(self, batch_size: int) -> None:
        """Make ready for the compiled backend, with shapes that are static: batches of one size."""
        use_own_cache(self, batch_size)
        keep_freed_memory()
        self._compiled, self._compiled_batch = CompiledScan(self.step), batch_size
        self.backend = Backend.COMPILED

    @property
    def graph_calls(self) -> int:
        """How often compiled code was called; 0 where nothing was compiled, or all of it runs eagerly after all."""
        return self._compiled.graph_calls if self._compiled else 0

    @property
    def whole_step_problem(self) -> str | None:
        """Why the compiled backend cannot do without Dynamo from step to step, which is slower; None where it can."""
        return self._compiled.problem if self._compiled else None

    def forward(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Run `step` over time from the initial state, on the backend that was prepared."""
        if self.backend is Backend.NATIVE:
            return self.native_forward(inputs)
        if self.backend is Backend.COMPILED:
            assert self._compiled is not None
            parts = torch.split(inputs, self._compiled_batch, dim=1)
            return torch.cat([self._compiled_forward(self._compiled, part) for part in parts], dim=1)
        return self._run(partial(scan, self.step), inputs)

    def _compiled_forward(self, compiled: CompiledScan, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Fill the batch up with zeros: another size would be compiled anew."""
        sequences = inputs.shape[1]
        filled = functional.pad(inputs, (0, 0, 0, self._compiled_batch - sequences))
        return self._run(compiled, filled)[:, :sequences]

    def _run(self, run: Run[Any], inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        state = self.initial_state(inputs.shape[1])
        if self.recompute and torch.is_grad_enabled():
            return recompute(run, inputs, state)[0]
        return run(inputs, state)[0]


def _doubled(gradient: Tensor) -> Tensor:
    """Return a gradient in double precision, and complex where it is."""
    return gradient.to(torch.promote_types(gradient.dtype, torch.float64))
