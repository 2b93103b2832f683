#!/usr/bin/env bash
# minGRU-pytorch 0.2.1: a minLSTM that is given a sequence in two pieces, with the state of the first, computes something
# else than on the whole sequence, unless every piece has one step. The minGRU of the same package does not.
#
# One would guess that the state which a layer returns stands for what came before, however a sequence is cut: so it is
# trained in pieces, or evaluated on sequences that do not fit into memory. Several steps at once go through a parallel
# scan in log space, where the first state passes the activation of the candidates once more: it is taken with 0.5 added.
#
# Seen: whole against single steps, equal to rounding for both layers; whole against pieces of three and four steps, equal
# for minGRU, and more than 0.1 apart for minLSTM, whose first step of the second piece is that of the state plus 0.5.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  torch==2.13.0 numpy==2.4.6 einops==0.8.2 minGRU-pytorch==0.2.1
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import torch
from minGRU_pytorch.minGRU import minGRU
from minGRU_pytorch.minLSTM import minLSTM

CUT = 3


def pieces(layer, inputs, lengths, add=0.0):
    outputs, state = [], None
    for piece in inputs.split(lengths, dim=1):
        state = None if state is None else state + add
        made, state = layer(piece, prev_hidden=state, return_next_prev_hidden=True)
        outputs.append(made)
    return torch.cat(outputs, dim=1)


def apart(one, other):
    return (one - other).abs().max().item()


torch.manual_seed(0)
inputs, found = torch.randn(2, 7, 8), {}
for kind in (minGRU, minLSTM):
    layer = kind(8)
    with torch.no_grad():
        whole, steps, cut = layer(inputs), pieces(layer, inputs, [1] * 7), pieces(layer, inputs, [CUT, 7 - CUT])
        first_of_second = pieces(layer, inputs[:, : CUT + 1], [CUT, 1], add=0.5)[:, CUT]
    found[kind] = apart(whole, steps), apart(whole, cut), apart(cut[:, CUT], first_of_second)
    print(f"minGRU-pytorch {version('minGRU-pytorch')}, {kind.__name__}: single steps {found[kind][0]:.0e} from the whole,")
    print(f"  two pieces {found[kind][1]:.1g} from it, {found[kind][2]:.0e} from the state plus 0.5")
assert found[minGRU][0] < 1e-5 and found[minGRU][1] < 1e-5
assert found[minLSTM][0] < 1e-5 and found[minLSTM][1] > 0.1 and found[minLSTM][2] < 1e-5
PYTHON
