"""Pages that are put into a page which the theme rendered once."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import read_html

from sngen.errors import CheckFailed
from sngen.leaderboard.page import Page
from sngen.leaderboard.shell import PATH, Middle, Shell, middle_of, write_middles

RENDERED = """<html><title>SNTITLE - Site</title><link href="../../a.css">
<script>new URL("../..",location)</script>
<nav><ul><li class="md-nav__item">
    <a href="#snsection" class="md-nav__link"><span>
      SNSECTION</span></a>
</li></ul></nav><body><h1 id="sntitle">SNTITLE<a class="headerlink" href="#sntitle">&para;</a></h1>
<p>SNBODY</p>
<h2 id="snsection">SNSECTION<a class="headerlink" href="#snsection">&para;</a></h2></body></html>
"""


def _middle(path: str = "models/a/b/c.md") -> Middle:
    parts = (
        "<p>lead</p>",
        "## First part",
        "plain words",
        "<pre>\n\n  kept\n</pre>",
        "## Second",
        lambda: "<p>late</p>",
    )
    return middle_of(Page(path, "A <b> & c", parts))


def test_parts_become_sections() -> None:
    middle = _middle()
    assert middle.lead == "<p>lead</p>"
    assert middle.sections == (
        ("First part", "<p>plain words</p>\n<pre>\n\n  kept\n</pre>"),
        ("Second", "<p>late</p>"),
    )


def test_a_page_has_title_contents_and_sections_in_the_themes_form() -> None:
    html = Shell(RENDERED).page(_middle())
    found = read_html(html)
    assert [a["href"] for tag, a in found.elements if a.get("class") == "md-nav__link"] == [
        "#first-part",
        "#second",
    ]
    assert [a["id"] for tag, a in found.elements if tag == "h2"] == ["first-part", "second"]
    assert html.count("A &#60;b&#62; &#38; c") == 2
    assert "<pre>\n\n  kept\n</pre>" in html
    assert "SNTITLE" not in html and "SNBODY" not in html and "SNSECTION" not in html


@pytest.mark.parametrize("path, root", [("models/a/b/c.md", "../../.."), ("models/a/b.md", "../..")])
def test_addresses_lead_to_the_root_from_any_depth(path: str, root: str) -> None:
    html = Shell(RENDERED).page(_middle(path))
    assert f'href="{root}/a.css"' in html
    assert f'new URL("{root}",location)' in html


@pytest.mark.parametrize("lacking", ["<p>SNBODY</p>", "<h2 id", "md-nav__item", "SNTITLE"])
def test_a_theme_without_the_places_is_refused(lacking: str) -> None:
    with pytest.raises(CheckFailed, match=r"as the theme rendered it.*constraints\.txt"):
        Shell(RENDERED.replace(lacking, "x"))


def test_the_shell_itself_is_taken_away(tmp_path: Path) -> None:
    shell = (tmp_path / PATH).with_suffix(".html")
    shell.parent.mkdir(parents=True)
    shell.write_text(RENDERED)
    assert write_middles([_middle(), _middle("models/a/d.md")], tmp_path) == 2
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.html"))
    assert files == ["models/a/b/c.html", "models/a/d.html"]
    with pytest.raises(CheckFailed, match="Build the site again"):
        write_middles([], tmp_path)
