"""A seed has the same initial weights of a built-in model under every set of vector instructions."""

import os
import subprocess
import sys

import pytest
import torch

from mann_bench.builtin import mann_bench_models

INSTRUCTIONS = [
    {"ATEN_CPU_CAPABILITY": "default", "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"},
    {"ATEN_CPU_CAPABILITY": "avx2", "NPY_DISABLE_CPU_FEATURES": "X86_V4,AVX512_ICL,AVX512_SPR"},
    {"ATEN_CPU_CAPABILITY": "avx512"},
]
DIGESTS = """
import sys
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.building import build_model, build_task
from mann_bench.registry import Registry
from mann_bench.training.weights import weights_digest, weights_of
registry = Registry.discover(third_party=False)
task = build_task(resolve_component(registry, "task", "copy"))
for text in sys.argv[1:]:
    model = build_model(resolve_component(registry, "model", text), task)
    model.draw_weights(7)
    print(text, weights_digest(weights_of(model)))
"""
EXPECTED = {
    "ntm": "9c4fb72cd9980bed4b57995379ada2e0c7fa319eada34326d5feaebdd42b04e1",
    "ntm:memory_init=random": "f925a9f5cb761be507e29d96c0706e32474128544c11fafd40d8d3fc24e0823b",
    "ntm:controller=feedforward": "bcf52ed2d4fe7e3635742004ad6ca85529d32b0199421b20508e18e4e8c46d51",
    "ntm:memory_init=learned": "fbca229432f8c3975969d9da74f0445030069d8de8a47747237bcb49ac1f4c58",
    "dnc": "a24887746c750e74778a2d33d5958c670190f9e60206b82dcbab4939e38f8a0c",
    "sam": "a3484c1e6953f0c8488a2014a33df9926432d4b89d76d0babb6c531a5d1ccf26",
    "sam:memory_init=learned": "9abc7754b0dbfb8759cdb3f9c1f05ebf8506b3155e559014f46efd04dc2eeae6",
    "sam:memory_init=random": "c7b42c7ad0028108a01ed17cadebbce5bafda1de5982ba09728366a2b41ff88f",
    "sdnc": "05e17ca2696d1f32bf675564f79d98f3cd8dfe5de20023f461ba3366ff2053a9",
    "sdnc:memory_init=random": "7268052c81531f0447ccf0fe5f15b9061d35f3136feb412b21980ab9af076f1a",
    "lstm": "bab0ac2882aab9a6b469b01392cca08a9e11732a8bb8be1631b7d8adef228ffe",
    "lstm_matched": "d4511d3f78769c2b77c0b449b2f255ca78d7b0f7128aeb55fdcc70a9142b3490",
}


@pytest.mark.parametrize("instructions", INSTRUCTIONS, ids=lambda given: given["ATEN_CPU_CAPABILITY"])
def test_initial_weights_do_not_depend_on_the_processor(instructions):
    if instructions["ATEN_CPU_CAPABILITY"] not in _usable():
        pytest.skip("this processor has no such instructions")
    words = [sys.executable, "-c", DIGESTS, *EXPECTED]
    done = subprocess.run(words, env=os.environ | instructions, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in done.stdout.splitlines()) == EXPECTED


def _usable():
    known, here = ["default", "avx2", "avx512"], torch.backends.cpu.get_cpu_capability().lower()
    return known[: known.index(here) + 1] if here in known else ["default"]


def test_every_built_in_model_is_among_them():
    assert {spec.name for spec in mann_bench_models()} == {text.partition(":")[0] for text in EXPECTED}
