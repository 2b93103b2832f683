#!/usr/bin/env bash
# ncps 1.0.1: where a batch has as many sequences as a CfC has units, each unit of a sequence takes its time span from
# another sequence.
#
# One would guess that timespans [batch, steps] give each sequence its own times, as irregular sampling needs. The column
# of a step is handed on as [batch] and broadcast against activations [batch, units]: for most batches that is an error
# about sizes, and where both numbers are equal, and for a batch of one, it is not. A batch size that happens to fit then
# trains without a word on the times of other sequences. [batch, steps, 1] fares alike; [batch, steps, units] is right.
#
# Seen: with 4 units, batches of 3 and 5 sequences raise RuntimeError; one of 4 returns outputs that are more than 0.001
# from those of its sequences one by one, and equal to them once the spans are repeated for each unit.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
  torch==2.13.0 numpy==2.4.6 ncps==1.0.1 future==1.0.0 packaging
"$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import torch
from ncps.torch import CfC

UNITS = 4
torch.manual_seed(0)
layer, outcomes = CfC(2, UNITS), {}


def one_by_one(inputs, spans):
    rows = zip(inputs.split(1), spans.split(1), strict=True)
    return torch.cat([layer(row, timespans=span)[0] for row, span in rows])


for batch in (3, 4, 5):
    inputs, spans = torch.randn(batch, 2, 2), torch.rand(batch, 2) + 0.5
    with torch.no_grad():
        expected = one_by_one(inputs, spans)
        repeated = layer(inputs, timespans=spans[..., None].expand(-1, -1, UNITS))[0]
        assert torch.allclose(repeated, expected, atol=1e-6)
        try:
            outcomes[batch] = (layer(inputs, timespans=spans)[0] - expected).abs().max().item()
        except RuntimeError:
            outcomes[batch] = None
print(f"ncps {version('ncps')}, {UNITS} units: distance from sequences one by one {outcomes} (None: RuntimeError)")
assert outcomes[3] is None and outcomes[5] is None
assert outcomes[4] > 1e-3
PYTHON
