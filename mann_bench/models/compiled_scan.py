"""Time steps compiled by `torch.compile`, several at once, for one model alone; it knows whether compiled code runs."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch._dynamo import lookup_backend
from torch._dynamo.backends.inductor import inductor
from torch._dynamo.exc import FailOnRecompileLimitHit, TorchDynamoException
from torch.utils import _pytree as pytree

from mann_bench.models.step_scan import StepScan
from mann_bench.models.tracing import WholeStepError, contiguous_copy, own_copy

CHUNK = 4
"""Time steps that are compiled as one. With more of them calls cost less, and compiling takes longer."""


class CompiledScan:
    """What `scan` does of a step, by one pair of graphs of it (`StepScan`), or by calls that do `CHUNK` steps.

    Where Dynamo makes more than one graph of the step, or the step does more than to return logits and state, Dynamo
    and autograd have their say at each call, which costs as much as a small step. So it does `CHUNK` steps, and those
    left over come one by one. Two graphs, each forward and backward, are compiled when they are first needed, and
    serve all lengths: no part of a sequence has a state that Dynamo can tell from another's, and inference runs the
    code of training. Where Dynamo gives up, it runs the steps eagerly and says so in a log alone; hence the count.

    Args:
        step: the `step` of a `RecurrentModel`.

    Attributes:
        problem: why the steps are done in chunks; None where that is not so.
    """

    def __init__(self, step: Callable[..., Any]) -> None:
        step = own_copy(step)
        self._whole = StepScan(step)
        self._calls = 0
        # Whoever gives Dynamo a compiler of that name is asked.
        self.problem = None if lookup_backend("inductor") is inductor else "inductor is not that of torch"

        def steps(inputs: Tensor, state: Any) -> tuple[Tensor, Any]:
            outputs = []
            for at_time in inputs:
                output, state = step(at_time, state)
                outputs.append(output)
            return torch.stack(outputs), state

        self._steps = torch.compile(own_copy(steps), dynamic=False, backend=self._compile)

    @property
    def graph_calls(self) -> int:
        """How often compiled code was called."""
        return self._calls + self._whole.graph_calls

    def __call__(self, inputs: Float[Tensor, "T B I"], state: Any) -> tuple[Float[Tensor, "T B O"], Any]:
        """Return what `scan` returns."""
        if torch.is_grad_enabled():
            return self._run(inputs, state, trained=True)
        with torch.inference_mode(False), torch.enable_grad():
            return self._run(inputs, state, trained=False)

    def _run(self, inputs: Tensor, state: Any, trained: bool) -> tuple[Tensor, Any]:
        inputs, state = pytree.tree_map_only(Tensor, contiguous_copy, (inputs, state))
        if self.problem is None:
            try:
                return self._whole(inputs, state, trained=trained)
            except (WholeStepError, TorchDynamoException, FailOnRecompileLimitHit) as error:
                self.problem = _reason(error)
        return self._in_chunks(inputs, state, (lambda tensor: tensor) if trained else Tensor.detach)

    def _in_chunks(self, inputs: Tensor, state: Any, keep: Callable[[Tensor], Tensor]) -> tuple[Tensor, Any]:
        outputs: list[Tensor] = []
        whole, left = divmod(len(inputs), CHUNK)
        for part in torch.split(inputs, [CHUNK] * whole + [1] * left):
            output, state = self._steps(part, pytree.tree_map_only(Tensor, _alike, state))
            state = pytree.tree_map_only(Tensor, keep, state)
            outputs.append(keep(output))
        return torch.cat(outputs), state

    def _compile(self, graph: Any, example_inputs: Any) -> Callable[..., Any]:
        # One file of C++ for a graph, and not one for each of its kernels: it compiles in half the time.
        on_cpu = all(each.device.type == "cpu" for each in example_inputs if isinstance(each, Tensor))
        inductor: Any = lookup_backend("inductor")
        compiled = inductor(graph, example_inputs, config_patches={"cpp_wrapper": on_cpu})

        def counted(*arguments: Any) -> Any:
            self._calls += 1
            return compiled(*arguments)

        return counted


def _alike(part: Tensor) -> Tensor:
    """Return a part of a state as every chunk gets it: contiguous, and with a gradient where it can have one."""
    part = part.contiguous()
    differentiable = part.is_floating_point() or part.is_complex()
    return part.detach().requires_grad_() if differentiable and not part.requires_grad else part


def _reason(error: Exception) -> str:
    """Return what an error of Dynamo says, or the one that it wraps, in a line."""
    cause = getattr(error, "inner_exception", None) or error
    return (str(cause).splitlines() or [""])[0].strip().rstrip(".") or type(cause).__name__
