"""A seed has the same initial weights of a built-in model under every set of vector instructions."""

import os
import subprocess
import sys

import pytest

from mann_bench.builtin import mann_bench_models

VARIANTS = ["ntm", "ntm:memory_init=random", "ntm:controller=feedforward", "dnc", "lstm", "lstm_matched"]
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
    "ntm:controller=feedforward": "6a5a95a06f3958b83dd9c4715f9e338349af5f97efed89fc6ba693040c6b550c",
    "dnc": "a24887746c750e74778a2d33d5958c670190f9e60206b82dcbab4939e38f8a0c",
    "lstm": "bab0ac2882aab9a6b469b01392cca08a9e11732a8bb8be1631b7d8adef228ffe",
    "lstm_matched": "d4511d3f78769c2b77c0b449b2f255ca78d7b0f7128aeb55fdcc70a9142b3490",
}


@pytest.mark.parametrize("instructions", INSTRUCTIONS, ids=lambda given: given["ATEN_CPU_CAPABILITY"])
def test_initial_weights_do_not_depend_on_the_processor(instructions):
    words = [sys.executable, "-c", DIGESTS, *VARIANTS]
    done = subprocess.run(words, env=os.environ | instructions, capture_output=True, text=True, check=True)
    assert dict(line.split() for line in done.stdout.splitlines()) == EXPECTED


def test_every_built_in_model_is_among_them():
    assert {spec.name for spec in mann_bench_models()} == {text.partition(":")[0] for text in VARIANTS}
