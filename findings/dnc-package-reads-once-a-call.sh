#!/usr/bin/env bash
# dnc 1.1.0, a DNC for PyTorch: within one call, the controller gets the same read vectors at every step, those from
# before the call, whatever the memory answers in between.
#
# One would guess that a whole sequence in one call computes what its steps one by one compute. The inputs of all steps are
# joined with the last reads before the first step is taken, so what is read at one step never reaches the controller at
# the next: on whole sequences, which is how such a layer is trained, the network is another one than that of Graves et
# al. 2016, and a state that is handed from call to call makes the result depend on where a sequence was cut.
#
# Seen: with one seed for both ways (a call without a state draws one), outputs agree at the first step and differ at all
# later ones; what the controller is given besides its input is the same at six steps of one call, and is not in six calls.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
# Its requirement flann is for its sparse memories alone.
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps dnc==1.1.0
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import torch
from dnc import DNC

CHANNELS, STEPS = 3, 6
torch.manual_seed(0)
layer = DNC(input_size=CHANNELS, hidden_size=6, num_layers=1, nr_cells=5, cell_size=4, read_heads=1, batch_first=True)
given, inputs = [], torch.randn(2, STEPS, CHANNELS)
layer.rnns[0].register_forward_pre_hook(lambda module, arguments: given.append(arguments[0][..., CHANNELS:].clone()))


def run(length):
    """Return the outputs of calls of so many steps each, and in how many ways reads were given to the controller."""
    torch.manual_seed(1)
    given.clear()
    state, outputs = (None, None, None), []
    for number, piece in enumerate(inputs.split(length, dim=1)):
        made, state = layer(piece, state, reset_experience=number == 0)
        outputs.append(made)
    return torch.cat(outputs, dim=1), len({tuple(reads.flatten().tolist()) for reads in given})


with torch.no_grad():
    (whole, reads_of_whole), (steps, reads_of_steps) = run(STEPS), run(1)
apart = (whole - steps).abs().amax((0, 2)).tolist()
print(f"dnc {version('dnc')}: different reads given in one call {reads_of_whole}, in {STEPS} calls {reads_of_steps};")
print("  outputs apart by step:", [f"{distance:.0e}" for distance in apart])
assert apart[0] < 1e-6 and min(apart[1:]) > 1e-6
assert (reads_of_whole, reads_of_steps) == (1, STEPS)
PYTHON
