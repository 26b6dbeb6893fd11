"""An entry as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from html import escape

from sngen.release.changes.entry import Entry
from sngen.release.changes.rendering import visible

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d0d4da, #3c4149); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem;
  background: light-dark(#fff, #16181c); color: light-dark(#1b1e23, #e6e8eb); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; border-top: 1px solid var(--line); margin: 2rem 0 .5rem; padding-top: 1rem; }
ul { margin: 0; padding-left: 1.2rem; }
li { overflow-wrap: anywhere; margin: .15rem 0; font-variant-numeric: tabular-nums; }
"""


def as_page(entry: Entry, title: str, note: str | None = None) -> str:
    """``title`` is the heading, ``note`` a sentence at the end of the summary."""
    summary = [*entry.summary, *([note] if note else [])]
    sections = "".join(f"<h2>{_text(one.title)}</h2>\n{_list(one.lines)}" for one in entry.sections)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_text(title)}</h1>\n{_list(summary)}{sections}</main>\n</body>\n</html>"
    )


def _list(lines: tuple[str, ...] | list[str]) -> str:
    items = "\n".join(f"<li>{_text(line)}</li>" for line in lines)
    return f"<ul>\n{items}\n</ul>\n"


def _text(words: str) -> str:
    return escape(visible(words))
