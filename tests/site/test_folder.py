"""A site is replaced whole, and nothing else is in its place."""

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.site.folder import write_pages

PAGE = b'<meta name="generator" content="mann-bench">'


def test_a_site_is_replaced_whole(tmp_path):
    site = tmp_path / "deep" / "site"
    write_pages({"index.html": PAGE, "study/index.html": PAGE, "study/gone/index.html": PAGE}, site)
    write_pages({"index.html": PAGE + b"new", "study/index.html": PAGE + b"new"}, site)
    files = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file())
    assert files == ["index.html", "study/index.html"]
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "index.html").write_text("somebody's own")
    with pytest.raises(UsageError, match="something else"):
        write_pages({"index.html": PAGE}, tmp_path)
    assert (tmp_path / "index.html").read_text() == "somebody's own"


def test_a_board_is_never_taken_down(tmp_path):
    site = tmp_path / "site"
    write_pages({"index.html": PAGE, "one/index.html": PAGE, "two/index.html": PAGE}, site)
    with pytest.raises(UsageError, match="boards that no entry is there for: two"):
        write_pages({"index.html": PAGE, "one/index.html": PAGE}, site)
    assert (site / "two/index.html").exists()


@pytest.mark.parametrize("own", ["CNAME", "notes/index.html"])
def test_what_somebody_put_beside_the_pages_is_left_alone(tmp_path, own):
    site = tmp_path / "site"
    write_pages({"index.html": PAGE, "assets/site.css": b"", "one/index.html": PAGE, own: b"mine"}, site)
    with pytest.raises(UsageError, match=f"{own.partition('/')[0]} is something else"):
        write_pages({"index.html": PAGE, "one/index.html": PAGE}, site)
    assert (site / own).read_bytes() == b"mine"


def test_a_file_in_the_place_of_the_site_is_left_alone(tmp_path):
    (tmp_path / "site").write_text("mine")
    with pytest.raises(UsageError, match="something else"):
        write_pages({"index.html": PAGE}, tmp_path / "site")
