"""Making catalogue text harmless. Every value that a page shows goes through one of these functions."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urlsplit

# Characters that mean something to HTML, Markdown, a template or YAML. A character reference means none of
# that to any of them, so one escape serves a heading, a table cell, an attribute and front matter alike.
_REFERENCES: dict[int, str] = {
    ord(character): f"&#{ord(character)};" for character in "&<>\"'`*_{}[]()#!|\\~^$"
}
# Control characters, line and paragraph separators: a value never ends a line, a cell or a list item.
_REFERENCES |= dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")
# Marks that reverse or hide the text around them.
_REFERENCES |= dict.fromkeys((*range(8234, 8239), *range(8294, 8298), 8203, 65279), "")

# In URLs: what a browser takes as it is; everything else is percent-encoded.
_URL_SAFE = "/:?#@!$&*+,;=%~._-"
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?")


def text(value: Any) -> str:
    """``value`` as characters that HTML, Markdown, YAML and Jinja show as they are, on one line."""
    words = str(value).translate(_REFERENCES).strip()
    # What starts a line may make it a list, a rule or a heading; a letter or a reference never does.
    if words and not words[0].isalpha() and words[0] != "&":
        return f"&#{ord(words[0])};{words[1:]}"
    return words


def web_address(value: Any) -> str | None:
    """``value`` as an http(s) address that is safe within a quoted attribute, or None if it is not one."""
    words = str(value).strip()
    try:
        parts = urlsplit(words)
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not _HOST.fullmatch(parts.netloc):
        return None
    return quote(words, safe=_URL_SAFE).replace("&", "&amp;")


def link(address: Any, words: Any | None = None) -> str:
    """A link where ``address`` is an http(s) address; otherwise the address as text."""
    target = web_address(address)
    shown = text(words if words is not None else address)
    if target is None:
        return shown if words is None else f"{shown} ({text(address)})"
    return f'<a href="{target}" rel="noopener">{shown}</a>'


def script_json(value: Any) -> str:
    """``value`` as JSON that is also a JavaScript expression and cannot end a ``<script>`` element.

    Keys keep their order. Raises ``ValueError`` on NaN and infinities.
    """
    words = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, replacement in (
        ("<", "\\u003c"), (">", "\\u003e"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"),
    ):  # fmt: skip
        words = words.replace(character, replacement)
    return words
