"""Tables in Markdown whose cells are text, whatever a source wrote into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with one heading line."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(text: str) -> str:
    """One line, no column break, no HTML: a source's text may hold any of them."""
    one_line = " ".join(str(text).split())
    return one_line.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")


#: Characters that mean something within a line of Markdown or to HTML, as references that mean nothing.
_BEGINS_A_BLOCK = re.compile(r"[-+#=:]|\d+[.)] ")
_REFERENCES = {ord(one): f"&#{ord(one)};" for one in "&<>`*_[]|\\~$@"}


def plain_text(text: str) -> str:
    """One line that Markdown and HTML show as it is."""
    words = " ".join(str(text).split())
    if _BEGINS_A_BLOCK.match(words):
        return f"&#{ord(words[0])};" + words[1:].translate(_REFERENCES)
    return words.translate(_REFERENCES)
