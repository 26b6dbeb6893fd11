"""Publishing on the Hugging Face Hub: one commit of the whole folder, then a tag, by the Hub's own client.

A run that was cut off is repeated: files that are there already are not sent again, and a commit that only
lacks its tag gets it. Endpoint and token are those of the client (``HF_ENDPOINT``, ``HF_TOKEN``).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sngen import __version__
from sngen.errors import CheckFailed, UsageError
from sngen.release.manifest import FILE, files_of
from sngen.release.publishing.verified import verified
from sngen.release.read import Release
from sngen.zoo.fetching.hub_client import LOG_IN, endpoint

if TYPE_CHECKING:
    from huggingface_hub import HfApi

KIND = "dataset"
#: The Hub writes this one itself.
KEPT = ".gitattributes"
Say = Callable[[str], object]


@dataclass(frozen=True)
class There:
    """What the repository holds: ``tags`` and the ``files`` of its main branch; None: no such repository."""

    tags: frozenset[str]
    files: frozenset[str]


def publish_on_hub(
    folder: Path, repository: str, say: Say, *, private: bool = False, dry_run: bool = False
) -> None:
    """Publish the release in ``folder`` as ``repository`` (``namespace/name``), tagged ``vX.Y.Z``.

    ``dry_run`` says what would be done and changes nothing. Raises ``CheckFailed`` if the release is damaged
    or the Hub refuses, ``UsageError`` if the version is published with another content.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415 - not for those who only build

    release = verified(folder)
    tag = f"v{release.version}"
    api = HfApi(endpoint=endpoint(), library_name="securitynet", library_version=__version__)
    with _in_words(repository):
        there = _there(api, repository)
        if there is not None and tag in there.tags:
            _refuse_other(api, repository, tag, release)
            say(f"{repository} {tag}: published already, with this content; nothing to do")
            return
        if dry_run:
            _say_plan(release, repository, tag, there, say)
            return
        api.create_repo(repository, repo_type=KIND, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repository,
            repo_type=KIND,
            folder_path=folder,
            delete_patterns=["*"],
            commit_message=f"SecurityNet {release.version}",
            commit_description=f"Fingerprint sha256:{release.fingerprint}",
        )
        say(f"{repository}: files of {release.version} are in the commit {commit.oid}")
        api.create_tag(
            repository,
            repo_type=KIND,
            tag=tag,
            revision=commit.oid,
            tag_message=f"Fingerprint sha256:{release.fingerprint}",
        )
        say(f"{repository} {tag}: published; load_dataset({repository!r}, revision={tag!r})")


def _there(api: HfApi, repository: str) -> There | None:
    from huggingface_hub import errors  # noqa: PLC0415

    try:
        refs = api.list_repo_refs(repository, repo_type=KIND)
        files = api.list_repo_files(repository, repo_type=KIND)
    except errors.RepositoryNotFoundError:
        return None
    return There(frozenset(tag.name for tag in refs.tags), frozenset(files))


def _refuse_other(api: HfApi, repository: str, tag: str, release: Release) -> None:
    path = api.hf_hub_download(repository, FILE, repo_type=KIND, revision=tag)
    try:
        published: Any = json.loads(Path(path).read_text(encoding="utf-8"))
        said, files = published["fingerprint"], published["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(f"{repository} {tag}: its {FILE} is not readable ({error}).") from error
    if said != release.fingerprint or files != release.manifest["files"]:
        other = release.fingerprint if said != release.fingerprint else "the same, in other files"
        raise UsageError(
            f"{repository} {tag} is published with the fingerprint {said}; this release has {other}. A "
            f"published version never changes: publish the next one."
        )


def _say_plan(release: Release, repository: str, tag: str, there: There | None, say: Say) -> None:
    ours = files_of(release.folder)
    if there is None:
        say(f"would create the repository {repository}")
    for path in ours:
        say(f"would send {path} ({(release.folder / path).stat().st_size:,} bytes)")
    for path in sorted((there.files if there else frozenset()) - {*ours, KEPT}):
        say(f"would delete {path}")
    say(f"would tag the commit {tag}")


@contextmanager
def _in_words(repository: str) -> Iterator[None]:
    """Errors of the client as one sentence. None of them holds the token: requests are not shown."""
    from huggingface_hub import errors  # noqa: PLC0415

    place = f"{endpoint()}/datasets/{repository}"
    again = "What is there already is not sent again: run the same command."
    try:
        yield
    except errors.HFValidationError as error:
        raise UsageError(
            f"{repository!r} is no name of a repository: expected namespace/securitynet."
        ) from error
    except errors.HfHubHTTPError as error:
        raise CheckFailed(f"{place}: {_answer(error.response.status_code)} {again}") from error
    except RuntimeError as error:  # what the client makes of a large file that did not go through
        if not isinstance(error.__cause__, (errors.HfHubHTTPError, *_transport_errors())):
            raise
        status = getattr(getattr(error.__cause__, "response", None), "status_code", None)
        reason = _answer(status) if status else "the connection broke."
        raise CheckFailed(f"{place}: {reason} {again}") from error
    except errors.OfflineModeIsEnabled as error:
        raise UsageError(f"{place}: the Hub's client is set to offline; unset HF_HUB_OFFLINE.") from error
    except _transport_errors() as error:
        raise CheckFailed(f"{place}: no connection ({type(error).__name__}). {again}") from error


def _answer(status: int) -> str:
    if status in (401, 403):
        return f"access is denied ({status}): {LOG_IN}, with a token that may write there."
    if status == 404:
        return "no such place (404): check the name and who may write there."
    if status == 409:
        return "somebody changed it at the same time (409)."
    return f"the Hub answered {status}."


def _transport_errors() -> tuple[type[BaseException], ...]:
    """No connection, in the words of whatever the client sends its requests with."""
    from huggingface_hub.utils import get_session  # noqa: PLC0415

    sender = importlib.import_module(type(get_session()).__module__.partition(".")[0])
    return (ConnectionError, TimeoutError, sender.TransportError)
