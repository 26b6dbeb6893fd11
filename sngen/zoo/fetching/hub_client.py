"""The Hub's own client: where it asks, whether it may, and its errors as one sentence each."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any, TypeVar

from sngen.errors import CheckFailed, SecurityNetError, UsageError
from sngen.zoo.fetching.connection import OFFLINE, is_set
from sngen.zoo.fetching.job import Job, retried
from sngen.zoo.fetching.pages import printable

Answer = TypeVar("Answer")
LOG_IN = "log in with 'hf auth login' or set HF_TOKEN"
HUB = "https://huggingface.co"
MAY_PASS = (408, 429)


class NotThere(UsageError):
    """Not in the client's cache, and it may not ask."""


def endpoint() -> str:
    """``HF_ENDPOINT`` as it is now, else the client's own."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


def is_offline() -> bool:
    return any(is_set(name) for name in (OFFLINE, "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))


def asking(job: Job, address: str, ask: Callable[[], Answer]) -> Answer:
    """The client's answer; what may pass is tried again, all else is one sentence."""
    passing = _passing()
    try:
        answer: Answer = retried(job, address, lambda: _said(address, ask), passing)
    except SecurityNetError:
        raise
    except Exception as error:
        # What a server sends that is no Hub's answer ends in the client's own mistakes of any kind.
        found = f"{type(error).__name__}: {printable(str(error))}"
        raise CheckFailed(
            f"{address}: this is no answer of a Hub, its client gave up ({found}). See HF_ENDPOINT."
        ) from error
    return answer


def _passing() -> tuple[type[BaseException], ...]:
    """Errors of the client after which another try may help."""
    try:
        from huggingface_hub import errors  # noqa: PLC0415 - only where it is needed
        from huggingface_hub.utils import get_session  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("the Hub's files need its client: pip install 'securitynet[fetch]'") from error
    transport = importlib.import_module(type(get_session()).__module__.partition(".")[0]).TransportError
    return (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError, transport)


def _said(address: str, ask: Callable[[], Answer]) -> Answer:
    from huggingface_hub import errors  # noqa: PLC0415

    try:
        return ask()
    except errors.GatedRepoError as error:
        raise CheckFailed(
            f"{address}: the repository is gated. Accept its terms in a browser, then {LOG_IN}."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise CheckFailed(f"{address}: no such repository, or a private one: then {LOG_IN}.") from error
    except errors.RevisionNotFoundError as error:
        raise CheckFailed(f"{address}: the repository has no such revision.") from error
    except errors.LocalEntryNotFoundError as error:
        if is_offline():
            raise NotThere(f"{address}: not in the cache of the Hub's client.") from error
        raise
    except errors.EntryNotFoundError as error:
        raise CheckFailed(f"{address}: the repository has no such file.") from error
    except errors.HFValidationError as error:
        raise UsageError(f"{address}: {error}") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise CheckFailed(f"{address}: access is denied ({status}): {LOG_IN}.") from error
        if status < 500 and status not in MAY_PASS:
            raise CheckFailed(f"{address}: the Hub answered {status}.") from error
        raise
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"the cache of the Hub's client cannot be written ({error}).") from error


def bar_class(job: Job) -> Any:
    """The client tells its own kind of bar how far it is; this one passes it on, and stops for the user."""
    from tqdm import tqdm  # type: ignore[import-untyped] # noqa: PLC0415 - the client depends on it

    class Told(tqdm):
        def __init__(self, *_: Any, **options: Any) -> None:
            super().__init__(disable=True)
            job.bar.start(options.get("initial", 0), options.get("total"))

        def update(self, n: float | None = 1) -> bool | None:
            job.check_stop()
            job.bar.advance(int(n or 0))
            return None

    return Told
