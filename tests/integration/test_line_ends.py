import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")
def test_a_checkout_with_windows_line_ends_has_the_bytes_that_were_committed(tmp_path):
    """As git for Windows is set up: digests of records, pages and fixtures would be others."""
    clone = ["git", "-c", "core.autocrlf=true", "clone", "--quiet", "--shared", str(ROOT), str(tmp_path / "clone")]
    subprocess.run(clone, check=True)
    told = subprocess.run(
        ["git", "ls-files", "--eol"], cwd=tmp_path / "clone", capture_output=True, text=True, check=True
    )
    changed = [line for line in told.stdout.splitlines() if line.split()[1].endswith(("crlf", "mixed"))]
    assert changed == []
