"""Refusing tensors that memory has no room for, before they are made."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mann_bench.core.machine import available_ram
from mann_bench.core.message_text import bytes_text

_NEVER_REFUSED = 2**30
"""Bytes of a tensor up to which nobody asks whether there is room."""

_aten = torch.ops.aten
_MADE_FROM_A_SIZE = {
    _aten.empty.memory_format,
    _aten.zeros.default,
    _aten.ones.default,
    _aten.full.default,
    _aten.rand.default,
    _aten.randn.default,
}


class Allocations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Raises ValueError where a tensor is asked for that is larger than free memory: to fill it may end the process.

    Several tensors are not added up.
    """

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if func in _MADE_FROM_A_SIZE:
            dtype = given.get("dtype") or torch.get_default_dtype()
            _check(math.prod(args[0]) * dtype.itemsize)
        return func(*args, **given)


def _check(asked: int) -> None:
    free = available_ram() if asked > _NEVER_REFUSED else None
    if free is not None and asked > free:
        raise ValueError(
            f"a tensor of {bytes_text(asked)} is asked for, and {bytes_text(free)} of memory are free here. "
            "Expected a smaller model"
        )
