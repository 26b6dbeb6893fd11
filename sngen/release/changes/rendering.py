"""An entry as text for a terminal and as Markdown."""

from __future__ import annotations

from sngen.release.changes.entry import Entry, Section
from sngen.release.markdown import plain_text


def as_text(entry: Entry, title: str) -> str:
    parts = [title, *(f"  {visible(line)}" for line in entry.summary)]
    for section in entry.sections:
        parts += ["", f"{section.title}:", *(f"  {visible(line)}" for line in _lines(section))]
    return "\n".join(parts)


def as_markdown(entry: Entry, title: str) -> str:
    parts = [f"## {plain_text(title)}", "\n".join(f"- {plain_text(line)}" for line in entry.summary)]
    for section in entry.sections:
        lines = "\n".join(f"- {plain_text(line)}" for line in _lines(section))
        parts += [f"### {plain_text(section.title)}", lines]
    return "\n\n".join(parts)


def _lines(section: Section) -> list[str]:
    return [*section.lines, *([f"and {section.more:,} more"] if section.more else [])]


def visible(line: str) -> str:
    """Without control characters: they may come from a source, and steer a terminal or hide words."""
    return "".join(one if one.isprintable() else " " for one in line)
