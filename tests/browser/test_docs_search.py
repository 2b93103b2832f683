import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=True)
    return folder


@pytest.mark.parametrize("page", ["index.html", "reference/cli.html"])
def test_the_search_of_the_documentation_works_from_disk(chromium, site, page):
    context = chromium.new_context()
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    opened = context.new_page()
    opened.goto((site / page).as_uri())
    opened.locator("input[name=query]").first.fill("Kaplan-Meier")
    opened.locator(".md-search-result__item").first.wait_for(timeout=20_000)
    assert "Kaplan-Meier" in opened.locator(".md-search-result__list").inner_text()
    context.close()
