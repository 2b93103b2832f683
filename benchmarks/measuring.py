"""What the benchmarks share: measuring side by side, and printing tables."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch


def interleaved(
    functions: Mapping[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, list[float]]:
    """Call the functions in turn, `rounds` times over; return the seconds of each call. Neighbours hit all alike."""
    for function in functions.values():
        function()  # what is loaded, built or allocated late is not measured
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            started = clock()
            function()
            seconds[name].append(clock() - started)
    return seconds


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return ``median [least to greatest]``."""
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), statistics.median(values), max(values)))
    return f"{middle} [{low} to {high}]"


def quartiles(values: Sequence[float], digits: int = 0) -> str:
    """Return ``median [lower to upper quartile]``, of one value itself."""
    if len(values) == 1:
        return f"{values[0]:,.{digits}f}"
    low, middle, high = (f"{value:,.{digits}f}" for value in statistics.quantiles(values, n=4, method="inclusive"))
    return f"{middle} [{low} to {high}]"


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    lines = [columns, ["-" * width for width in widths], *rows]
    padded = ([f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)] for row in lines)
    return "".join(f"| {' | '.join(row)} |\n" for row in padded)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(markdown_table(columns, rows), flush=True)


def multiply_add_rate(threads: int) -> float:
    """Return the best sustained rate of float32 multiply-adds, in GFLOP/s, over some matrix products."""
    torch.set_num_threads(threads)
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = min(interleaved({"product": lambda: a @ b}, 20)["product"])
    return 2 * 1024**3 / best / 1e9


def copy_bandwidth(threads: int, megabytes: int) -> float:
    """Return the best rate of copying that many megabytes, read and write counted, in GB/s."""
    torch.set_num_threads(threads)
    source, target = torch.ones(megabytes * 2**18), torch.empty(megabytes * 2**18)
    best = min(interleaved({"copy": lambda: target.copy_(source)}, 20)["copy"])
    return 2 * source.nbytes / best / 1e9
