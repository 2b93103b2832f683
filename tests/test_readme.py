"""The examples of README and docs run, and the commands in them exist."""

import re
import shlex
from pathlib import Path

import click
import pytest
import torch

from mann_bench.cli.main import cli

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text):
    """Yield the words of each line of code that calls mann-bench; a backslash joins it with the next line."""
    text = text.replace("\\\n", " ")
    fenced = "".join(re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    for line in [*re.findall(r"^ {4}(mann-bench .*)", text, re.MULTILINE), *fenced.splitlines()]:
        words = shlex.split(line, comments=True)
        if words[:1] == ["mann-bench"]:
            yield ["." if word == "FOLDER" else word for word in words[1:]]


def parse(command, words):
    """Parse `words` as the command line does, down to the subcommand, and call nothing; raises click.UsageError."""
    context = command.make_context(command.name, list(words))
    if isinstance(command, click.Group):
        _, subcommand, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        parse(subcommand, rest)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_is_one_of_the_command_line(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for words in commands(page.read_text(encoding="utf-8")):
        parse(cli, words)


def test_the_readme_has_commands_to_parse():
    assert len(list(commands((ROOT / "README.md").read_text(encoding="utf-8")))) >= 5


def test_an_option_that_does_not_exist_is_noticed():
    with pytest.raises(click.UsageError):
        parse(cli, ["run", "--modell", "ntm"])


def test_the_readme_says_how_to_activate_the_environment_before_it_calls_the_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.index("source .venv/bin/activate") < text.index("    mann-bench ")


def test_every_page_that_the_readme_names_is_there():
    links = re.findall(r"\]\(([\w./-]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_layer_of_the_python_page_learns():
    page = (ROOT / "docs/python.md").read_text(encoding="utf-8")
    (example,) = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "nn import NTM" in code]
    torch.manual_seed(0)
    names = {}
    exec(compile(example, "python.md", "exec"), names)
    assert names["loss"].item() < 0.35  # ln 2 = 0.69 is chance
