"""A local web server for the finished site."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sngen.errors import UsageError

HOST = "127.0.0.1"


def server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of ``site`` on this machine only. Raises ``UsageError`` without a site or port."""
    if not (site / "index.html").is_file():
        raise UsageError(
            f"{site}: no index.html there. Build the site first: sngen site build --release FOLDER."
        )
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as error:
        raise UsageError(
            f"port {port} of {HOST} cannot be used ({error}). Choose another with --port."
        ) from error
