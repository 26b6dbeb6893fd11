"""Pages that MkDocs does not render: their middle, put into a page that MkDocs rendered once.

Thousands of model pages share everything but their middle. MkDocs takes 5 to 15 ms for each of them and
repeats 18 kB of header, navigation and footer; here they take a tenth of a millisecond, and the shared part
is halved. They look the same because the shared part is the theme's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sngen.errors import CheckFailed
from sngen.leaderboard.escape import text
from sngen.leaderboard.page import Page, root_of

#: No model id begins with an underscore, so no page can have this path.
PATH = "models/_/_.md"
_TITLE, _SECTION, _BODY = "SNTITLE", "SNSECTION", "SNBODY"
_HEADING = re.compile(rf'<h2 id="snsection">{_SECTION}.*?</h2>', re.DOTALL)
_CONTENTS = re.compile(rf'<li class="md-nav__item">(?:(?!<li).)*?{_SECTION}.*?</li>', re.DOTALL)
_BODY_BLOCK = re.compile(rf"<p>{_BODY}</p>")
_ROOT = re.compile(r"(?<=\")\.\./\.\.(?=[/\"])")


@dataclass(frozen=True)
class Middle:
    """A page's own part: HTML before the first section, and the sections with their plain headings.

    ``data`` is the JSON that lies beside the page, if any."""

    path: str
    title: str
    lead: str
    sections: tuple[tuple[str, str], ...]
    data: str = ""


def middle_of(page: Page) -> Middle:
    """The page's parts as HTML. They are HTML already, or ``## headings``, or one plain paragraph each."""
    blocks: list[tuple[str, list[str]]] = [("", [])]
    for part in page.parts:
        words = part if isinstance(part, str) else part()
        if words.startswith("## "):
            blocks.append((words[3:], []))
        else:
            blocks[-1][1].append(words if words.startswith("<") else f"<p>{words}</p>")
    lead, *sections = [(heading, "\n".join(html)) for heading, html in blocks]
    return Middle(page.path, page.title, lead[1], tuple(sections))


def shell_page() -> Page:
    """The page that MkDocs renders in the place of all of them; it is taken away afterwards."""
    return Page(PATH, _TITLE, (_BODY, f"## {_SECTION}"), searchable=False)


class Shell:
    """The rendered shell, cut at the places where pages differ."""

    def __init__(self, html: str) -> None:
        """Raises ``CheckFailed`` where the theme's page does not have the expected places."""
        html = re.sub(r"\s*\n\s*", "\n", html)
        parts = {
            "heading": _HEADING.search(html),
            "entry of the table of contents": _CONTENTS.search(html),
            "body": _BODY_BLOCK.search(html),
        }
        missing = [name for name, found in parts.items() if found is None]
        if missing or _TITLE not in html or not _ROOT.search(html):
            raise CheckFailed(
                f"{PATH}, as the theme rendered it, has no {' or '.join(missing) or 'title or root'}; the "
                "pages of models are made from it. Use the version of mkdocs-material in constraints.txt."
            )
        heading, contents, body = (found.group() for found in parts.values() if found is not None)
        self._heading, self._entry = heading, contents
        self._html = html.replace(heading, "").replace(contents, "\x01").replace(body, "\x02")
        self._by_root: dict[str, list[str]] = {}

    def page(self, middle: Middle) -> str:
        """The finished page."""
        title = text(middle.title)
        slugs = [(_slug(heading), heading) for heading, _ in middle.sections]
        contents = "\n".join(self._filled(self._entry, slug, heading) for slug, heading in slugs)
        sections = "".join(
            f"\n{self._filled(self._heading, slug, heading)}\n{html}"
            for (slug, heading), (_, html) in zip(slugs, middle.sections, strict=True)
        )
        fill = {"\x01": contents, "\x02": middle.lead + sections, _TITLE: title}
        return "".join(fill.get(part, part) for part in self._parts(root_of(middle.path)))

    def _filled(self, piece: str, slug: str, heading: str) -> str:
        return piece.replace(_SECTION.lower(), slug).replace(_SECTION, heading)

    def _parts(self, root: str) -> list[str]:
        if root not in self._by_root:
            html = _ROOT.sub(root.removesuffix("/"), self._html)
            self._by_root[root] = re.split(f"(\x01|\x02|{_TITLE})", html)
        return self._by_root[root]


def _slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def write_middles(middles: Iterable[Middle], site: Path) -> int:
    """Fill the shell that lies in the finished ``site`` with every page, and remove it. Returns how many."""
    rendered = (site / PATH).with_suffix(".html")
    if not rendered.is_file():
        raise CheckFailed(
            f"{rendered}: not there; the pages of models are made from it. Build the site again."
        )
    shell = Shell(rendered.read_text(encoding="utf-8"))
    rendered.unlink()
    rendered.parent.rmdir()
    count = 0
    for middle in middles:
        target = (site / middle.path).with_suffix(".html")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(shell.page(middle), encoding="utf-8", newline="\n")
        if middle.data:
            target.with_suffix(".json").write_text(middle.data, encoding="utf-8", newline="\n")
        count += 1
    return count
