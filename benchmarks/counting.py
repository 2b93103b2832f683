"""Whether an NTM that copies so many vectors and no more has counted them: what happens if its controller is set back.

While the network puts out row `at`, the state of its LSTM becomes the one that it had at row `to`; memory and heads
stay as they are. One that counts in its LSTM then goes on for about as many rows more.

.venv/bin/python benchmarks/counting.py RUN [--length 60] [--runs runs]
"""

import argparse
from pathlib import Path

import torch
from measuring import print_table

from mann_bench.core.streams import Stream
from mann_bench.execution.restore import Restored, restore
from mann_bench.registry import Registry
from mann_bench.results.store import find_record

SEQUENCES = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="first digits of the key of a run of an NTM on copy")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--length", type=int, default=60)
    given = parser.parse_args()
    torch.set_num_threads(1)
    restored = restore(Registry.discover(), find_record(given.run, given.runs))
    if given.length < 20 or not restored.model.initial_state(1).controller:
        parser.error("the length must be at least 20, the controller an LSTM: there is nothing else to set back")
    print(f"{restored.record.text}, length {given.length}, {SEQUENCES} sequences\n")
    rows = [["not at all", "0", str(last_row(restored, given.length, None))]]
    for at, to in ((15, 10), (15, 5), (20, 10), (20, 5)):
        rows.append([f"at row {at} to row {to}", str(at - to), str(last_row(restored, given.length, (at, to)))])
    print_table(["controller set back", "by rows", "last row that most sequences have right"], rows)


@torch.no_grad()
def last_row(restored: Restored, length: int, back: tuple[int, int] | None) -> int:
    """Return up to which row more than half of the sequences are right in every row."""
    model, batch = restored.model, restored.task.evaluation_batch(Stream.TEST, {"length": length}, SEQUENCES)
    state, logits, kept = model.initial_state(SEQUENCES), [], None
    for step, inputs in enumerate(batch.inputs):
        row = step - length  # the delimiter's is 0
        if back and row == back[1]:
            kept = state.controller
        if back and row == back[0]:
            state = state._replace(controller=kept)
        output, state = model.step(inputs, state)
        logits.append(output)
    right = ((torch.stack(logits) > 0).float() == batch.targets).all(-1)[-length:].float().mean(1) > 0.5
    return length if right.all() else int(right.int().argmin())


if __name__ == "__main__":
    main()
