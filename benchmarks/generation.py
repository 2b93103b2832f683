"""How long it takes to draw a training batch of 32 sequences: median of 300 batches, one thread.

.venv/bin/python benchmarks/generation.py
"""

import statistics
import time

from mann_bench.core.sizes import size_text
from mann_bench.core.streams import Stream
from mann_bench.tasks.associative_recall import AssociativeRecall
from mann_bench.tasks.copy import Copy
from mann_bench.tasks.repeat_copy import RepeatCopy

BATCHES = 300
CASES = [
    (Copy(), {"length": 20}),
    (RepeatCopy(), {"length": 10, "repeats": 10}),
    (AssociativeRecall(), {"items": 6}),
]


def main() -> None:
    print(f"{'task':<20}{'size':>8}{'median':>12}{'greatest':>12}")
    for task, size in CASES:
        taken = []
        for index in range(BATCHES):
            started = time.perf_counter()
            task.batch(Stream.TRAIN, index, size, 32)
            taken.append(1e3 * (time.perf_counter() - started))
        row = f"{statistics.median(taken):>9.3f} ms{max(taken):>9.3f} ms"
        print(f"{type(task).__name__:<20}{size_text(size):>8}{row}")


if __name__ == "__main__":
    main()
