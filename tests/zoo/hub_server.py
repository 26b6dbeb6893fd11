"""A server on this machine that speaks the part of the Hugging Face Hub's API that its client uses for files.

Revisions resolve to commits, small files have a git hash as entity tag, large ones are redirected to a
storage address and carry their SHA-256; errors are named by ``X-Error-Code`` as the Hub does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from file_server import Fault, FileHandler, FileServer, Served, Status

LARGE = 1000


@dataclass
class Repository:
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    token: str | None = None
    gated: bool = False

    def resolve(self, revision: str) -> str | None:
        return self.branches.get(revision, revision if revision in self.commits else None)


class HubServer(FileServer):
    """``commit`` files to repositories; large ones are in a ``store`` of another address; ``misbehave`` is
    for the store, ``api_faults`` for the next requests before that. ``is_hub`` False: some other server;
    ``lies``: headers about large files that are not true."""

    def __init__(self) -> None:
        super().__init__()
        self.repositories: dict[str, Repository] = {}
        self.api_faults: list[Status] = []
        self.store = FileServer()
        self.is_hub = True
        self.lies: dict[str, str] = {}

    @contextmanager
    def running(self) -> Iterator[HubServer]:
        with super().running(), self.store.running():
            yield self

    def handler(self) -> type[BaseHTTPRequestHandler]:
        return HubHandler

    def commit(self, name: str, files: dict[str, bytes], branch: str = "main") -> str:
        repository = self.repositories.setdefault(name, Repository())
        commit = hashlib.sha1(repr((name, sorted(files.items()))).encode()).hexdigest()
        repository.commits[commit] = files
        repository.branches[branch] = commit
        for content in files.values():
            path = storage_path(content)
            if path not in self.store.files:
                self.store.put(path, content)
        return commit

    def misbehave(self, content: bytes, *faults: Fault) -> None:
        self.store.files[storage_path(content)].faults.extend(faults)


class HubHandler(FileHandler):
    def respond(self) -> None:
        path = self.path.split("?")[0]
        if self.owner.api_faults:
            fault = self.owner.api_faults.pop(0)
            self.send(fault.code, dict(fault.headers), fault.body)
        elif path.startswith("/api/models/"):
            self.api(path.removeprefix("/api/models/"))
        elif (match := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)) is not None:
            self.resolve(*match.groups())
        else:
            self.error(404, "RepoNotFound")

    def error(self, status: int, code: str) -> None:
        body = json.dumps({"error": code}).encode()
        self.send(status, {"X-Error-Code": code, "X-Error-Message": code}, body)

    def permitted(self, name: str) -> Repository | None:
        """The repository, or None after an error was sent."""
        repository: Repository | None = self.owner.repositories.get(name)
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if repository is None or (repository.token and not given):
            self.error(401, "RepoNotFound")
            return None
        if repository.token and given != repository.token:
            self.error(403, "GatedRepo" if repository.gated else "Forbidden")
            return None
        if repository.gated and not repository.token:
            self.error(401, "GatedRepo")
            return None
        return repository

    def api(self, rest: str) -> None:
        name, _, revision = rest.partition("/revision/")
        repository = self.permitted(name)
        if repository is None:
            return
        commit = repository.resolve(revision or "main")
        if commit is None:
            self.error(404, "RevisionNotFound")
            return
        siblings = [
            {
                "rfilename": file,
                "size": len(content),
                **({"lfs": _pointer(content)} if len(content) >= LARGE else {}),
            }
            for file, content in repository.commits[commit].items()
        ]
        body = {
            "id": name,
            "modelId": name,
            "sha": commit,
            "private": False,
            "siblings": siblings,
            "tags": [],
        }
        self.send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def resolve(self, name: str, revision: str, file: str) -> None:
        repository = self.permitted(name)
        if repository is None:
            return
        commit = repository.resolve(revision)
        if commit is None:
            self.error(404, "RevisionNotFound")
            return
        content = repository.commits[commit].get(file)
        if content is None:
            self.send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}, b"")
            return
        if len(content) < LARGE:
            headers = {"X-Repo-Commit": commit} if self.owner.is_hub else {}
            git = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            self.part(Served(content, etag=f'"{git}"', headers=headers), None)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{sha256}"',
            "X-Linked-Size": str(len(content)),
            "ETag": f'"{sha256[:32]}"',
            "Location": self.owner.store.url + storage_path(content),
            **self.owner.lies,
        }
        self.send(302, headers, b"")


def storage_path(content: bytes) -> str:
    return f"/storage/{hashlib.sha256(content).hexdigest()}"


def _pointer(content: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
