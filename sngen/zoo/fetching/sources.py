"""Which place a row of the catalogue sends us to, and what to do by hand where no program can go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sngen.errors import UsageError
from sngen.schema import MODELS, WEIGHTS_KINDS
from sngen.zoo.fetching.github import GitHubFile
from sngen.zoo.fetching.google_drive import DriveFile
from sngen.zoo.fetching.https import Https
from sngen.zoo.fetching.hub import HubFile
from sngen.zoo.fetching.job import Source
from sngen.zoo.fetching.zenodo import zenodo_file

#: Kinds whose address is that of the file itself; the others need more, or a person.
OF_A_FILE = ("file", "archive")
BY_HAND = {
    "folder": "a folder of files: open it and choose",
    "page": "a page with the download: open it",
    "repository": "a repository of code, and no file in it is named",
    "package": "a package that downloads it: install that, see its documentation",
    "registry": "another catalogue that downloads it",
    "short-link": "a redirection whose target is unknown: open it and see where it leads",
    "stated-available": "its authors say that it can be had, without an address: ask them",
    "on-request": "its authors give it to those who ask",
    "retrained": "it was never published",
    "none": "it was not published",
}


def source_of(model: Mapping[str, Any]) -> Source:
    """The place that has the row's file. Raises ``UsageError`` that says what to do by hand where a program
    cannot get it."""
    columns = MODELS.c
    kind, url = model[columns.weights_kind] or None, model[columns.weights_url] or None
    hub_id, file = model[columns.weights_hub_id] or None, model[columns.weights_file] or None
    revision = model[columns.weights_revision] or None
    if kind is None:
        kind = "hub" if hub_id and (url is None or file is None) else "file" if url else None
    if kind == "hub":
        named = HubFile.of(url, hub_id, revision, file)
        if named is not None:
            return HubFile(
                named.repository, named.revision, named.file, model[columns.weights_format],
                model[columns.weights_sha256],
            )  # fmt: skip
    within = None if kind == "archive" else file  # of an archive it is the member
    found = _repository_file(url, revision, within) if url else None
    if found is not None:
        return found
    if kind in OF_A_FILE and url is not None and not _is_folder(url):
        return _address(url, revision)
    raise UsageError(_by_hand(model, kind, url))


def _repository_file(url: str, revision: str | None, file: str | None) -> Source | None:
    """An address that, with the revision and the path, means one file of a repository or record."""
    hub = HubFile.of(url, None, revision, file)
    return hub or GitHubFile.of(url, revision, file) or zenodo_file(url, file) or DriveFile.of(url)


def _address(url: str, revision: str | None) -> Https:
    parts = urlsplit(url)
    if parts.hostname in ("www.dropbox.com", "dropbox.com"):
        query = {**dict(parse_qsl(parts.query)), "dl": "1"}
        return Https(urlunsplit(parts._replace(query=urlencode(query))))
    return Https(url)


def _is_folder(url: str) -> bool:
    return urlsplit(url).hostname == "drive.google.com"  # of a file it would have been recognised


def _by_hand(model: Mapping[str, Any], kind: str | None, url: str | None) -> str:
    model_id = model[MODELS.c.model_id]
    if kind is None or (url is None and kind in OF_A_FILE):
        why = "the catalogue does not say where its weights are"
    else:
        why = BY_HAND.get(kind, WEIGHTS_KINDS.get(kind, kind))
    where = f" ({url})" if url else ""
    return (
        f"{model_id}: cannot be fetched by a program{where}: {why}. If you have the file, take it in with "
        f"'sngen fetch {model_id} --file PATH'."
    )
