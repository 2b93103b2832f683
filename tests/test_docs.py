"""The documentation as `make docs` builds it: the search works from disk, and every command has its reference."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mann_bench.cli.main import cli

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


def subcommands(command: click.Command, path: str, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its path, such as ``mann-bench study run``."""
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from subcommands(command.get_command(context, name), f"{path} {name}", context)


def test_the_search_index_is_a_script(site):
    assert (site / "search/search_index.js").read_text(encoding="utf-8").startswith("var __index = {")


def test_every_page_loads_the_worker_that_searches_from_disk(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        (worker,) = re.findall(r'<script src="([^"]*iframe-worker[^"]*)"', page.read_text(encoding="utf-8"))
        assert page.name == "404.html" or (page.parent / worker).is_file()


def test_no_page_loads_a_script_from_elsewhere(site):
    pages = [page.read_text(encoding="utf-8") for page in site.rglob("*.html")]
    sources = {source for page in pages for source in re.findall(r'src="(.*?)"', page)}
    assert [source for source in sources if source.startswith(("http", "//"))] == []


def test_every_command_and_option_is_in_the_reference(site):
    page = (site / "reference/cli.html").read_text(encoding="utf-8")
    found = list(subcommands(cli, "mann-bench", click.Context(cli)))
    assert len(found) > 20
    for path, command in found:
        assert f"Usage: {path}" in page
        options = [option for each in command.params if isinstance(each, click.Option) for option in each.opts]
        assert [option for option in options if option not in page] == []
