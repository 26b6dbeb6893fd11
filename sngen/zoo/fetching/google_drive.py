"""Google Drive: a file by its id, through the page that asks for a confirmation for large files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from sngen.errors import CheckFailed
from sngen.zoo.fetching.connection import Passing, answer
from sngen.zoo.fetching.https import download
from sngen.zoo.fetching.job import Brought, Job, retried
from sngen.zoo.fetching.pages import page_in_place_of_file

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

BASE = "https://drive.google.com"
HOSTS = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com")
MOST_PAGE_BYTES = 2**20
_ID = re.compile(r"[A-Za-z0-9_-]{10,100}")
_PATH = re.compile(r"(?:/a/[^/]+)?/file(?:/u/\d+)?/d/([^/]+)(?:/.*)?")


@dataclass(frozen=True)
class DriveFile:
    """A file that anybody with its id may read."""

    file_id: str

    @classmethod
    def of(cls, url: str) -> DriveFile | None:
        """From an address that names a file; None for a folder or any other address."""
        parts = urlsplit(url)
        if parts.hostname not in HOSTS:
            return None
        match = _PATH.fullmatch(parts.path)
        named = [match[1]] if match else parse_qs(parts.query).get("id", [])
        fits = len(named) == 1 and _ID.fullmatch(named[0]) is not None and "/folders" not in parts.path
        return cls(named[0]) if fits else None

    @property
    def address(self) -> str:
        return f"{BASE}/uc?{urlencode({'export': 'download', 'id': self.file_id})}"

    def bring(self, job: Job) -> Brought:
        place = retried(job, self.address, lambda: self._confirmed(job), (Passing,))
        return download(job, place)

    def _confirmed(self, job: Job) -> str:
        """Where the file itself is to be had: the address, or what the page's form asks for."""
        place, response = answer(job, self.address, {})
        with response:
            if response.status in (429, 500, 502, 503, 504):
                raise Passing(f"Google Drive answered {response.status}")
            if "text/html" not in response.headers.get("Content-Type", "").lower():
                return self.address
            body = _read(response, job)
            status = response.status
        page = page_in_place_of_file(body)
        form = _Form(body.decode("utf-8", "replace"))
        target = form.target
        if status != 200 or target is None:
            raise CheckFailed(
                f"{self.address}: Google Drive answered {status} with {page or 'a page'} and no way to the "
                "file. It is private, gone, or was fetched too often today; open the address in a browser."
            )
        found = urljoin(place, target)
        allowed = urlsplit(found).hostname or ""
        if urlsplit(found).netloc != urlsplit(place).netloc and not (
            urlsplit(found).scheme == "https" and allowed.endswith((".google.com", ".googleusercontent.com"))
        ):
            raise CheckFailed(
                f"{self.address}: its page leads to {found}, expected an address of Google Drive."
            )
        return found


def _read(response: BaseHTTPResponse, job: Job) -> bytes:
    """The page, up to a size that no page of this kind has."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - only where something is downloaded

    body = b""
    try:
        while len(body) < MOST_PAGE_BYTES and (part := response.read1(2**16, decode_content=True)):
            job.check_stop()
            body += part
    except (HTTPError, OSError) as error:
        raise Passing("the connection broke within Google Drive's page") from error
    return body


class _Form(HTMLParser):
    """``target``: the address of the form that begins the download, or of the older link; None without."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.link: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    @property
    def target(self) -> str | None:
        if self.action is None:
            return self.link
        joiner = "&" if "?" in self.action else "?"
        return f"{self.action}{joiner}{urlencode(self.fields)}" if self.fields else self.action

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form" and values.get("id") in ("download-form", "downloadForm"):
            self.action, self._inside = values.get("action", ""), True
        elif tag == "input" and self._inside and values.get("type") == "hidden" and values.get("name"):
            self.fields[values["name"]] = values.get("value", "")
        elif tag == "a" and "confirm=" in values.get("href", ""):
            self.link = values["href"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
