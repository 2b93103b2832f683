"""Do what docs/plugins.md says, in an environment that has mann-bench and nothing of a plugin.

    python tests/afternoon.py build/wheel/venv [--write]

The page is the script: each block ``sh`` is run, line by line, and each block with a ``title`` is written to the file
of that name. A command that fails ends it. ``--write`` keeps the transcript, in docs/plugins-transcript.txt.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[1] / "docs"
PAGE, TRANSCRIPT = DOCS / "plugins.md", DOCS / "plugins-transcript.txt"
_BLOCK = re.compile(r'^```(?P<language>\w+)(?: title="(?P<file>[^"]+)")?\n(?P<text>.*?)^```$', re.MULTILINE | re.DOTALL)


_EXPECTED = {
    "mann-bench plugin new": r"^acme-memory/pyproject.toml$",
    "python -m pip install": "",
    "mann-bench plugins": r"^acme-memory +acme-memory 0.1.0 +loaded +acme_memory$",
    "mann-bench plugin check": r"\bcausal +passed",
    "python -m pytest": r"^\d+ passed",
    "mann-bench run": r"^4 runs",
    "mann-bench report": r"^\| copy\S* +\| acme_memory ",
}
"""What each command has to print, by how it begins."""


class Step(NamedTuple):
    """A command to run, or a text to write to `file`."""

    text: str
    file: str | None = None


def steps(page: str) -> Iterator[Step]:
    """Yield what a page says to do, in order."""
    for block in _BLOCK.finditer(page):
        if block["file"]:
            yield Step(block["text"], block["file"])
        elif block["language"] == "sh":
            yield from map(Step, block["text"].splitlines())


def do(step: Step, folder: Path, environment: dict[str, str]) -> str:
    """Do a step in `folder` and return what it printed; raises SystemExit where it fails."""
    if step.file:
        target = folder / step.file
        if not target.exists():
            sys.exit(f"{step.file} is to be replaced, but is not there")
        target.write_text(step.text, encoding="utf-8")
        return ""
    done = subprocess.run(
        ["bash", "-c", step.text], cwd=folder, env=environment, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{step.text}\n{done.stdout}\nexit code {done.returncode}")
    return done.stdout


def normalised(text: str, folder: Path) -> str:
    """Return a transcript without what differs between two machines.

    That is colours, folders, times, progress on the way, and what pip says of where it looks.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).replace(str(folder), "~")
    text = re.sub(r"\b\d+(\.\d+)?( ?)(ms|s|seconds|MiB)\b", r"N\2\3", text)
    text = re.sub(r"^(.*: step \d+/\d+, .*|WARNING: Location .*)\n", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def check(command: str, out: str) -> None:
    """Exit where a command did not print what is expected of it."""
    (pattern,) = [pattern for start, pattern in _EXPECTED.items() if f"{command} ".startswith(f"{start} ")]
    if not re.search(pattern, out, re.MULTILINE):
        sys.exit(f"{command}\nwas to print {pattern!r}")


def main(arguments: list[str]) -> None:
    """Do all steps of the page."""
    binaries = Path(arguments[0]).resolve() / "bin"
    settings = {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "120", "NO_COLOR": "1"}
    settings["PIP_CONSTRAINT"] = str(DOCS.parent / "constraints.txt")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MANN_BENCH"))} | settings
    transcript = []
    with tempfile.TemporaryDirectory(prefix="afternoon-") as temporary:
        folder = Path(temporary)
        for step in steps(PAGE.read_text(encoding="utf-8")):
            shown = f"[{step.file} as on the page]\n" if step.file else f"$ {step.text}\n"
            print(shown, end="", flush=True)
            out = do(step, folder, environment)
            print(out, flush=True)
            if not step.file:
                check(step.text, out)
            transcript.append(normalised(shown + out, folder))
    if "--write" in arguments:
        TRANSCRIPT.write_text("\n".join(transcript), encoding="utf-8")
    print("the afternoon is over")


if __name__ == "__main__":
    main(sys.argv[1:])
