"""Pages of the documentation that are no files of this folder: those of the repository's root, and the reference."""

import importlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from mann_bench.cli.main import cli

ROOT = Path(__file__).parents[1]
ROOT_PAGES = {
    "README.md": "index.md",
    "BENCHMARKS.md": "benchmarks.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
MODULES = ("mann_bench", "mann_bench.testing", "mann_bench.nn")
"""The modules whose names are public."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are generated."""
    pages = {page: moved((ROOT / source).read_text(encoding="utf-8")) for source, page in ROOT_PAGES.items()}
    pages |= {f"reference/{module}.md": reference(module) for module in MODULES}
    pages["reference/cli.md"] = "\n".join(command_line())
    schema = json.loads((ROOT / "docs" / "record.schema.json").read_text(encoding="utf-8"))
    pages["reference/record.md"] = "\n".join(record_page(schema))
    notebook = json.loads((ROOT / "docs" / "notebook.ipynb").read_text(encoding="utf-8"))
    pages["notebook.md"] = "\n\n".join(notebook_page(notebook))
    for path, text in pages.items():
        files.append(File.generated(config, path, content=text))
    return files


def notebook_page(notebook: Mapping[str, Any]) -> Iterator[str]:
    """Yield the blocks of a page that shows a notebook and what its cells show."""
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"])
        yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
        for output in cell.get("outputs", []):
            forms = output.get("data", output)
            html = "".join(forms.get("text/html", forms.get("image/svg+xml", [])))
            yield html or f"```text\n{''.join(forms.get('text/plain', forms.get('text', [])))}\n```"
        if number == 0:
            yield "[The notebook itself](notebook.ipynb){download}"


def moved(text: str) -> str:
    """Return a page of the root with its links as they are from this folder."""
    for source, page in ROOT_PAGES.items():
        text = text.replace(f"]({source})", f"]({page})")
    return re.sub(r'(\]\(|src=")docs/', r"\1", text)


def reference(module: str) -> str:
    """Return the page of a module: what it is, and every name that it exports."""
    loaded = importlib.import_module(module)
    names = [name for name in loaded.__all__ if not name.startswith("__")]
    return "\n\n".join([f"# {module}", loaded.__doc__ or "", *(f"::: {module}.{name}" for name in names)])


def command_line() -> Iterator[str]:
    """Yield the lines of a page with what `--help` prints of the command line and of every subcommand."""
    yield "# Command line\n\nThis page is made from the commands themselves: it shows what each prints with `--help`.\n"
    yield from help_texts(cli, click.Context(cli, info_name="mann-bench", terminal_width=100, **cli.context_settings))


def help_texts(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield a section for a command, then one for each of its subcommands."""
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            subcommand = command.get_command(context, name)
            assert subcommand is not None
            yield from help_texts(subcommand, click.Context(subcommand, parent=context, info_name=name))


def record_page(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a page with every field of a record, by the parts that a record is made of."""
    yield f"# Records\n\n{schema['description']} [As JSON schema](../record.schema.json).\n"
    for name, part in {"Record": schema, **schema["$defs"]}.items():
        yield f"\n## {name}\n\n{'' if part is schema else part.get('description', '')}\n"
        if "enum" in part:
            yield f"One of {', '.join(f'`{value}`' for value in part['enum'])}."
            continue
        yield "| field | type | what it is |\n|---|---|---|"
        for field, about in part["properties"].items():
            kind = type_text(about).replace("|", "\\|")
            yield f"| `{field}` | {kind} | {about.get('description', '')} |"


def type_text(about: Mapping[str, Any]) -> str:
    """Return the type of a field in words, with links to the parts."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in about:
        return " or ".join(type_text(each) for each in about["anyOf"])
    if "prefixItems" in about:
        return ", ".join(type_text(each) for each in about["prefixItems"])
    if about.get("type") == "array":
        return f"list of {type_text(about['items'])}" if "items" in about else "list"
    if about.get("type") == "object" and isinstance(about.get("additionalProperties"), dict):
        return f"{type_text(about['additionalProperties'])} by name"
    return re.sub("^null$", "none", str(about.get("type") or about.get("const") or "any"))
