"""What `--help` shows of every command."""

import re

import click
import pytest
from test_docs import subcommands
from test_readme import commands, parse

from mann_bench.cli.main import cli

FOUND = [(path, command) for path, command in subcommands(cli, "mann-bench", click.Context(cli))]
LEAVES = [(path, command) for path, command in FOUND if not isinstance(command, click.Group)]


def help_of(path, command):
    return command.get_help(click.Context(command, info_name=path, terminal_width=80))


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[path for path, _ in LEAVES])
def test_every_command_has_examples_of_itself_that_parse(path, command):
    shown = help_of(path, command).partition("Examples:\n")[2]
    found = re.findall(r"^ +mann-bench", shown, re.M)
    examples = list(commands(re.sub("^ +", "    ", shown, flags=re.M)))
    assert len(examples) == len(found) > 0
    for words in examples:
        assert f"mann-bench {' '.join(words)}".startswith(path)
        parse(cli, words)


@pytest.mark.parametrize(("path", "command"), FOUND, ids=[path for path, _ in FOUND])
def test_help_fits_eighty_columns(path, command):
    assert [line for line in help_of(path, command).splitlines() if len(line) > 80] == []
