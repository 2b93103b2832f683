import os
import re
import subprocess
import sys

import pytest
import torch

from mann_bench.core.backends import Backend
from mann_bench.execution.arithmetic import Arithmetic, rounding


def test_the_capability_of_the_cpu_is_that_of_torchs_kernels():
    found = Arithmetic.of("cpu", Backend.EAGER)
    assert found.cpu_capability == torch.backends.cpu.get_cpu_capability()
    assert found.blas


def test_a_machine_rounds_alike_each_time():
    assert rounding("cpu") == rounding("cpu")


def test_rounding_is_another_where_torch_computes_otherwise():
    if torch.backends.cpu.get_cpu_capability() == "DEFAULT":
        pytest.skip("torch has no other kernels here")
    program = "from mann_bench.execution.arithmetic import rounding; print(rounding('cpu'))"
    plain = os.environ | {"ATEN_CPU_CAPABILITY": "default"}
    done = subprocess.run([sys.executable, "-c", program], env=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() != rounding("cpu")


def test_how_a_device_that_computes_no_more_rounds_is_unknown(monkeypatch):
    def fail(device):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr("mann_bench.execution.arithmetic.rounding", fail)
    assert Arithmetic.of("cuda", Backend.EAGER).rounding is None


def test_the_random_numbers_of_a_run_are_left_alone():
    before = torch.get_rng_state()
    Arithmetic.of("cpu", Backend.EAGER)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_compiled_for_the_eager_backend():
    assert Arithmetic.of("cpu", Backend.EAGER).compiler is None


@pytest.mark.parametrize("backend", [Backend.NATIVE, Backend.COMPILED])
def test_what_compiles_names_the_compiler_and_the_processor(backend):
    assert re.fullmatch(r".+, for processor [0-9a-f]{12}", Arithmetic.of("cpu", backend).compiler)


def test_a_compiler_that_is_gone_when_the_run_ends_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert Arithmetic.of("cpu", Backend.NATIVE).compiler is None
