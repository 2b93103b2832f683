"""Execute the cells of docs/notebook.ipynb and write it with what they show: `make results`.

It does what Jupyter does with such cells, without its kernels: the value of the last line is shown as text, as HTML
where it has such a form, and a figure as SVG.
"""

import ast
import contextlib
import io
import json
import os
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mann_bench.reporting.pictures import plain_settings, svg

FILE = Path(__file__).with_name("notebook.ipynb")


def executed() -> str:
    """Return the notebook as it is once every cell has been executed, in the folder of the notebook."""
    notebook, names = json.loads(FILE.read_text(encoding="utf-8")), dict[str, Any]()
    before = Path.cwd()
    os.chdir(FILE.parent)
    try:
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        for number, cell in enumerate(code, start=1):
            cell["execution_count"], cell["outputs"] = number, list(_outputs("".join(cell["source"]), names, number))
    finally:
        os.chdir(before)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _outputs(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    *body, last = ast.parse(source).body
    shows, value = isinstance(last, ast.Expr), None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body if shows else [*body, last], []), FILE.name, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), FILE.name, "eval"), names)
    made: list[dict[str, Any]] = []
    if text := printed.getvalue():
        made.append({"name": "stdout", "output_type": "stream", "text": _lines(text)})
    if value is not None:
        made.append({"data": _forms(value), "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return made


def _forms(value: Any) -> dict[str, list[str]]:
    if isinstance(value, Figure):
        with plain_settings():
            return {"image/svg+xml": _lines(svg(value).decode()), "text/plain": ["a figure"]}
    html = {"text/html": _lines(value._repr_html_())} if hasattr(value, "_repr_html_") else {}
    return html | {"text/plain": _lines(repr(value))}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    FILE.write_text(executed(), encoding="utf-8")
