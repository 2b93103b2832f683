"""Charts as the script of a page reads them: what recurs stands once, and what is left at its default nowhere."""

from collections.abc import Iterable, Sequence
from typing import Any

from markupsafe import Markup

from mann_bench.site.chart import Chart, Section, Series
from mann_bench.site.safe_text import embedded

DIGITS = 4
"""Significant digits of the numbers of charts, as many as the page shows of them."""

_OfLists = dict[tuple[Any, ...], int]


def chart_data(sections: Iterable[Section]) -> Markup:
    """Return charts for a script element that is never run.

    A section names its lines once: ``[row, label, style]``. A series is ``[line, x, y, low, high, hollow, marks,
    bold]`` without the defaults at its end. Its line is a place among those of the section; each list of numbers or
    categories is a place among the lists of the page.
    """
    lists: _OfLists = {}
    packed = [_section(section, lists) for section in sections]
    return embedded({"lists": list(lists), "sections": packed}, DIGITS)


def _section(section: Section, lists: _OfLists) -> dict[str, Any]:
    lines = list(dict.fromkeys(_line(series) for chart in section.charts for series in chart.series))
    places = {line: place for place, line in enumerate(lines)}
    charts = [_chart(chart, [_series(series, places[_line(series)], lists) for series in chart.series])
              for chart in section.charts]  # fmt: skip
    return {"name": section.name, "lines": lines, "charts": charts}


def _line(series: Series) -> tuple[int | None, str, int]:
    return series.row, series.label, series.style


def _chart(chart: Chart, series: Sequence[list[int | bool | None]]) -> dict[str, Any]:
    return {name: value for name, value in chart._asdict().items() if name != "note"} | {"series": series}


def _series(series: Series, line: int, lists: _OfLists) -> list[int | bool | None]:
    found = (series.x, series.y, series.low, series.high, series.hollow or None, series.marks)
    places = [None if each is None else lists.setdefault(each, len(lists)) for each in found]
    packed = [line, *places, series.bold or None]
    while packed[-1] is None:
        del packed[-1]
    return packed
