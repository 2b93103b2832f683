#!/usr/bin/env bash
# torch 2.13.0: the weights of a second layer change when the bounds of the first one's trunc_normal_ do, seed and sizes
# being the same.
#
# One would guess that an initialiser takes as many numbers from the generator as its tensor has elements: then two models
# of one seed that differ in the bounds of one layer have all other weights in common, and a comparison of initialisations
# compares nothing else. trunc_normal_ draws again whatever falls outside of the bounds, in rounds, so how much it takes
# depends on what it drew. Before 2.12 it took one uniform number an element.
#
# Seen: behind bounds of 2 standard deviations, of 1 and of 0.5, three different second layers; behind uniform_ of any
# bounds, one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import torch
from torch.nn import init


def second_layer(initialise, bound):
    torch.manual_seed(0)
    initialise(torch.empty(1000), a=-bound, b=bound)
    return tuple(torch.randn(3).tolist())


bounds = (2.0, 1.0, 0.5)
truncated = {second_layer(init.trunc_normal_, bound) for bound in bounds}
uniform = {second_layer(init.uniform_, bound) for bound in bounds}
print(f"torch {torch.__version__}: second layers behind trunc_normal_ {len(truncated)}, behind uniform_ {len(uniform)}")
assert len(truncated) == 3
assert len(uniform) == 1
PYTHON
