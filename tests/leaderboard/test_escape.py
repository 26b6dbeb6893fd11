"""Catalogue text stays text, in Markdown, HTML, front matter and scripts."""

from __future__ import annotations

import json

import pytest
import yaml
from reading import read_html, read_page

from sngen.leaderboard.escape import link, script_json, text, web_address

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "a | b | c",
    "`code` ``more``",
    "{{ config.site_name }} {% raw %} {: .x onclick=y }",
    "&lt;b&gt; &amp; &#60;script&#62;",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "# heading",
    "1. list",
    "- list",
    "> quote",
    "    indented code",
    "**bold** _em_ ~~del~~ ^sup^",
    "line one\n\n<b>line two</b>\n===",
    "<https://evil.example>",
    "[ref]: https://evil.example",
    "\\`escaped\\` \\<b>",
    "$math$ :smile: --- ...",
    "key: value # comment",
    "<!-- comment",
    "<![CDATA[ x",
    "</td></tr></table><h1>out",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_text_is_shown_as_it_is_and_makes_no_element(words: str) -> None:
    shown = " ".join(words.split())
    places = {
        "heading": f"---\n---\n# {text(words)}\n\nend",
        "paragraph": f"---\n---\n{text(words)}\n\nend",
        "list item": f"---\n---\n- {text(words)}\n\nend",
        "cell": f"---\n---\n<table><tr><td>{text(words)}</td></tr></table>\n\nend",
        "code": f"---\n---\n<pre><code>{text(words)}</code></pre>\n\nend",
    }
    allowed = {"h1", "p", "ul", "li", "table", "tbody", "tr", "td", "pre", "code"}
    for place, page in places.items():
        found = read_page(page)
        assert found.text in {f"{shown} end", f"{shown}end"}, place
        assert {tag for tag, _ in found.elements} <= allowed, place
        assert {name for _, attributes in found.elements for name in attributes} <= {"id"}, place


@pytest.mark.parametrize("words", HOSTILE)
def test_text_stays_within_an_attribute(words: str) -> None:
    ((tag, attributes),) = read_html(f'<p title="{text(words)}"></p>').elements
    assert (tag, list(attributes)) == ("p", ["title"])
    assert attributes["title"] == " ".join(words.split()) or "\n" in words


@pytest.mark.parametrize("words", HOSTILE)
def test_a_title_survives_yaml(words: str) -> None:
    title = yaml.safe_load(f"title: {json.dumps(text(words))}")["title"]
    assert read_html(title).text == " ".join(words.split())
    assert read_html(title).elements == []


def test_text_hides_nothing_and_reverses_nothing() -> None:
    assert text("good\u202egnp.exe\u200b") == "goodgnp.exe"
    assert text("a\x00b\u2028c") == "a b c"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
        "data:text/html,x", "vbscript:x", "//evil.example/x", "/local", "ftp://host/x", "https:///x", "https://",
        "https://user:password@host/", "https://ho st/", "http://[::1", "file:///etc/passwd", "https://host\\@evil/",
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(address: str) -> None:
    assert web_address(address) is None
    assert "href" not in link(address)
    assert read_html(link(address)).elements == []


def test_an_address_is_percent_safe_and_keeps_its_meaning() -> None:
    assert web_address("https://host/a%20b?x=1&y=<é>\"'") == "https://host/a%20b?x=1&amp;y=%3C%C3%A9%3E%22%27"
    ((tag, attributes),) = read_html(link("https://host/x?a=1&b=2", "<b>")).elements
    assert (tag, attributes["href"]) == ("a", "https://host/x?a=1&b=2")


@pytest.mark.parametrize("words", [*HOSTILE, "\u2028\u2029", "</script>", "<!--<script>"])
def test_script_json_cannot_leave_its_script(words: str) -> None:
    written = script_json({"key": [words]})
    assert json.loads(written) == {"key": [words]}
    assert not {"<", ">", "\u2028", "\u2029", "\n"} & set(written)


def test_script_json_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json({"value": float("nan")})
