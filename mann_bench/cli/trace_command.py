"""``mann-bench trace``: what the memory of a trained model does during one test sequence."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mann_bench.cli.parameters import PathType, examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.core.runs import short_key

if TYPE_CHECKING:
    import numpy as np

    from mann_bench.core.sizes import Size


@click.command(
    epilog=examples(
        "mann-bench trace 0d25f676c3d8",
        "mann-bench trace 0d25f676c3d8 --length 40 --out traces",
        "mann-bench trace 0d25f676c3d8 --size length=10,repeats=3",
    )
)
@click.argument("run")
@click.option("--length", type=click.IntRange(min=1), help="Length of the sequence (the first number of its size).")
@click.option(
    "--size", "size_given", default="",
    help="Size of the sequence, if it has several numbers, such as length=10,repeats=3.",
)  # fmt: skip
@click.option("--index", default=0, show_default=True, type=click.IntRange(min=0), help="Number of the test sequence.")
@click.option(
    "--runs", default="runs", show_default=True, type=PathType(file_okay=False),
    help="Folder of the records, if RUN is a run key.",
)  # fmt: skip
@click.option(
    "--out", default=".", show_default=True, type=PathType(file_okay=False),
    help="Folder for the two files.",
)  # fmt: skip
@click.pass_context
def command(
    context: click.Context, run: str, length: int | None, size_given: str, index: int, runs: Path, out: Path
) -> None:
    """Let the trained model of RUN process one test sequence, and write what its memory did.

    RUN is the folder of a run, or the first digits of its run key. The command writes two files: the arrays as .npz
    and a figure as .png. By default the sequence has the largest size that the model was trained on.
    """
    from mann_bench.core.sizes import size_text
    from mann_bench.execution.restore import restore
    from mann_bench.execution.trace import trace_sequence
    from mann_bench.reporting.trace_figure import trace_figure
    from mann_bench.results.files import write_output
    from mann_bench.results.store import Store, find_record

    restored = restore(registry_of(context), find_record(run, runs))
    record, metric = restored.record, restored.record.convergence.metric
    size = _size(restored.task.training_sizes()[-1], length, size_given)
    arrays, scores = trace_sequence(restored, size, index)
    name = "-".join([f"trace-{short_key(record.key)}", *(f"{key}-{value}" for key, value in size.items())])
    title = f"{record.text}, {', '.join(size)} {size_text(size)}"
    files = {out / f"{name}.npz": _npz(arrays), out / f"{name}.png": trace_figure(title, arrays)}
    Store(out).prepare()
    write_output("the trace", out, files)
    say(f"{title}: {metric} {scores[metric]:g}")
    for file in files:
        say(str(file))


def _size(largest: "Size", length: int | None, given: str) -> "Size":
    from mann_bench.core.errors import UsageError
    from mann_bench.core.variants import Variant

    size = dict(largest)
    if length is not None:
        size[next(iter(size))] = length
    for name, text in (Variant.parse(f"size:{given}").given if given else {}).items():
        if name not in size or not text.isdecimal() or int(text) < 1:
            known = ", ".join(f"{key}=NUMBER" for key in size)
            raise UsageError(f"--size {given!r}: expected {known} with numbers from 1 up.")
        size[name] = int(text)
    return size


def _npz(arrays: "Mapping[str, np.ndarray[Any, np.dtype[Any]]]") -> bytes:
    import io

    import numpy as np

    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()
