"""Compiled code of one time step, forward and backward, from the graph that Dynamo made of it.

It calls parts of torch that may change without notice. Where they did, what is made here fails to be made, and
`mann_bench.models.compiled_scan` does without.
"""

import contextlib
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from unittest import mock

import torch
from torch import Tensor, fx
from torch._dynamo.symbolic_convert import InstructionTranslator
from torch._dynamo.variables.base import AttributeMutationNew, ValueMutationNew
from torch._functorch.aot_autograd import aot_export_joint_simple
from torch._functorch.partitioners import min_cut_rematerialization_partition
from torch._guards import detect_fake_mode
from torch._inductor import config
from torch._inductor.compile_fx import compile_fx_inner
from torch._inductor.cpu_vec_isa import valid_vec_isa_list
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.fx_passes import joint_graph
from torch._inductor.virtualized import V

from mann_bench.models.compiled_cache import is_sealed
from mann_bench.models.tracing import WholeStepError

Compiled = Callable[[list[Tensor]], Sequence[Any]]
_OPERATORS = torch.ops.aten


class Product(NamedTuple):
    """What of backward's results gives the gradient of a parameter: the transpose of one, times another."""

    parameter: int
    left: int
    right: int


class StepGraphs(NamedTuple):
    """A compiled step. Its arguments are the step's inputs, parts of the state, parameters and buffers, in any order.

    Attributes:
        forward: from the arguments to the logits, the parts of the state and what is saved for backward.
        backward: from what was saved, and the gradients of the results that have one, to those of the arguments, and
            then the factors of `products`.
        inputs: the position of the step's inputs among the arguments; None where it does not read them.
        state: the position of each part of the state, alike.
        arguments: how many there are.
        differentiable: which results have a gradient, the logits before the parts of the state.
        sums: the arguments whose gradients are summed over time, as backward gives them.
        products: the arguments whose gradients are sums over time of products.
    """

    forward: Compiled
    backward: Compiled
    inputs: int | None
    state: list[int | None]
    arguments: int
    differentiable: list[int]
    sums: list[int]
    products: list[Product]


def compile_graphs(graph: fx.GraphModule, examples: Sequence[Any]) -> StepGraphs:
    """Compile the graph of a function of `*args`, inputs and parts of a state, to logits and parts of a state.

    Raises:
        WholeStepError: a step does more than that, or the state changes its form from step to step.
    """
    if _changes_more():
        raise WholeStepError("it changes more than the state that it returns")
    if is_sealed():
        trust_vector_code()
    results: list[fx.Node] = _results(graph)
    inputs, state = _positions(graph, len(results) - 1)
    for position, result in zip(state, results[1:], strict=True):
        if position is not None and _form(examples[position]) != _form(result.meta["example_value"]):
            raise WholeStepError("its state changes shape, precision or device")
    differentiable = [i for i, result in enumerate(results) if result.meta["example_value"].requires_grad]
    if differentiable[:1] != [0]:
        raise WholeStepError("its logits depend on no parameter")
    # Tensors that the step makes of Python's numbers are constants of the graph.
    mode: Any = detect_fake_mode(examples)
    constants = mock.patch.object(mode, "allow_non_fake_inputs", True)
    with constants, V.set_fake_mode(mode), config.patch(size_asserts=False):
        joint: Any = aot_export_joint_simple(
            graph, tuple(examples), trace_joint=True, decompositions=select_decomp_table()
        )
        _optimize(joint)
        return _compiled_graphs(joint, len(results), inputs, state, differentiable)


def trust_vector_code() -> None:
    """Let torch use the vector instructions that the processor names, and not try each kind out in a process.

    Such a process loads torch's libraries, for up to half a second. torch still tries out what only some processors of
    a kind have.
    """
    with config.patch({"cpp.vec_isa_ok": True}):
        valid_vec_isa_list()  # which torch remembers


def _changes_more() -> bool:
    """Tell whether the function that Dynamo is at changes an object that was there before."""
    effects = InstructionTranslator.current_tx().output.side_effects
    old = (
        variable
        for variable in effects.id_to_variable.values()
        if not isinstance(variable.mutation_type, AttributeMutationNew | ValueMutationNew)
    )
    return any(map(effects.is_modified, old))


def _optimize(joint: fx.GraphModule) -> None:
    """Do what inductor does before it parts forward from backward: a DNC takes nearly twice as long without.

    The forms of attention take a quarter of a second to make ready. They have products of matrices and exponentials.
    """
    called = {node.target for node in joint.graph.nodes}
    may_attend = {_OPERATORS.bmm.default, _OPERATORS.exp.default} <= called
    forms = contextlib.nullcontext() if may_attend else mock.patch.object(joint_graph, "lazy_init")
    with forms:
        joint_graph.joint_graph_passes(joint)


def _compiled_graphs(
    joint: fx.GraphModule, results: int, inputs: int | None, state: list[int | None], differentiable: list[int]
) -> StepGraphs:
    """Part the joint graph of a step with so many results into forward and backward, and compile both."""
    forward, backward = min_cut_rematerialization_partition(joint, _values(joint), num_fwd_outputs=results)
    saved, tangents = len(_results(forward)) - results, [f"tangents_{i + 1}" for i in range(len(differentiable))]
    if [node.name for node in _placeholders(backward)][saved:] != tangents:
        raise WholeStepError("backward takes what forward does not give")
    arguments, others = len(_results(backward)), {inputs, *state}
    products = _give_factors(backward, others)
    given = _results(backward)
    of_state = {position for position in state if position is not None}
    for position in of_state:
        given[position] = _contiguous(backward, given[position])
    _set_results(backward, given)
    _show(forward, range(results))
    _show(backward, of_state)
    return StepGraphs(
        forward=_compiled(forward),
        backward=_compiled(backward, is_backward=True),
        inputs=inputs,
        state=state,
        arguments=arguments,
        differentiable=differentiable,
        sums=[i for i in range(arguments) if given[i] is not None and i not in others],
        products=products,
    )


def _give_factors(backward: fx.GraphModule, others: Collection[int | None]) -> list[Product]:
    """Let backward give the factors of parameter gradients that are products over the batch, in the place of these.

    A product that is added to the sum as it is computed saves writing and reading it. Arguments among the `others` are
    no parameters.
    """
    given, products = _results(backward), []
    for argument in range(len(given)):
        factors = None if argument in others else _factors(given[argument])
        if factors is not None:
            products.append(Product(argument, len(given), len(given) + 1))
            given[argument] = None
            given += factors
    _set_results(backward, given)
    return products


def _factors(gradient: fx.Node | None) -> tuple[Any, Any] | None:
    """Return A and B where the gradient is A^T B."""
    turned = False
    while gradient is not None and (below := _transposed(gradient)) is not None:
        gradient, turned = below, not turned
    if gradient is None or gradient.target is not _OPERATORS.mm.default:
        return None
    left, right = gradient.args
    if (below := _transposed(left)) is None:
        return None
    return (right, below) if turned else (below, right)


def _transposed(node: Any) -> fx.Node | None:
    """Return the matrix whose transpose a node is."""
    if node.target is _OPERATORS.t.default:
        return node.args[0]  # type: ignore[no-any-return]
    if node.target is _OPERATORS.permute.default and list(node.args[1]) == [1, 0]:
        return node.args[0]  # type: ignore[no-any-return]
    return None


def _positions(graph: fx.GraphModule, leaves: int) -> tuple[int | None, list[int | None]]:
    """Return where among the arguments the inputs are, and each part of the state, by the names Dynamo gave them."""
    names = [node.name for node in _placeholders(graph)]
    for name in names:
        if not re.match(r"l_|g_", name):  # neither local nor global: drawn by Python, or a number
            raise WholeStepError(f"it takes {name}, which may differ from step to step")
    found = {name: position for position, name in enumerate(names)}
    return found.get("l_args_0_"), [found.get(f"l_args_{i + 1}_") for i in range(leaves)]


def _contiguous(graph: fx.GraphModule, node: fx.Node | None) -> fx.Node | None:
    if node is None or node.meta["val"].is_contiguous():
        return node
    with graph.graph.inserting_before(graph.graph.output_node()):
        copied = graph.graph.call_function(
            _OPERATORS.clone.default, (node,), {"memory_format": torch.contiguous_format}
        )
    copied.meta["val"] = node.meta["val"].clone(memory_format=torch.contiguous_format)
    return copied


def _form(tensor: Tensor) -> tuple[Any, ...]:
    return tensor.shape, tensor.dtype, tensor.device


def _placeholders(graph: fx.GraphModule) -> list[fx.Node]:
    return [node for node in graph.graph.nodes if node.op == "placeholder"]


def _values(graph: fx.GraphModule) -> list[Any]:
    return [node.meta["val"] for node in _placeholders(graph)]


def _results(graph: fx.GraphModule) -> list[Any]:
    return list(graph.graph.output_node().args[0])  # type: ignore[arg-type]


def _set_results(graph: fx.GraphModule, results: list[Any]) -> None:
    graph.graph.output_node().args = (results,)
    graph.graph.eliminate_dead_code()
    graph.recompile()


def _show(graph: fx.GraphModule, results: Any) -> None:
    """Have these results keep their strides."""
    graph.graph.output_node().meta["user_visible_output_idxs"] = sorted(results)


def _compiled(graph: fx.GraphModule, **about: bool) -> Compiled:
    made: Any = compile_fx_inner(graph, _values(graph), **about)  # type: ignore[arg-type]
    compiled: Compiled = made.current_callable  # to call `made` itself costs two microseconds more
    return compiled
