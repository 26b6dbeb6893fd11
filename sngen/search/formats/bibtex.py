"""BibTeX: one entry a paper, in the order of the models, and the models that it belongs to."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sngen.bibtex import bibtex_authors
from sngen.schema import MODELS
from sngen.search.select import Selection

_M = MODELS.c
FIELDS = (
    ("title", _M.paper_title), ("author", _M.authors), ("year", _M.year), ("booktitle", _M.venue),
    ("url", _M.paper_url),
)  # fmt: skip
MOST_MODELS = 5
_SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}  # fmt: skip


def write(selection: Selection) -> str:
    """Models without title and address of a paper have no entry; how many stands in a comment."""
    columns = {name: selection.values(name) for _, name in FIELDS}
    papers: dict[str, dict[str, Any]] = {}
    models: dict[str, list[str]] = {}
    without = set()
    for number, model_id in enumerate(selection.values(_M.model_id)):
        paper = {name: columns[name][number] for _, name in FIELDS}
        identity = paper[_M.paper_url] or paper[_M.paper_title]
        if identity is None:
            without.add(model_id)
            continue
        known = papers.setdefault(identity, paper)
        known.update({name: value for name, value in paper.items() if known[name] is None})
        if model_id not in models.setdefault(identity, []):
            models[identity].append(model_id)
    keys: set[str] = set()
    entries = [_entry(_key(paper, keys), paper, models[name]) for name, paper in papers.items()]
    if without:
        entries.append(f"% {len(without)} models without a known paper have no entry.\n")
    return "\n".join(entries)


def _entry(key: str, paper: dict[str, Any], models: list[str]) -> str:
    kind = "inproceedings" if paper[_M.venue] and paper[_M.venue].lower() != "arxiv" else "misc"
    more = f" and {len(models) - MOST_MODELS} more" if len(models) > MOST_MODELS else ""
    fields = []
    for name, column in FIELDS:
        value = paper[column]
        if value is None:
            continue
        if name == "author":
            value = bibtex_authors(value)
        text = _address(value) if name == "url" else escaped(str(value))
        label = "howpublished" if (name, kind) == ("booktitle", "misc") else name
        fields.append((label, f"{{{text}}}" if name == "title" else text))
    note = f"Models in SecurityNet: {', '.join(models[:MOST_MODELS])}{more}"
    fields.append(("note", escaped(note)))
    lines = ",\n".join(f"  {name} = {{{text}}}" for name, text in fields)
    return f"@{kind}{{{key},\n{lines}\n}}\n"


def escaped(text: str) -> str:
    """Text in which nothing is a command of LaTeX and no brace ends the field."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return "".join(_SPECIAL.get(letter, letter) for letter in plain)


def _address(value: Any) -> str:
    """An address goes into \\url, where only braces, backslashes and % would do harm."""
    return re.sub(r"[{}\\%\s]", lambda found: f"%{ord(found[0]):02X}", str(value)).replace("%", r"\%")


def _key(paper: dict[str, Any], taken: set[str]) -> str:
    words = paper[_M.paper_title] or re.sub(r"^https?://", "", paper[_M.paper_url])
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain)[:4]
    base = "-".join([*parts, *([str(paper[_M.year])] if paper[_M.year] else [])]) or "paper"
    key, count = base, 1
    while key in taken:
        count += 1
        key = f"{base}-{count}"
    taken.add(key)
    return key
