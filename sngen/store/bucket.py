"""A store in a bucket of an object store: Amazon S3 and what speaks its protocol, Google's, Azure's.

Needs the extra ``bucket``. Keys and endpoint come from the environment under each provider's usual names,
such as ``AWS_ACCESS_KEY_ID`` and ``AWS_ENDPOINT_URL``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from sngen.errors import UsageError
from sngen.store.store import Stored, StoreUnavailable

#: For how long, and how often at most, a request that failed on the way or at the server is tried again.
PATIENCE_SECONDS = 180.0
TRIES = 12

Result = TypeVar("Result")


class BucketStore:
    """Objects under a prefix. Creation and replacement are conditional writes (``If-None-Match: *``,
    ``If-Match``)."""

    def __init__(self, address: str, patience: float = PATIENCE_SECONDS) -> None:
        self.address = address.rstrip("/")
        self._objects = _open(self.address, patience)

    def where(self, name: str) -> str:
        return f"{self.address}/{name}"

    def read(self, name: str) -> Stored | None:
        def get() -> Stored | None:
            try:
                found = self._objects.get(name)
                content = bytes(found.bytes())
            except FileNotFoundError:
                return None
            return Stored(content, str(found.meta["e_tag"]), found.meta["last_modified"])

        return self._asked(name, get)

    def create(self, name: str, content: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        return self._write(name, content, "create", AlreadyExistsError)

    def replace(self, name: str, content: bytes, token: str) -> bool:
        from obstore.exceptions import PreconditionError  # noqa: PLC0415

        return self._write(name, content, {"e_tag": token}, PreconditionError)

    def put(self, name: str, content: bytes) -> None:
        self._asked(name, lambda: self._objects.put(name, content, use_multipart=False))

    def delete(self, name: str) -> None:
        def remove() -> None:
            try:
                self._objects.delete(name)
            except FileNotFoundError:
                return

        self._asked(name, remove)

    def names(self, under: str = "") -> Iterator[str]:
        prefix = under.rstrip("/") or None
        pages = self._asked(under, lambda: list(self._objects.list(prefix=prefix)))
        yield from sorted(entry["path"] for page in pages for entry in page)

    def _write(self, name: str, content: bytes, mode: Any, refused: type[Exception]) -> bool:
        """A try whose answer got lost may have written: then what is there is what was to be written."""

        def write() -> bool:
            try:
                self._objects.put(name, content, mode=mode, use_multipart=False)
            except (refused, FileNotFoundError):
                found = self.read(name)
                return found is not None and found.content == content
            return True

        return self._asked(name, write)

    def _asked(self, name: str, ask: Callable[[], Result]) -> Result:
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            return ask()
        except (BaseError, OSError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise StoreUnavailable(f"{self.where(name)}: {first[:400]}") from error


def _open(address: str, patience: float) -> Any:
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            f"{address}: object stores need the extra 'bucket': pip install 'securitynet[bucket]'."
        ) from error
    retry: Any = {"max_retries": TRIES, "retry_timeout": timedelta(seconds=patience)}
    try:
        return from_url(address, retry_config=retry)
    except (BaseError, ValueError) as error:
        raise UsageError(
            f"{address} cannot be opened ({error}). Expected an address such as s3://bucket/folder, and the "
            "provider's variables in the environment, such as AWS_ACCESS_KEY_ID and AWS_ENDPOINT_URL."
        ) from error
