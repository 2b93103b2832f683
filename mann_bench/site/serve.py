"""Look at a site on one's own machine."""

import functools
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mann_bench.core.errors import UsageError

HOST = "127.0.0.1"


class _Handler(SimpleHTTPRequestHandler):
    """Answers from a folder; nothing is kept by the browser, so that a rebuilt site shows."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def site_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the files below `folder`, for this machine alone; port 0 is any that is free.

    Its `serve_forever` answers until its `shutdown`; it is a context manager.

    Raises:
        UsageError: the folder has no index.html, or the port cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise UsageError(f"{folder} holds no site: it has no index.html. Build one there first.")
    try:
        return ThreadingHTTPServer((HOST, port), functools.partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        raise UsageError(f"port {port} cannot be had: {error}. Choose another, or 0 for any.") from error
