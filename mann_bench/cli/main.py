"""Entry point of the command line: finds the subcommand, turns errors into words and exit codes."""

import functools
import gc
import importlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import click

from mann_bench.cli.streams import settle_streams
from mann_bench.core.errors import MannBenchError
from mann_bench.core.message_text import printable
from mann_bench.training.interruption import sigterm_interrupts
from mann_bench.version import __version__

INTERRUPTED = 130

_COMMANDS = {
    "run": "Train models on tasks over seeds and print the tables.",
    "study": "Run a study and check its claims: list, show, run, status, check, power.",
    "tune": "Choose the learning rate of each model of a study, on seeds kept for tuning.",
    "merge": "Copy the records of several folders into one.",
    "report": "Print the tables of finished runs, and draw their figures.",
    "leaderboard": "Submit runs to a leaderboard, check entries and build the pages.",
    "reproduce": "Repeat runs of a leaderboard and compare the results.",
    "trace": "Show what the memory of a trained model does during one test sequence.",
    "list": "List models, tasks, protocols, syllabuses, studies or executors.",
    "show": "Explain one model, task, protocol, syllabus or executor and its options.",
    "plugins": "List the installed plugins, and why some were not loaded.",
    "plugin": "Create a plugin of your own and check it: new, check.",
    "sync": "Send records to Weights & Biases that were not sent before.",
    "doctor": "Check the installation: versions, compiler, GPU, plugins.",
}


class _LazyGroup(click.Group):
    """Knows all subcommands by name and summary; imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"mann_bench.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Each command has examples: mann-bench run --help.",
)
@click.version_option(__version__, prog_name="mann-bench")
@click.option("--no-plugins", is_flag=True, help="Do not load third-party plugins.")
@click.pass_context
def cli(context: click.Context, no_plugins: bool) -> None:
    """Benchmark memory-augmented neural networks.

    It measures, over several seeds, how fast a model learns a task and how well it works on longer sequences.
    """
    context.obj = not no_plugins


def main() -> None:
    """Run the command line and exit with its code; SIGTERM ends it as Ctrl-C does."""
    settle_streams()
    warnings.showwarning = functools.partial(_show_warning, warnings.showwarning)
    with sigterm_interrupts():
        code = invoke(sys.argv[1:])
    gc.freeze()  # the process ends: a last search for garbage in all that torch brings takes longer than many a command
    sys.exit(code)


def _show_warning(others: Callable[..., None], message: Warning | str, category: type[Warning], *place: Any) -> None:
    """Show what a plugin did as a message of ours; everything else as Python does."""
    from mann_bench.core.plugin_code import PluginWarning

    if issubclass(category, PluginWarning):
        click.echo(f"Warning: {printable(str(message))}", err=True)
    else:
        others(message, category, *place)


def invoke(arguments: list[str]) -> int:
    """Run the command line on `arguments`; return the exit code."""
    try:
        code = cli.main(arguments, prog_name="mann-bench", standalone_mode=False)
    except MannBenchError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted. Finished runs keep their records. Give the same command again to continue.", err=True)
        return INTERRUPTED
    return code if isinstance(code, int) else 0
