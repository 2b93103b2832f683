"""What several subcommands share: the registry, names that complete, and the options of those that train."""

import dataclasses
import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from click.shell_completion import CompletionItem

from mann_bench.cli.problems import say
from mann_bench.core.backends import AUTO, BACKEND_CHOICES
from mann_bench.core.machine import usable_cores
from mann_bench.core.message_text import counted
from mann_bench.core.variants import Variant
from mann_bench.registry import Registry

Kind = Literal["models", "tasks", "protocols", "syllabuses", "studies", "executors"]


def registry_of(context: click.Context) -> Registry:
    """Return the registry, without third parties under ``--no-plugins``."""
    return Registry.discover(third_party=bool(context.find_root().obj))


class VariantType(click.ParamType):  # type: ignore[type-arg]
    """A variant; completes the names of one kind."""

    name = "variant"

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Leave the text as it is: it is parsed where the registry is known."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names that begin with what was typed."""
        registry = Registry.discover()
        names = sorted(name for kind in self.kinds for name in getattr(registry, kind))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def given_once(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> str:
    """Return the value of an option that chooses runs; fails where it is given twice, of which click drops the first.

    The option is declared as `multiple`.
    """
    if len(values) > 1:
        raise click.BadParameter(f"given {len(values)} times: {', '.join(values)}. Expected one.", context, option)
    return values[0]


class PathType(click.Path):
    """A path that is not empty. It expands ``~``, since shells do not expand it in ``--out=~/runs``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(path_type=Path, **options)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path; fails where there is none."""
        text = os.fspath(value)
        if not text:
            self.fail("expected a path, not an empty text. The current folder is '.'.", param, ctx)
        if text.startswith("~"):
            try:
                text = str(Path(text).expanduser())
            except RuntimeError:
                self.fail(f"{text!r}: there is no such user. A folder of that name here is './{text}'.", param, ctx)
        return super().convert(text, param, ctx)


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy, one a line."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


out_option = click.option(
    "--out", default="runs", show_default=True, type=PathType(file_okay=False),
    help="Folder for the records.",
)  # fmt: skip
tuned_option = click.option(
    "--tuned", metavar="FILE", type=PathType(dir_okay=False),
    help="File of mann-bench tune; each model has the learning rate there for each task.",
)  # fmt: skip
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1),
    help="Number of runs at the same time, with the executor local.  [default: one for each core]",
)  # fmt: skip
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True,
    help="Threads of each run. More than one helps only if there are fewer runs than cores.",
)  # fmt: skip
device_option = click.option(
    "--device", default="auto", show_default=True, type=click.Choice(["auto", "cpu", "cuda"]),
    help="Device to train on; auto takes a GPU if there is one.",
)  # fmt: skip


@dataclass(frozen=True)
class ExecutionOptions:
    """The options of `execution_options`, as the user typed them."""

    out: Path
    executor: str
    jobs: int | None
    threads: int
    device: str
    backend: str
    wandb: str | None
    as_json: bool
    dry_run: bool
    fresh: bool
    shard: str | None
    checkpoint_every: float


_EXECUTION_OPTIONS = [
    out_option,
    click.option(
        "--executor", default="local", show_default=True, type=VariantType("executors"),
        help="What executes the runs: this machine, or a plugin such as slurm:partition=cpu.",
    ),
    jobs_option,
    threads_option,
    device_option,
    click.option(
        "--backend", default=AUTO, show_default=True, type=click.Choice(BACKEND_CHOICES),
        help="How to compute recurrent models: plain PyTorch (eager), torch.compile, or C++ (native). "
        "The results agree up to rounding.",
    ),
    click.option(
        "--wandb", type=click.Choice(["online", "offline", "disabled"]),
        help="Whether to send runs to Weights & Biases.  [default: online if you are logged in, else offline]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print each record as a line of JSON on stdout."),
    click.option("--dry-run", is_flag=True, help="Print what would run, and do nothing."),
    click.option("--fresh", is_flag=True, help="Train all runs from the start, even those that have a record."),
    click.option("--shard", metavar="K/N", help="Do only the K-th of N equal parts of the runs, such as 2/8."),
    click.option(
        "--checkpoint-every", metavar="SECONDS", default=60.0, show_default=True, type=click.FloatRange(min=0),
        help="Time between checkpoints, from which an interrupted run continues; 0 writes none.",
    ),
]  # fmt: skip


def execution_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a subcommand the options of those that train; it gets them together, as ``options``."""

    @functools.wraps(command)
    def gathered(*arguments: Any, **given: Any) -> int:
        names = [field.name for field in dataclasses.fields(ExecutionOptions)]
        options = ExecutionOptions(**{name: given.pop(name) for name in names})
        return command(*arguments, options=options, **given)

    return functools.reduce(lambda decorated, option: option(decorated), reversed(_EXECUTION_OPTIONS), gathered)


def say_begins(runs: int, what: str) -> None:
    """Say what is about to be done, before torch is imported: that takes seconds."""
    say(f"{counted(runs, 'run')} asked for: {what}. Loading torch ...", err=True)


def expect_runs(options: ExecutionOptions, runs: int) -> None:
    """Begin with what takes long before that many runs are trained, before anything imports torch.

    Where there may be several workers, their server begins to import. Where runs are mirrored, wandb is imported.
    """
    if options.dry_run:
        return
    local = Variant.parse(options.executor).name == "local" and options.device != "cuda"
    if local and min(runs, options.jobs or usable_cores() // options.threads) > 1:
        from mann_bench.execution.processes import start_server

        start_server()
    from mann_bench.reporting.wandb_mirror import default_mode, import_wandb

    if (options.wandb or default_mode()) != "disabled":
        import_wandb()
