"""The Hugging Face Hub, through its own client: endpoint, token, cache and offline settings are the user's.

The client keeps the file in its own cache; ours gets a hard link where the disk allows it, a copy elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sngen import __version__
from sngen.canonical import file_hash
from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS, SHA256_PATTERN
from sngen.zoo.fetching import hub_client
from sngen.zoo.fetching.connection import OFFLINE
from sngen.zoo.fetching.hub_client import asking
from sngen.zoo.fetching.job import Brought, Job
from sngen.zoo.fetching.pages import printable
from sngen.zoo.fetching.partial import take

HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
BRANCH = "main"
#: Where models of timm, transformers and OpenCLIP have their weights, the safest format first.
USUAL_FILES = (
    "model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin", "open_clip_pytorch_model.bin",
)  # fmt: skip
MOST_NAMES = 12
_FILE = re.compile(r"/([^/]+/[^/]+|[^/]+)/(?:resolve|blob)/([^/]+)/(.+)")


@dataclass(frozen=True)
class HubFile:
    """``file`` None: one of the usual files. ``revision`` None: what the main branch is at the time."""

    repository: str
    revision: str | None = None
    file: str | None = None
    format: str | None = None
    sha256: str | None = None

    @classmethod
    def of(
        cls, url: str | None, repository: str | None, revision: str | None, file: str | None
    ) -> HubFile | None:
        """From the address of a file on the Hub, or from a repository. None for any other address."""
        if url is not None and urlsplit(url).hostname in HOSTS:
            match = _FILE.fullmatch(unquote(urlsplit(url).path))
            if match is not None:
                named = None if match[2] == BRANCH else match[2]
                return cls(match[1], revision or named, match[3])
        return cls(repository, revision, file) if repository else None

    @property
    def address(self) -> str:
        """The same through every mirror: what a mirror has must be what the Hub has."""
        return f"{hub_client.HUB}/{self._path}"

    @property
    def _place(self) -> str:
        return f"{hub_client.endpoint()}/{self._path}"

    @property
    def _path(self) -> str:
        return f"{self.repository}/resolve/{self.revision or BRANCH}/{self.file or '*'}"

    def bring(self, job: Job) -> Brought:
        if hub_client.is_offline():
            return self._from_its_cache(job)
        place, commit, checksum = asking(job, self._place, lambda: self._located(job))
        # By the branch and not by the commit, so that the client finds it by the branch when it is offline.
        path = asking(job, self._place, lambda: place._download(job))
        expected = job.sha256 or checksum
        if expected is not None and file_hash(path) != expected:
            # The client does not look into its own cache, which may be damaged.
            path = asking(job, self._place, lambda: place._download(job, force_download=True))
        take(path, job.partial)
        return Brought(place.address, _commit_of(path) or commit, f"sha256:{checksum}" if checksum else None)

    def _from_its_cache(self, job: Job) -> Brought:
        names = [self.file] if self.file else _preferred(USUAL_FILES, self.format)
        for name in names:
            place = replace(self, file=name)
            ask = partial(place._download, job, local_files_only=True)
            try:
                path = asking(job, place._place, ask)
            except hub_client.NotThere:
                continue
            take(path, job.partial)
            return Brought(place.address)
        raise UsageError(
            f"{self._place}: neither in the cache nor in that of the Hub's client, and they are set to "
            f"offline. Fetch it with the network on: unset {OFFLINE} and HF_HUB_OFFLINE."
        )

    def _located(self, job: Job) -> tuple[HubFile, str, str | None]:
        """Which file, which commit, and the SHA-256 that the Hub states for large files."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url  # noqa: PLC0415 - only where needed

        place = self if self.file else replace(self, file=self._chosen())
        url = hf_hub_url(
            place.repository, place.file or "", revision=place.revision, endpoint=hub_client.endpoint()
        )
        data = get_hf_file_metadata(url, endpoint=hub_client.endpoint())
        commit, tag = data.commit_hash or "", data.etag or ""
        for what, found in (("commit", commit), ("entity tag", tag)):
            # The client makes names of files of both, in its cache, without looking at them.
            if not re.fullmatch(r"[0-9A-Za-z_-]{1,128}", found):
                raise CheckFailed(
                    f"{place._place}: this is no answer of a Hub, its {what} is {printable(found)!r}. See "
                    "HF_ENDPOINT."
                )
        _check_size(place, data.size, job)
        return place, commit, tag if re.fullmatch(SHA256_PATTERN, tag) else None

    def _chosen(self) -> str:
        """The file with the hash that is sought, or else the first usual one that the repository has."""
        from huggingface_hub import HfApi  # noqa: PLC0415

        info = HfApi(endpoint=hub_client.endpoint()).model_info(
            self.repository, revision=self.revision, files_metadata=self.sha256 is not None
        )
        siblings = info.siblings or []
        for one in siblings:
            if self.sha256 is not None and one.lfs is not None and one.lfs.sha256 == self.sha256:
                return str(one.rfilename)
        names = [str(one.rfilename) for one in siblings]
        usual = [name for name in _preferred(USUAL_FILES, self.format) if name in names]
        if usual:
            return usual[0]
        listed = ", ".join(printable(name) for name in names[:MOST_NAMES]) or "no file"
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        raise UsageError(
            f"{self._place}: which file? The repository has {listed}{more}, and none of "
            f"{', '.join(USUAL_FILES)}. Name one in the catalogue's {MODELS.c.weights_file}."
        )

    def _download(self, job: Job, **options: bool) -> Path:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415

        path: str = hf_hub_download(
            self.repository,
            self.file or "",
            revision=self.revision,
            endpoint=hub_client.endpoint(),
            library_name="securitynet",
            library_version=__version__,
            tqdm_class=hub_client.bar_class(job),
            **options,
        )  # type: ignore[call-overload]
        return Path(path)


def _preferred(names: Sequence[str], format_: str | None) -> list[str]:
    """The names of the format that the catalogue states first."""
    if format_ != "torch":
        return list(names)
    return sorted(names, key=lambda name: not name.endswith(".bin"))


def _commit_of(path: Path) -> str | None:
    """The commit that the client took it from, which is in the path within its cache."""
    found = [part for part in path.parts if re.fullmatch(r"[0-9a-f]{40}", part)]
    return found[0] if len(found) == 1 else None


def _check_size(place: HubFile, size: int | None, job: Job) -> None:
    if size is not None and (size > job.limit or (job.size is not None and size != job.size)):
        expected = f"{job.size:,}" if job.size is not None else f"at most {job.limit:,}"
        raise CheckFailed(f"{place._place}: the Hub has {size:,} bytes, expected {expected}.")
