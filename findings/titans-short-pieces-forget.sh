#!/usr/bin/env bash
# titans-pytorch 0.5.5: a NeuralMemory that is given its state and fewer steps than a chunk, but more than one, answers as
# if it had stored nothing.
#
# One would guess that the memory of what came before answers the next piece, whatever its length: a sequence of 10 steps
# in chunks of 4, fed in pieces of 8 and 2, is the same as at once. Of a piece that is no whole chunk nothing is stored
# yet, which is expected; but it is not read from the state either. No error and no warning tells of it. Pieces of one
# step, and those of a chunk or more, read what they should.
#
# Seen: after 8 steps, pieces of 1, 4 and 5 to 8 steps equal the same steps of the uncut sequence to rounding, and pieces
# of 2 and 3 equal those of a fresh memory exactly, more than 0.1 from the uncut sequence.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  torch==2.13.0 numpy==2.4.6 titans-pytorch==0.5.5 einops==0.8.2 einx==0.4.3 tensordict==0.15.3 assoc-scan==0.0.6 \
  axial-positional-embedding==0.3.12 hyper-connections==0.4.11 rotary-embedding-torch==0.9.1 x-transformers==2.31.10
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import torch
from titans_pytorch import NeuralMemory

CHUNK, FIRST = 4, 8
torch.manual_seed(0)
memory, inputs = NeuralMemory(dim=8, chunk_size=CHUNK), torch.randn(1, 16, 8)
with torch.no_grad():
    whole, _ = memory(inputs)
    _, state = memory(inputs[:, :FIRST])
    forgotten = []
    for steps in range(1, FIRST + 1):
        piece = inputs[:, FIRST : FIRST + steps]
        answer, fresh = memory(piece, state=state)[0], memory(piece)[0]
        right = torch.allclose(answer, whole[:, FIRST : FIRST + steps], atol=1e-5)
        assert right or (torch.equal(answer, fresh) and (answer - whole[:, FIRST : FIRST + steps]).abs().max() > 0.1)
        forgotten += [] if right else [steps]
print(f"titans-pytorch {version('titans-pytorch')}, chunks of {CHUNK}: answered by a fresh memory are pieces of {forgotten}")
assert forgotten == [2, 3]
PYTHON
