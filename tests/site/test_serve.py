import urllib.error
import urllib.request

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.site.serve import site_server


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<p>a site")
    (tmp_path / "secret").write_text("no")
    return tmp_path / "site"


def test_it_answers_from_the_folder(address):
    with urllib.request.urlopen(address) as answer:
        assert (answer.read(), answer.headers["Cache-Control"]) == (b"<p>a site", "no-store")


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret"])
def test_it_answers_from_nowhere_else(address, path):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{address}/{path}")
    assert caught.value.code == 404
    caught.value.close()


def test_it_is_for_this_machine_alone(folder):
    with site_server(folder, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_a_folder_without_a_site_is_an_error(tmp_path):
    with pytest.raises(UsageError, match=r"no index\.html"):
        site_server(tmp_path, 0)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_is_none_is_an_error(folder, port):
    with pytest.raises(UsageError, match="Choose another"):
        site_server(folder, port)


def test_a_port_that_is_taken_is_an_error(folder):
    with site_server(folder, 0) as server, pytest.raises(UsageError, match="cannot be had"):
        site_server(folder, server.server_port)
