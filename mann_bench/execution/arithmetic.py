"""By what a run computes: two machines of one name may round otherwise, and records are to tell."""

import contextlib
import hashlib
import re
from typing import NamedTuple

import torch
from torch import Tensor

from mann_bench.core.backends import Backend
from mann_bench.core.jobs import Device
from mann_bench.execution.resolve import device_name
from mann_bench.native.build import NativeBuildError, toolchain
from mann_bench.results.provenance import provenance
from mann_bench.results.schema import Provenance

_SHAPES = [(32, 146, 400), (400, 32, 146), (640, 100, 9), (4, 128, 20)]
"""Rows, inner and columns of products such as training computes: libraries choose their kernel by size."""


class Arithmetic(NamedTuple):
    """What decides how a run rounds, beside the version of torch and the threads: fields of `Provenance`."""

    cpu_capability: str
    blas: str | None
    rounding: str | None
    compiler: str | None

    @classmethod
    def of(cls, device: Device, backend: Backend) -> "Arithmetic":
        """Describe this machine, with the threads that torch has now."""
        compiler = None
        if backend is not Backend.EAGER:
            with contextlib.suppress(NativeBuildError):
                compiler = toolchain()
        found = None
        with contextlib.suppress(RuntimeError):  # a GPU on which a run failed may compute nothing any more
            found = rounding(device)
        blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        return cls(
            cpu_capability=torch.backends.cpu.get_cpu_capability(),
            blas=blas[1] if blas else None,
            rounding=found,
            compiler=compiler,
        )


def provenance_here(device: Device, backend: Backend, threads: int, settings: str | None = None) -> Provenance:
    """Describe the software and this machine now, for a run that is computed so; `settings` as of `settings_text`."""
    return provenance(device, device_name(device), threads, settings, **Arithmetic.of(device, backend)._asdict())


def rounding(device: Device) -> str:
    """Return a digest of the bits of fixed results: torch rounds otherwise on a machine that gives another one."""
    seen = hashlib.sha256()
    with torch.inference_mode():
        for rows, inner, columns in _SHAPES:
            one, other = _numbers(rows, inner).to(device), _numbers(inner, columns).to(device)
            product = one @ other / inner
            batch = torch.bmm(one.expand(3, -1, -1), other.expand(3, -1, -1))
            functions = [product.tanh(), product.sigmoid(), product.exp(), product.softmax(-1), (1 + product**2).log()]
            for result in [product, batch, *functions, *(function.sum(0) for function in functions)]:
                seen.update(result.cpu().numpy().tobytes())
    return seen.hexdigest()[:16]


def _numbers(rows: int, columns: int) -> Tensor:
    """Return numbers between -1 and 1 that every machine makes alike."""
    return (torch.arange(rows * columns).mul(7_919).remainder(2_003).float() / 1_001.5 - 1).reshape(rows, columns)
