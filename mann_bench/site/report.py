"""The page of a user's own runs: one file, with all that it needs inside."""

from collections.abc import Sequence

from mann_bench.analysis.cells import Cell
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.tables.probe import probe_table
from mann_bench.site.assets import inline_assets
from mann_bench.site.columns import columns, folded
from mann_bench.site.pages import page, run_facts, sheet_pairs
from mann_bench.site.sheet import own_sheet
from mann_bench.site.task_charts import task_sections
from mann_bench.site.views import cell_view


def report_page(cells: Sequence[Cell]) -> bytes:
    """Return one HTML file with the table, the charts and the runs of `cells`; it loads nothing from elsewhere.

    Args:
        cells: one or more, as of `mann_bench.analysis.cells.cells`; the same cells give the same bytes.

    Raises:
        ValueError: there are none.
    """
    if not cells:
        raise ValueError("a report needs one record or more")
    sheet, probe = own_sheet(cells), probe_table(cells)
    tasks = task_sections(sheet)
    views = [cell_view(line, number) for number, line in enumerate(sheet.lines)]
    shown, equal = folded(sheet.rows, columns(sheet.rows, named=False))
    return page(
        "report.html", inline_assets(), sheet=sheet, facts=run_facts(sheet), columns=shown, equal=equal,
        pairs=sheet_pairs(sheet), task_sections=tasks, views=views,
        sections=[*tasks, *(view.section for view in views)],
        tables=[*([probe] if probe else []), *generalization_tables(cells)],
    )  # fmt: skip
