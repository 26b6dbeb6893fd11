"""One question over HTTP and its answer: connections, proxies, redirects, and errors in words."""

from __future__ import annotations

import os
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from sngen import __version__
from sngen.errors import CheckFailed, UsageError
from sngen.zoo.fetching.job import Job, Patience
from sngen.zoo.fetching.pages import HEAD_BYTES, printable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

OFFLINE = "SECURITYNET_OFFLINE"
CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
MOST_REDIRECTS = 10
REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Of the usual tries; a name that is unknown rarely becomes known in a minute.
UNKNOWN_NAME = 0.4


class Passing(Exception):
    """What may be gone at the next try. ``wait``: seconds that the server asks for; ``worth``: share of the
    usual tries that it deserves."""

    def __init__(self, words: str, wait: float | None = None, worth: float = 1.0) -> None:
        super().__init__(words)
        self.wait, self.worth = wait, worth


def is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in ("1", "on", "yes", "true")


def check_online(what: str) -> None:
    """Raises ``UsageError`` where the user asked for no network."""
    if is_set(OFFLINE):
        raise UsageError(
            f"{what}: not in the cache, and {OFFLINE} is set. Fetch it with the network on, or get it "
            "elsewhere and take it in with 'sngen fetch ID --file PATH'."
        )


class Connections:
    """Connections that stay open between the files of one thread, through the environment's proxies."""

    def __init__(self) -> None:
        try:
            import urllib3  # noqa: F401, PLC0415 - only where something is downloaded
        except ImportError as error:
            raise UsageError("downloading needs urllib3: pip install 'securitynet[fetch]'") from error
        self._pools: dict[str | None, PoolManager] = {}
        self._proxies: dict[tuple[str, str], str | None] = {}

    def get(self, url: str, headers: dict[str, str], patience: Patience) -> BaseHTTPResponse:
        """The answer, its body still to be read, redirects not followed."""
        from urllib3 import Timeout  # noqa: PLC0415

        return self._pool(url).request(
            "GET", url, headers={"User-Agent": f"securitynet/{__version__}", "Accept": "*/*", **headers},
            preload_content=False, redirect=False, retries=False,
            timeout=Timeout(connect=patience.connect, read=patience.read),
        )  # fmt: skip

    def _pool(self, url: str) -> PoolManager:
        parts = urlsplit(url)
        place = (parts.scheme, parts.hostname or "")
        if place not in self._proxies:
            proxies = urllib.request.getproxies()
            bypassed = urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2])
            self._proxies[place] = None if bypassed else proxies.get(place[0]) or proxies.get("all")
        proxy = self._proxies[place]
        if proxy not in self._pools:
            self._pools[proxy] = _new_pool(proxy)
        return self._pools[proxy]


def _new_pool(proxy: str | None) -> PoolManager:
    from urllib3 import PoolManager, ProxyManager, make_headers  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    certificates = next(filter(None, map(os.environ.get, CERTIFICATES)), None) or _usual_certificates()
    if proxy is None:
        return PoolManager(ca_certs=certificates)
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    try:
        return ProxyManager(
            parts.geturl(), ca_certs=certificates, proxy_headers=make_headers(proxy_basic_auth=login)
        )
    except (HTTPError, ValueError) as error:
        raise UsageError(f"the proxy of the environment cannot be used ({printable(str(error))}).") from error


def _usual_certificates() -> str | None:
    """Those that come with Python's packages, else those of the system."""
    try:
        import certifi  # noqa: PLC0415
    except ImportError:
        return None
    return certifi.where()


def answer(job: Job, url: str, headers: dict[str, str]) -> tuple[str, BaseHTTPResponse]:
    """Where redirects led, and the answer there, its body still to be read. Raises ``Passing`` for a
    connection that fails, ``CheckFailed`` for redirects that go in a circle or leave http(s)."""
    check_online(url)
    place = url
    for _ in range(MOST_REDIRECTS + 1):
        job.check_stop()
        response = _ask(job, url, place, {"Accept-Encoding": "identity", **headers})
        location = response.headers.get("Location")
        if response.status not in REDIRECTS or not location:
            return place, response
        response.close()
        place = _next(url, place, location, job.sha256 is not None)
    raise CheckFailed(
        f"{url}: more than {MOST_REDIRECTS} redirects, the last to {place}. The server is broken."
    )


def _next(url: str, place: str, location: str, hash_known: bool) -> str:
    """Where a redirect leads. Without a hash to check, it may not leave encryption."""
    try:
        target = urljoin(place, location)
        before, after = urlsplit(place).scheme, urlsplit(target).scheme
    except ValueError as error:
        raise CheckFailed(f"{url}: redirected to {printable(location)}, which is no address.") from error
    if after not in ("http", "https"):
        raise CheckFailed(f"{url}: redirected to {printable(target)}, expected an http or https address.")
    if (before, after) == ("https", "http") and not hash_known:
        raise CheckFailed(
            f"{url}: redirected to {printable(target)} without encryption, and the catalogue has no hash to "
            "check the file by; refused."
        )
    return target


def _ask(job: Job, url: str, place: str, headers: dict[str, str]) -> BaseHTTPResponse:
    from urllib3 import exceptions  # noqa: PLC0415 - was there for the connections

    try:
        response: BaseHTTPResponse = job.session.get(place, headers, job.patience)
    except exceptions.SSLError as error:
        raise CheckFailed(f"{url}: no trusted connection to {host(place)} ({_reason(error)}).") from error
    except (exceptions.LocationValueError, UnicodeError, ValueError) as error:
        raise CheckFailed(
            f"{url}: {printable(place)} is no address that can be asked ({printable(str(error))})."
        ) from error
    except (exceptions.HTTPError, OSError) as error:
        worth = UNKNOWN_NAME if isinstance(_innermost(error), exceptions.NameResolutionError) else 1.0
        raise Passing(f"no answer from {host(place)} ({_reason(error)})", worth=worth) from error
    return response


def peek(response: BaseHTTPResponse) -> bytes:
    """What of the body is there at once, up to the size of a page's head."""
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    try:
        return response.read1(HEAD_BYTES, decode_content=True)
    except (HTTPError, OSError):
        return b""


def host(url: str) -> str:
    return urlsplit(url).hostname or url


def _innermost(error: BaseException) -> BaseException:
    """The failure within its wrappings."""
    while True:
        inner: Any = getattr(error, "original_error", None) or getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            return error
        error = inner


def _reason(error: BaseException) -> str:
    inner = _innermost(error)
    if "NameResolution" in type(inner).__name__:
        return "its name is unknown: is there a network?"
    cause = inner if isinstance(inner, OSError) else inner.__cause__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return printable(str(inner).rpartition(": ")[2] or type(inner).__name__, 100)
