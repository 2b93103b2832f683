"""Fill the templates of a new plugin in, and write them as a folder that appears whole or not at all."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from mann_bench.core.errors import UsageError
from mann_bench.hookspecs import PLUGIN_API
from mann_bench.scaffold.names import Names
from mann_bench.version import __version__

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".j2"


def render(names: Names) -> dict[Path, str]:
    """Return the text of every file of a new plugin, by its path in the folder.

    A template stands where its file will: under ``templates/``, with ``package`` for the name of the package.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    left_out = [name for name, wanted in {"model.py": names.model, "task.py": names.task}.items() if not wanted]
    files = {}
    for source in sorted(each for each in _TEMPLATES.rglob(f"*{_SUFFIX}")):
        path = source.relative_to(_TEMPLATES).with_suffix("")
        if path.name not in left_out:
            template = environment.get_template(source.relative_to(_TEMPLATES).as_posix())
            parts = (names.package if part == "package" else part for part in path.parts)
            files[Path(*parts)] = template.render(names=names, api=PLUGIN_API, version=__version__)
    return files


def write_project(files: Mapping[Path, str], folder: Path) -> None:
    """Write files below a folder that is not there yet, or is empty; raises UsageError, and then writes nothing.

    They are written beside it under a temporary name first, so that the folder has all of them or does not appear.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} exists, and nothing is overwritten. Choose another name, or a parent with --into.")
    staging = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.tmp")
    try:
        for path, text in files.items():
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        # Over a folder that has been filled meanwhile this fails, too.
        staging.replace(folder)
    except OSError as error:
        raise UsageError(f"cannot write {folder}: {error.strerror}. Choose another parent with --into.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
