import numpy as np

from mann_bench.execution.memory import peak_memory, reset_peak_memory


def test_the_peak_covers_what_was_freed_again():
    reset_peak_memory("cpu")
    before = peak_memory("cpu")
    block = np.ones(20_000_000)
    del block
    assert peak_memory("cpu") - before > 100_000_000


def test_the_peak_starts_anew():
    block = np.ones(40_000_000)
    high = peak_memory("cpu")
    del block
    reset_peak_memory("cpu")
    assert peak_memory("cpu") < high - 200_000_000
