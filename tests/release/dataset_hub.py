"""A server on this machine that speaks the part of the Hub's API that publishing and loading a dataset use.

Small files travel within the commit, large ones by the protocol of Git LFS; a commit holds the whole tree.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

LARGE = 20_000
TOKEN = "hf_the-right-one"


@dataclass
class Repository:
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    private: bool = False

    def commit_of(self, revision: str) -> str | None:
        known = {**self.refs, **self.tags, **{one: one for one in self.commits}}
        return known.get(revision)


class DatasetHub:
    """``fail[(method, part of path)]``: status of the next request that fits; ``asked``: all requests."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.fail: dict[tuple[str, str], int] = {}
        self.asked: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.hub = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @contextmanager
    def running(self) -> Iterator[DatasetHub]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()

    def changing(self) -> list[tuple[str, str]]:
        """Requests that change something."""
        names = ("/commit/", "/tag/", "/repos/create", "/storage/")
        return [
            one for one in self.asked if one[0] in ("POST", "PUT") and any(name in one[1] for name in names)
        ]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    @property
    def hub(self) -> DatasetHub:
        hub: DatasetHub = self.server.hub  # type: ignore[attr-defined]
        return hub

    def do_GET(self) -> None:
        self.answer()

    def do_HEAD(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(self.path.split("?")[0])
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.asked.append((self.command, path))
        for (method, part), status in list(self.hub.fail.items()):
            if method == self.command and part in path:
                del self.hub.fail[method, part]
                self.send(status, b"{}")
                return
        if self.command in ("POST", "PUT") and "/storage/" not in path and not self.may_write():
            self.send(401, b"{}")
            return
        for pattern, respond in ROUTES:
            match = re.fullmatch(pattern, path)
            if match is not None:
                respond(self, body, *match.groups())
                return
        self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def may_write(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def json(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def repository(self, name: str) -> Repository | None:
        found = self.hub.repositories.get(name)
        if found is None:
            self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        return found

    def tree(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repository = self.repository(name)
        if repository is None:
            return None
        commit = repository.commit_of(revision)
        if commit is None:
            self.send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return None
        return commit, repository.commits[commit]

    # Reading

    def info(self, _: bytes, name: str, revision: str | None = None) -> None:
        found = self.tree(name, revision or "main")
        if found is not None:
            commit, files = found
            siblings = [{"rfilename": path} for path in sorted(files)]
            self.json(
                {
                    "id": name, "sha": commit, "private": False, "tags": [], "siblings": siblings,
                    "lastModified": "2026-01-01T00:00:00.000Z", "disabled": False, "gated": False,
                }
            )  # fmt: skip

    def list_refs(self, _: bytes, name: str) -> None:
        repository = self.repository(name)
        if repository is not None:

            def rows(refs: dict[str, str], kind: str) -> list[dict[str, str]]:
                return [
                    {"name": ref, "ref": f"refs/{kind}/{ref}", "targetCommit": commit}
                    for ref, commit in refs.items()
                ]

            self.json(
                {
                    "branches": rows(repository.refs, "heads"),
                    "tags": rows(repository.tags, "tags"),
                    "converts": [],
                }
            )

    def list_tree(self, _: bytes, name: str, revision: str, under: str | None = None) -> None:
        found = self.tree(name, revision)
        if found is not None:
            inside = {
                path: content
                for path, content in found[1].items()
                if under is None or path.startswith(under.strip("/") + "/")
            }
            if under is not None and not inside:
                self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
                return
            folders = {
                "/".join(path.split("/")[:n]) for path in inside for n in range(1, path.count("/") + 1)
            }
            folders = {one for one in folders if under is None or one.startswith(under.strip("/") + "/")}
            self.json(
                [{"type": "directory", "path": one, "oid": "0" * 40, "size": 0} for one in sorted(folders)]
                + [_file(path, content) for path, content in sorted(inside.items())]
            )

    def paths_info(self, body: bytes, name: str, revision: str) -> None:
        found = self.tree(name, revision)
        if found is not None:
            paths = json.loads(body)["paths"]
            files = [_file(path, found[1][path]) for path in paths if path in found[1]]
            folders = [
                {"type": "directory", "path": path, "oid": "0" * 40, "size": 0}
                for path in paths
                if any(one.startswith(f"{path}/") for one in found[1])
            ]
            self.json(files + folders)

    def resolve(self, _: bytes, name: str, revision: str, path: str) -> None:
        found = self.tree(name, revision)
        if found is None:
            return
        commit, files = found
        if path not in files:
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            return
        content, status = files[path], 200
        tag = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": commit,
            "Accept-Ranges": "bytes",
        }
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if wanted is not None:
            start, end = int(wanted[1]), int(wanted[2] or len(content) - 1)
            tag["Content-Range"] = f"bytes {start}-{min(end, len(content) - 1)}/{len(content)}"
            content, status = content[start : end + 1], 206
        self.send(status, content, tag)

    # Writing

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        name = (
            f"{asked['organization']}/{asked['name']}"
            if asked.get("organization")
            else f"someone/{asked['name']}"
        )
        if name in self.hub.repositories:
            self.send(409, json.dumps({"url": f"{self.hub.url}/datasets/{name}"}).encode())
            return
        first = {".gitattributes": b"*.parquet filter=lfs\n"}
        repository = Repository({"0" * 40: first}, {"main": "0" * 40}, private=asked.get("private") or False)
        self.hub.repositories[name] = repository
        self.json({"url": f"{self.hub.url}/datasets/{name}"})

    def validate(self, body: bytes) -> None:
        self.json({"errors": [], "warnings": []})

    def preupload(self, body: bytes, name: str, revision: str) -> None:
        found = self.tree(name, revision)
        if found is not None:
            files = json.loads(body)["files"]
            modes = [
                {
                    "path": one["path"], "shouldIgnore": False,
                    "uploadMode": "lfs" if _is_large(one["path"], one["size"]) else "regular",
                    "oid": _oid(one["path"], found[1][one["path"]]) if one["path"] in found[1] else None,
                }
                for one in files
            ]  # fmt: skip
            self.json({"files": modes})

    def batch(self, body: bytes, name: str) -> None:
        asked = json.loads(body)
        rows = []
        for one in asked["objects"]:
            upload = {"upload": {"href": f"{self.hub.url}/storage/{one['oid']}"}}
            actions = {} if one["oid"] in self.hub.blobs else {"actions": upload}
            rows.append({"oid": one["oid"], "size": one["size"], **actions})
        self.json({"transfer": "basic", "objects": rows})

    def store(self, body: bytes, oid: str) -> None:
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.blobs[oid] = body
        self.send(200, b"")

    def commit(self, body: bytes, name: str, revision: str) -> None:
        found = self.tree(name, revision)
        if found is None:
            return
        files = dict(found[1])
        for line in body.decode().splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif entry["key"] == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif entry["key"] == "deletedFile":
                del files[value["path"]]
        oid = hashlib.sha1(found[0].encode() + body).hexdigest()
        repository = self.hub.repositories[name]
        repository.commits[oid] = files
        repository.refs[revision] = oid
        self.json(
            {
                "commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}",
                "commitOid": oid,
                "pullRequestUrl": None,
            }
        )

    def tag(self, body: bytes, name: str, revision: str) -> None:
        repository, tag = self.hub.repositories[name], json.loads(body)["tag"]
        if tag in repository.tags:
            self.send(409, b"{}")
            return
        commit = repository.commit_of(revision)
        assert commit is not None
        repository.tags[tag] = commit
        self.json({})


def _is_large(path: str, size: int) -> bool:
    return path.endswith(".parquet") and size >= LARGE


def _oid(path: str, content: bytes) -> str:
    """As the Hub says it: SHA-256 of a large file, git's hash of a small one."""
    if _is_large(path, len(content)):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


def _file(path: str, content: bytes) -> dict[str, Any]:
    oid = _oid(path, content)
    pointer = {"lfs": {"oid": oid, "size": len(content), "pointerSize": 130}}
    large = pointer if _is_large(path, len(content)) else {}
    return {"type": "file", "path": path, "size": len(content), "oid": oid, **large}


NAME = r"([^/]+/[^/]+)"
ROUTES = (
    (r"/api/repos/create", Handler.create),
    (r"/api/validate-yaml", Handler.validate),
    (rf"/api/datasets/{NAME}", Handler.info),
    (rf"/api/datasets/{NAME}/revision/([^/]+)", Handler.info),
    (rf"/api/datasets/{NAME}/refs", Handler.list_refs),
    (rf"/api/datasets/{NAME}/tree/([^/]+)(/.+)?", Handler.list_tree),
    (rf"/api/datasets/{NAME}/paths-info/([^/]+)", Handler.paths_info),
    (rf"/datasets/{NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
    (rf"/api/datasets/{NAME}/preupload/([^/]+)", Handler.preupload),
    (rf"/datasets/{NAME}\.git/info/lfs/objects/batch", Handler.batch),
    (r"/storage/([0-9a-f]{64})", Handler.store),
    (rf"/api/datasets/{NAME}/commit/([^/]+)", Handler.commit),
    (rf"/api/datasets/{NAME}/tag/([^/]+)", Handler.tag),
)
