#!/usr/bin/env bash
# torch 2.13.0: of several models of one class and different sizes, each with a torch.compile of its own, the later ones
# run eagerly, without an error or a warning.
#
# One would guess that each call of torch.compile compiles for itself, and that the limit of eight recompilations is that
# of one compiled function. Dynamo counts by code object, which all instances of a class share: with a state that is
# compiled for training and for evaluation, a handful of sizes in one process reach the limit, and a benchmark of sizes
# then times plain PyTorch under the name of compiled. A line in the log of torch._dynamo alone tells of it.
#
# Seen: ten sizes of a cell; compiled code is called for the first eight and not for the last two. With a copy of the code
# object for each, it is called for all ten. The backend here counts calls and compiles nothing: no compiler is needed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON' 2>/dev/null
import types
import warnings

import torch

warnings.simplefilter("error")
calls = []


def counting(graph, inputs):
    def call(*arguments):
        calls.append(None)
        return graph(*arguments)

    return call


class Cell(torch.nn.Module):
    def __init__(self, units):
        super().__init__()
        self.map = torch.nn.Linear(units, units)

    def step(self, state):
        return self.map(state).tanh()


def runs_compiled(units, own_code):
    cell = Cell(units)
    step = cell.step
    if own_code:
        function = Cell.step
        copy = types.FunctionType(function.__code__.replace(), function.__globals__)
        step = types.MethodType(copy, cell)
    compiled = torch.compile(step, dynamic=False, backend=counting)
    calls.clear()
    compiled(torch.zeros(2, units))
    return bool(calls)


shared = [runs_compiled(units, own_code=False) for units in range(3, 13)]
own = [runs_compiled(units, own_code=True) for units in range(3, 13)]
print(f"torch {torch.__version__}: compiled with shared code {sum(shared)} of 10, with code of their own {sum(own)} of 10")
assert shared == [True] * 8 + [False] * 2
assert all(own)
PYTHON
