"""Tell a checkpoint from what servers send instead: HTML pages, error documents, pointers to large files."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

#: Enough of a file's beginning to see what it is and find a page's title.
HEAD_BYTES = 16384
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n"
    rb"(?:.*\n)*?size (\d{1,15})\n"
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<error", b"<!--")


def page_in_place_of_file(head: bytes) -> str | None:
    """In words, the page whose beginning this is; None if it is none. No format of weights begins so."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    if not start.startswith(_MARKUP):
        return None
    kind = "an XML document" if start.startswith((b"<?xml", b"<error")) else "an HTML page"
    title = _TITLE.search(head)
    if title is None:
        return kind
    words = " ".join(html.unescape(title[1].decode("utf-8", "replace")).split())
    return f"{kind} with the title {printable(words)!r}"


def printable(text: str, longest: int = 120) -> str:
    """A stranger's text for the user's terminal: no control characters, not long."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:longest]


@dataclass(frozen=True)
class LargeFilePointer:
    """What Git LFS keeps in a repository in place of a large file."""

    sha256: str
    size: int


def large_file_pointer(head: bytes) -> LargeFilePointer | None:
    match = _POINTER.match(head)
    return LargeFilePointer(match[1].decode(), int(match[2])) if match else None
