"""The README's examples run."""

import re
from pathlib import Path

import torch

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_layer_of_the_readme_learns():
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "nn import NTM" in code]
    torch.manual_seed(0)
    names = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["loss"].item() < 0.35  # ln 2 = 0.69 is chance
