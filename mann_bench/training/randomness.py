"""The states of the random generators that a model or task may draw from: those of torch, numpy and Python."""

import random
from typing import Any

import numpy as np
import torch

_NUMPY_WORDS = 624


def random_states(device: str) -> dict[str, Any]:
    """Return the states of the global generators, and of the one of the GPU on ``cuda``, as plain data and tensors."""
    name, words, *rest = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if device == "cuda" else None,
        "numpy": (name, words.tolist(), *rest),  # type: ignore[union-attr]
        "python": random.getstate(),
    }


def set_random_states(states: dict[str, Any]) -> None:
    """Set what `random_states` returned; raises an exception of some kind where `states` are not such."""
    _, words, position, *_ = states["numpy"]
    if len(words) != _NUMPY_WORDS or not 0 <= position <= _NUMPY_WORDS:  # numpy would read beyond its words
        raise ValueError("the state of numpy's generator is none")
    torch.set_rng_state(states["torch"])
    if states["cuda"] is not None:
        torch.cuda.set_rng_state(states["cuda"])
    np.random.set_state(states["numpy"])
    random.setstate(states["python"])
