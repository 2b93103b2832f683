import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.data import figure_data, to_json
from mann_bench.reporting.figures.files import figure_files, figures


@pytest.fixture(scope="module")
def records(make_record, make_failed_record):
    rows = [{"size": {"length": 20}, "sequences": 64, "scores": {"bit_errors": 1.0, "sequence_accuracy": 0.5}}]
    probed = make_record(probe=[{"step": 200, "rows": rows}])
    return [probed, make_record(seed=1, converged_at=None), make_failed_record(seed=2)]


@pytest.fixture(scope="module")
def files(records):
    return figure_files(cells(records))


def test_each_figure_is_written_as_svg_and_png_and_last_the_data_of_all(records, files):
    stems = ["learning-copy", "solve-copy", "length-copy", "cost-copy", "probe-copy-ntm"]
    assert list(figures(cells(records))) == stems
    names = [f"{stem}.{form}" for stem in stems for form in ("svg", "png")]
    assert list(files) == [*names, "figures.json"]


def test_the_files_are_what_their_names_say(records, files):
    for name, content in files.items():
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG\r\n\x1a\n")
        elif name.endswith(".svg"):
            assert ET.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
    assert files["figures.json"].decode() == to_json(figure_data(cells(records)))
    assert list(json.loads(files["figures.json"])) == list(figures(cells(records)))


def test_the_same_records_in_another_order_give_the_same_bytes(records, files):
    assert files == figure_files(cells(records[::-1]))


def test_the_users_settings_change_nothing_and_are_left_alone(records, files):
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert figure_files(cells(records)) == files
        assert mpl.rcParams["font.size"] == 20


def test_no_file_bears_a_date(files):
    assert not any(b"<dc:date>" in content or b"tIME" in content for content in files.values())


def test_without_records_there_is_the_empty_data_alone():
    assert figure_files(cells([])) == {"figures.json": b"{}\n"}


def test_the_data_is_made_without_matplotlib():
    script = "import sys, mann_bench.analysis.curves.data; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
