"""GitHub: pages of files, repositories with revision and path, releases; large files of Git LFS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from sngen.errors import CheckFailed
from sngen.zoo.fetching.checksums import Checksum
from sngen.zoo.fetching.https import download
from sngen.zoo.fetching.job import Brought, Job
from sngen.zoo.fetching.pages import HEAD_BYTES, large_file_pointer
from sngen.zoo.fetching.partial import forget

RAW = "https://raw.githubusercontent.com"
LARGE_FILES = "https://media.githubusercontent.com/media"
HOSTS = ("github.com", "www.github.com")
_FILE = re.compile(r"/(?P<owner>[^/]+)/(?P<name>[^/]+)/(?:blob|raw)/(?P<rest>.+)")
_REPOSITORY = re.compile(r"/(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?(?:/tree/.*)?/?")


@dataclass(frozen=True)
class GitHubFile:
    """The file at ``path`` of a repository at a commit, tag or branch."""

    owner: str
    name: str
    revision: str
    path: str

    @classmethod
    def of(cls, url: str, revision: str | None, file: str | None) -> GitHubFile | None:
        """From the address of a file's page or of a repository; ``revision`` and ``file`` say more exactly
        what it means. None for any other address, or where they do not say which file."""
        parts = urlsplit(url)
        if parts.hostname in HOSTS:
            path = unquote(parts.path)
            if (match := _FILE.fullmatch(path)) is not None:
                return cls._of_page(match, revision, file)
            if (match := _REPOSITORY.fullmatch(path)) is not None and revision and file:
                return cls(match["owner"], match["name"], revision, file)
        elif parts.hostname == urlsplit(RAW).hostname:
            owner, name, *rest = unquote(parts.path).strip("/").split("/")
            if len(rest) >= 2:
                return cls(owner, name, rest[0], "/".join(rest[1:]))
        return None

    @classmethod
    def _of_page(cls, match: re.Match[str], revision: str | None, file: str | None) -> GitHubFile | None:
        """The name of a branch may hold slashes: the known path tells where it ends."""
        rest = match["rest"]
        if file and rest.endswith(f"/{file}"):
            ref, path = rest.removesuffix(f"/{file}"), file
        else:
            ref, _, path = rest.partition("/")
        return cls(match["owner"], match["name"], revision or ref, path) if path else None

    @property
    def address(self) -> str:
        return f"{RAW}/{self._path}"

    @property
    def _path(self) -> str:
        return quote(f"{self.owner}/{self.name}/{self.revision}/{self.path}")

    def bring(self, job: Job) -> Brought:
        """The raw file holds a pointer where the repository keeps large files elsewhere: that is followed."""
        size, job.size = job.size, None  # of the file, and not of a pointer to it
        brought = download(job, self.address)
        job.size = size
        with job.partial.open("rb") as stream:
            pointer = large_file_pointer(stream.read(HEAD_BYTES))
        if pointer is None:
            return brought
        wrong = size not in (None, pointer.size) or job.sha256 not in (None, pointer.sha256)
        if wrong:
            raise CheckFailed(
                f"{self.address}: its pointer names {pointer.size:,} bytes with SHA-256 {pointer.sha256}, "
                f"expected {size if size is not None else 'any number of'} bytes with {job.sha256 or 'any'}."
            )
        forget(job.partial)
        job.size, job.sha256 = pointer.size, pointer.sha256
        found = download(job, f"{LARGE_FILES}/{self._path}")
        return Brought(found.url, checksum=str_of(Checksum("sha256", pointer.sha256, whole=True)))


def str_of(checksum: Checksum) -> str:
    return f"{checksum.algorithm}:{checksum.value}"
