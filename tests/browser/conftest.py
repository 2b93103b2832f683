"""A real Chromium, driven by playwright; what a page does wrong in it fails the test that opened it."""

import shutil
from pathlib import Path

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.leaderboard.schema import Badge
from mann_bench.site.board import Board
from mann_bench.site.build import build_site
from mann_bench.site.report import report_page
from mann_bench.statistics.interval import Interval
from mann_bench.statistics.medians import METHOD
from mann_bench.studies.claims import ClaimResult, Verdict
from mann_bench.studies.measurement import Measurement
from mann_bench.studies.schema import Claim

_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
HOSTILE = "</script><script>document.title='broken'</script><style>*{display:none}</style>\u202e" + "W" * 5_000


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=program, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def boards(make_record, make_trace, make_loaded):
    """Return a study of four entries on two tasks, one of them hostile, one with a trace."""

    def entry(identifier, at, badge, model="ntm", task="copy", name=None, **texts):
        records = [make_record(model, task, seed, step) for seed, step in enumerate(at)]
        traces = [make_trace(records[0])] if identifier == "other" else []
        return make_loaded(identifier, records, traces, badge, name=name or identifier.title(), **texts)

    entries = [
        entry("fast", [400, 600, 400, 600, 400, 800, 400, 600], Badge.SPOT_CHECKED, note="From one machine."),
        entry("slow", [4_000, 6_000, 5_000, 4_000, None, None, 5_000, 6_000], Badge.REPORTED, "lstm:layers=2"),
        entry("other", [800, 1_000, 1_200], Badge.RECOMPUTED, "dnc", "repeat_copy", url="https://example.org/x"),
        entry("bad", [2_000] * 8, Badge.REPORTED, name=HOSTILE, note=HOSTILE, url="javascript:document.title='broken'"),
    ]
    about = {"statement": "It is so.", "metric": "convergence", "model": "ntm", "tasks": ["copy"]}
    measured = Measurement(2.0, 2.0, Interval(1.0, 3.0, METHOD, 0.992, 8))
    claims = [
        ClaimResult(Claim(name=f"claim-{n}", published=2.0, at_least=1.0, at_most=3.0, **about), measured, 8, verdict)
        for n, verdict in enumerate(Verdict)
    ]
    return [Board("study", "A study.", "Who 2018, https://example.org/paper", entries, claims)]


@pytest.fixture(scope="session")
def folder(tmp_path_factory, boards):
    """Return a folder with the site, and beside it a report."""
    root = tmp_path_factory.mktemp("site")
    report = report_page(cells([record for entry in boards[0].entries for record in entry.records]))
    for path, content in {**build_site(boards), "report.html": report}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


@pytest.fixture
def visit(chromium, folder):
    """Return a function that opens a page of the site from disk, in a window of its own.

    At the end no window may have had an error or a warning, or asked for anything outside the site.
    """
    opened, faults = [], []

    def open_window(path, **settings):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | settings)
        page, requests = context.new_page(), []
        page.set_default_timeout(10_000)
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{folder.as_uri()}/{path}")
        opened.append((context, requests))
        return page

    yield open_window
    for context, requests in opened:
        context.close()
        assert [url for url in requests if not url.startswith((folder.as_uri(), "blob:", "data:"))] == []
    assert faults == []


@pytest.fixture(scope="session")
def axe():
    """Return the source of axe-core."""
    return (Path(__file__).parent / "axe-4.14.1.min.js").read_text()
