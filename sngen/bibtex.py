"""Names as BibTeX takes them."""

from __future__ import annotations

import re


def bibtex_authors(authors: str | None) -> str | None:
    """``"A. One, B. Two"`` as ``"A. One and B. Two"``: a comma stands in one person's name in BibTeX."""
    if authors is None:
        return None
    return " and ".join(name for name in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", authors) if name)
