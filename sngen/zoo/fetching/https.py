"""Over HTTP: GitHub's releases and raw files, Zenodo, any address; resumed, retried, bounded.

What may pass (429, 5xx, a dropped or dripping connection) is waited for; what will not (404, a page in place
of the file, another size than the catalogue's) is said at once. Proxies and certificates are those of the
environment (``HTTPS_PROXY``, ``SSL_CERT_FILE``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sngen.errors import CheckFailed
from sngen.zoo.fetching.connection import Passing, answer, host, peek
from sngen.zoo.fetching.job import Brought, Failed, Job, Slowness
from sngen.zoo.fetching.pages import page_in_place_of_file, printable
from sngen.zoo.fetching.partial import WORTH_RESUMING, Partial, Span

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

CHUNK = 2**18
WAIT_FOR = frozenset({408, 425, 429, 500, 502, 503, 504})
MEANING = {
    401: "a login is needed", 403: "access is denied", 404: "there is no such file", 410: "it was removed",
    451: "it was taken down",
}  # fmt: skip


@dataclass(frozen=True)
class Https:
    """The file at an address."""

    address: str

    def bring(self, job: Job) -> Brought:
        return download(job, self.address)


def download(job: Job, url: str) -> Brought:
    """The file at ``url`` to ``job.partial``, complete; an unfinished one there is continued if it is of the
    same content. Raises ``CheckFailed`` for what will not pass, ``Failed`` when patience ends."""
    failures, best = 0, Partial.open(job.partial, url).size
    while True:
        job.check_stop()
        try:
            return _attempt(job, Partial.open(job.partial, url))
        except Passing as error:
            reached = Partial.open(job.partial, url).size
            failures = 0 if reached >= best + WORTH_RESUMING else failures + 1
            best = max(best, reached)
            if failures >= job.patience.attempts * error.worth:
                raise Failed(f"{url}: {error}. {_tries(failures)}; try again later.") from error
            wait = job.patience.wait(max(failures, 1)) if error.wait is None else error.wait
            if wait > job.patience.longest_wait:
                raise Failed(
                    f"{url}: {error}; the server asks to wait {wait:.0f} s. Do, then try again."
                ) from error
            job.sleep(wait)


def _tries(failures: int) -> str:
    return "One try" if failures == 1 else f"{failures} tries without getting further"


def _attempt(job: Job, partial: Partial) -> Brought:
    if partial.is_complete:
        return Brought(partial.url)
    place, response = answer(job, partial.url, partial.headers())
    with response:
        span = _span(job, partial, place, response)
        partial.begin(span)
        _receive(job, partial, span, response)
        return Brought(place, checksum=_stated_checksum(response))


def _span(job: Job, partial: Partial, place: str, response: BaseHTTPResponse) -> Span:
    """What part of the file the answer holds. Raises ``Passing`` or ``CheckFailed`` if it holds none."""
    url, status = partial.url, response.status
    if status in WAIT_FOR:
        raise Passing(_words(place, response), wait=_retry_after(response, job))
    if status == 416 or (status == 206 and not partial.continued_by(response)):
        partial.delete()
        raise Passing(f"the part after byte {partial.size} is no longer to be had", wait=0)
    if status not in (200, 206):
        page = page_in_place_of_file(peek(response))
        raise CheckFailed(
            f"{url}: {_words(place, response)}{f', with {page}' if page else ''}.{_advice(status)}"
        )
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity" and not url.split("?")[0].endswith((".gz", ".tgz")):
        raise CheckFailed(
            f"{url}: the server sends it encoded ({printable(encoding)}), expected the file as it is."
        )
    span = Span.of(response, partial.size)
    _check_size(job, url, span, response)
    return span


def _check_size(job: Job, url: str, span: Span, response: BaseHTTPResponse) -> None:
    if span.total is None or (span.total == job.size or (job.size is None and span.total <= job.limit)):
        return
    page = None if span.start else page_in_place_of_file(peek(response))
    if page is not None:
        raise CheckFailed(_page_error(url, page))
    if job.size is not None:
        raise CheckFailed(
            f"{url}: the server has {span.total:,} bytes, expected {job.size:,}. It is another file now, or "
            "the catalogue is wrong."
        )
    raise CheckFailed(f"{url}: {span.total:,} bytes, more than the {job.limit:,} that are accepted.")


def _receive(job: Job, partial: Partial, span: Span, response: BaseHTTPResponse) -> None:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - only where something is downloaded

    done, slowness = span.start, Slowness(job.patience)
    job.bar.start(done, span.total)
    with partial.writer() as write:
        while True:
            job.check_stop()
            try:
                chunk = response.read1(CHUNK, decode_content=False)
            except (HTTPError, OSError) as error:
                raise Passing(_dropped(done, span.total)) from error
            if not chunk:
                break
            if done == 0 and (page := page_in_place_of_file(chunk)):
                page = page_in_place_of_file(chunk + peek(response)) or page
                raise CheckFailed(_page_error(partial.url, page))
            done += len(chunk)
            if done > job.limit:
                partial.delete()
                raise CheckFailed(f"{partial.url}: more than the expected {job.limit:,} bytes; stopped.")
            write(chunk)
            job.bar.advance(len(chunk))
            if slowness.too_slow(len(chunk)):
                raise Passing(f"under {job.patience.slowest:.0f} bytes/s for {job.patience.window:.0f} s")
    expected = job.size if span.total is None else span.total
    if expected is not None and done < expected:
        raise Passing(_dropped(done, expected))


def _dropped(done: int, total: int | None) -> str:
    return f"the connection broke after {done:,}{'' if total is None else f' of {total:,}'} bytes"


def _page_error(url: str, page: str) -> str:
    return (
        f"{url}: the server sent {page} in place of the file. Open the address in a browser to see what it "
        "wants (a login, a confirmation, or the file is gone)."
    )


def _words(place: str, response: BaseHTTPResponse) -> str:
    status = response.status
    reason = MEANING.get(status) or printable(response.reason or "", 60) or "no reason given"
    return f"{host(place)} answered {status} ({reason})"


def _advice(status: int) -> str:
    if status in (404, 410, 451):
        return " The catalogue's address is out of date, or the revision has no such file."
    if status in (401, 403):
        return " Get it by hand with 'sngen fetch ID --file PATH', or ask its owner."
    return ""


def _retry_after(response: BaseHTTPResponse, job: Job) -> float | None:
    """Seconds that the server asks to wait, given as seconds or as a date."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rare
    from time import time  # noqa: PLC0415

    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _stated_checksum(response: BaseHTTPResponse) -> str | None:
    """MD5 of the whole file, where a server of Google's storage states it."""
    import base64  # noqa: PLC0415 - rare
    import binascii  # noqa: PLC0415

    for part in response.headers.get("x-goog-hash", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            try:
                digest = base64.b64decode(value, validate=True)
            except binascii.Error:
                return None
            return f"md5:{digest.hex()}" if len(digest) == 16 else None
    return None
