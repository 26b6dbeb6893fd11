"""Stands between a client and an object store, and gives the client trouble as real ones do."""

from __future__ import annotations

import http.client
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

#: Refused without being done, done slowly, or done without an answer.
TROUBLES = ("500", "503", "slow", "lost")
SLOW_SECONDS = 0.5


class TroubledServer(ThreadingHTTPServer):
    """While ``share`` is above 0, that share of requests meets a trouble."""

    daemon_threads = True

    def __init__(self, backend: str, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend = str(urlsplit(backend).netloc)
        self.share = 0.0
        self.met = dict.fromkeys(TROUBLES, 0)
        self._random = random.Random(seed)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def trouble(self) -> str | None:
        if self._random.random() >= self.share:
            return None
        kind = self._random.choice(TROUBLES)
        self.met[kind] += 1
        return kind

    def handle_error(self, *_: Any) -> None:
        """A client that was killed says nothing more."""


class _Handler(BaseHTTPRequestHandler):
    server: TroubledServer
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self.server.trouble()
        if trouble in ("500", "503"):
            self._answer(int(trouble), [], b"")
            return
        if trouble == "slow":
            time.sleep(SLOW_SECONDS)
        backend = http.client.HTTPConnection(self.server.backend)
        backend.request(self.command, self.path, body, dict(self.headers))
        answer = backend.getresponse()
        content = answer.read()
        backend.close()
        if trouble == "lost":
            self.connection.close()
            self.close_connection = True
            return
        self._answer(answer.status, answer.getheaders(), content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        return
