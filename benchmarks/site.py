"""How long a leaderboard site of many entries takes to build, how large its pages are and how soon one is painted.

.venv/bin/python benchmarks/site.py [ENTRIES] [SEEDS] [CELLS]

Entries of ten seeds and three cells, 300 of them by default, made of the committed ones with other scores: an entry has
one model on CELLS of their three tasks, and each run twice. The paint is that of Chromium, where it and playwright are
installed.
"""

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from made_up import again, committed_cells, committed_entries, varied

from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.leaderboard.schema import RunReference
from mann_bench.site.board import Board
from mann_bench.site.build import build_site

SEEDS = 10
CELLS = 3
MODELS = 6
"""Of each task, one after the other among the committed cells."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS
    cells = int(sys.argv[3]) if len(sys.argv) > 3 else CELLS
    board = Board("study", "Many entries.", None, list(entries(count, seeds, cells)), [])
    started, computing = time.perf_counter(), time.process_time()
    site = build_site([board])
    computing = time.process_time() - computing
    print(
        f"{count} entries of {cells} cells of {seeds} seeds: built in {time.perf_counter() - started:.1f} s, "
        f"{computing:.1f} s of it computing, {len(site)} files"
    )
    pages = {path: len(content) for path, content in site.items() if path.endswith(".html")}
    scripts = sum(len(content) for path, content in site.items() if path.startswith("assets/"))
    print(f"page of the study: {pages['study/index.html'] / 1e6:.2f} MB, and {scripts / 1e6:.2f} MB of shared assets")
    print(f"largest page: {max(pages, key=pages.__getitem__)}, {max(pages.values()) / 1e6:.2f} MB")
    for page, seconds in painted(site, ["index.html", "study/index.html"]):
        print(f"first contentful paint of {page}: {seconds:.2f} s")


def entries(count: int, seeds: int, cells: int) -> Iterator[LoadedEntry]:
    found, entry = [cell.records for cell in committed_cells()], committed_entries()[0].entry
    for number in range(count):
        records = [
            varied(
                again(found[number % MODELS + MODELS * task], seed, CELLS * number + task),
                1 + number / count + seed / 7,
            )
            for task in range(cells)
            for seed in range(seeds)
        ]
        runs = [RunReference(key=record.key, sha256=record.key, weights_sha256=None) for record in records]
        given = entry.model_copy(update={"name": f"Entry {number}", "runs": runs})
        yield LoadedEntry(Path(f"entry-{number}"), given, records, [])


def painted(site: dict[str, bytes], pages: Sequence[str]) -> Iterator[tuple[str, float]]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("first contentful paint: not measured, there is no Chromium here")
        return
    with contextlib.suppress(ImportError), tempfile.TemporaryDirectory() as folder:
        from playwright.sync_api import sync_playwright

        for path, content in site.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content)
        with sync_playwright() as running:
            browser = running.chromium.launch(executable_path=program, args=FLAGS)
            for name in pages:
                page = browser.new_page()
                page.goto((Path(folder) / name).as_uri())
                page.wait_for_timeout(2_000)
                yield name, page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1e3


if __name__ == "__main__":
    main()
