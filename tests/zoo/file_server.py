"""A web server on this machine that serves files and misbehaves as it is told, once per request."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Drop:
    """Close the connection after so many bytes of the body."""

    after: int


@dataclass(frozen=True)
class Status:
    """Answer with this status, these headers and this page."""

    code: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"<html><head><title>Go away</title></head></html>"


@dataclass(frozen=True)
class Redirect:
    to: str


@dataclass(frozen=True)
class Drip:
    """One byte at a time with a pause between, for so many bytes; then nothing more, the connection open."""

    pause: float
    count: int


@dataclass(frozen=True)
class Endless:
    """A body without a stated length that does not end before so many bytes."""

    count: int


@dataclass(frozen=True)
class Headers:
    """The right answer with other headers; None leaves one out."""

    changes: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class ShiftedRange:
    """Answers to a request for a part with another part."""

    by: int


@dataclass(frozen=True)
class Raw:
    """These very bytes in place of an answer; then the connection is closed."""

    content: bytes


Fault = Raw | Drop | Status | Redirect | Drip | Endless | Headers | ShiftedRange | None


@dataclass
class Served:
    content: bytes
    faults: list[Fault] = field(default_factory=list)
    always: Fault = None
    etag: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


class FileServer:
    """``put`` files, ``asked`` says what was asked for. ``delay``: seconds before each answer; ``slots``: so
    many answers at once, which makes the server's limit ``slots / delay`` files a second."""

    def __init__(self, delay: float = 0.0, slots: int | None = None) -> None:
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.delay, self.slots = delay, threading.BoundedSemaphore(slots) if slots else None
        self.server = _Server(("127.0.0.1", 0), self.handler())
        self.server.owner = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return FileHandler

    def put(
        self, path: str, content: bytes, faults: Sequence[Fault] = (), *, always: Fault = None,
        etag: str | None = "", **headers: str,
    ) -> str:  # fmt: skip
        """Serve the content; ``faults`` are for the next requests in turn, ``always`` for all after. Its
        entity tag follows from the content unless given; None sends none. Returns the address."""
        tag = f'"{hashlib.md5(content).hexdigest()}"' if etag == "" else etag
        self.files[path] = Served(content, list(faults), always, tag, headers)
        return self.url + path

    def asked_for(self, path: str) -> list[dict[str, str]]:
        return [headers for _, asked, headers in self.asked if asked.split("?")[0] == path]

    @contextmanager
    def running(self) -> Iterator[FileServer]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    owner: Any

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what is tested."""


class FileHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 2**16

    def log_message(self, format: str, *args: Any) -> None:
        pass

    @property
    def owner(self) -> Any:
        return self.server.owner  # type: ignore[attr-defined]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.owner.asked.append(
            (self.command, self.path, {name.title(): value for name, value in self.headers.items()})
        )
        if self.owner.slots is None:
            time.sleep(self.owner.delay)
            self.respond()
            return
        with self.owner.slots:
            time.sleep(self.owner.delay)
            self.respond()

    def respond(self) -> None:
        served = self.owner.files.get(self.path.split("?")[0])
        if served is None:
            self.send(404, {}, b"<html><title>Not here</title></html>")
            return
        fault = served.faults.pop(0) if served.faults else served.always
        self.serve(served, fault)

    def serve(self, served: Served, fault: Fault) -> None:
        if isinstance(fault, Status):
            self.send(fault.code, dict(fault.headers), fault.body)
        elif isinstance(fault, Raw):
            self.wfile.write(fault.content)
            self.wfile.flush()
            self.close_connection = True
        elif isinstance(fault, Redirect):
            self.send(302, {"Location": fault.to}, b"")
        elif isinstance(fault, Endless):
            self.endless(fault.count)
        else:
            self.part(served, fault)

    def part(self, served: Served, fault: Fault) -> None:
        headers = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **served.headers}
        if served.etag:
            headers["ETag"] = served.etag
        content, status = served.content, 200
        start = self.wanted_start(served)
        if start is not None and start >= len(content):
            self.send(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
            return
        if start is not None:
            start += fault.by if isinstance(fault, ShiftedRange) else 0
            status, content = 206, content[start:]
            headers["Content-Range"] = f"bytes {start}-{len(served.content) - 1}/{len(served.content)}"
        if isinstance(fault, Headers):
            for name, value in fault.changes:
                headers.pop(name, None)
                if value is not None:
                    headers[name] = value
        self.send(status, headers, content, fault)

    def wanted_start(self, served: Served) -> int | None:
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes=") or self.headers.get("If-Range", served.etag) != served.etag:
            return None
        return int(wanted.removeprefix("bytes=").partition("-")[0])

    def send(self, status: int, headers: dict[str, str], body: bytes, fault: Fault = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(fault, Drop):
            self.wfile.write(body[: fault.after])
            self.wfile.flush()
            self.close_connection = True
        elif isinstance(fault, Drip):
            for number in range(fault.count):
                self.wfile.write(body[number : number + 1])
                self.wfile.flush()
                time.sleep(fault.pause)
        else:
            self.wfile.write(body)

    def endless(self, count: int) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        piece = bytes(2**16)
        for _ in range(count // len(piece)):
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
