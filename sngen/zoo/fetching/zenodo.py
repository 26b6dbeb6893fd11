"""Zenodo: a file of a record, which never changes."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from sngen.zoo.fetching.https import Https

BASE = "https://zenodo.org"
_RECORD = re.compile(r"/records?/(\d+)(?:/files/(.+?))?(?:/content)?/?")


def zenodo_file(url: str, file: str | None) -> Https | None:
    """From the address of a record and the name of a file, or that of a file. None for any other."""
    parts = urlsplit(url)
    match = _RECORD.fullmatch(parts.path) if parts.hostname in ("zenodo.org", "www.zenodo.org") else None
    if match is None or not (match[2] or file):
        return None
    return Https(f"{BASE}/records/{match[1]}/files/{match[2] or quote(file or '')}?download=1")
