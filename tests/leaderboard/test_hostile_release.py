"""A release whose every free text is an attack: no page, table or chart lets one through."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from page_texts import written
from reading import read_html, read_page, script_value, unpacked
from stand_in import SOURCE, StandIn, stand_in
from test_escape import HOSTILE
from test_shell import RENDERED
from whole_catalogue import whole_catalogue

from sngen.leaderboard.build import model_pages, write_docs
from sngen.leaderboard.context import Context
from sngen.leaderboard.shell import Shell
from sngen.schema import ERRATA, MODELS, TABLES, Column

ATTACK = "".join(HOSTILE)
#: Elements that our own pages use; an attack that made another one is found.
OURS = {
    "a", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "figcaption", "figure",
    "form", "g", "h1", "h2", "h3", "input", "label", "li", "ol", "p", "pre", "span", "strong", "summary",
    "svg", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
OUR_ATTRIBUTES = {
    "action", "aria-label", "autocomplete", "class", "data-bundle", "data-name", "data-root", "data-spec",
    "data-head", "data-models", "data-search-exclude", "data-src", "download", "for", "href", "id",
    "method", "name", "open", "placeholder", "rel", "role", "scope",
    "style", "type", "viewbox",
}  # fmt: skip


def _free(column: Column) -> bool:
    return column.allowed is None and column.references is None and (
        column.pattern is None or "url" in column.name or column.name == "homepage"
    )  # fmt: skip


@pytest.fixture(scope="module")
def hostile() -> StandIn:
    """Every text without an own pattern, and every address, holds all attacks at once."""
    release = stand_in({"cifar10": 12}, measured=3)
    small = whole_catalogue(0.0)  # for a row in every table
    for name in ("projects", "aliases"):
        release.rows[name] = [
            row | {"source_id": SOURCE, "model_id": "reference/digits/net-0", "dataset_id": "cifar10"}
            if name == "projects"
            else row | {"source_id": SOURCE, "model_id": "reference/digits/net-0"}
            for row in small.rows[name]
        ]
    release.rows["errata"] = [
        ERRATA.row(erratum_id="e", date="2026-03-01", who="w", reason="r", source_id=SOURCE)
    ]
    release.rows["scores"][-1]["withdrawn"] = "e"
    structure = {"method", "setting", "source_id", "model_id", "unit", "protocol", "bits", "split"}
    for name, table in TABLES.items():
        for row in release.rows[name]:
            for column in table:
                if column.name in structure or column.name in table.key or not _free(column):
                    continue
                if column.kind == "text":
                    row[column.name] = ATTACK if column.pattern is None else "javascript:alert(1)//" + ATTACK
                elif column.kind == "texts":
                    row[column.name] = [ATTACK, "second"]
    release.version = release.fingerprint = ATTACK
    release.log = [
        {
            "version": ATTACK, "date": ATTACK, "fingerprint": ATTACK, "previous": ATTACK, "summary": [ATTACK],
            "sections": [{"title": ATTACK, "lines": [ATTACK], "more": 0}],
        }
    ]  # fmt: skip
    release.entries = [
        {
            "source": ATTACK, "rule": ATTACK, "explanation": ATTACK, "table": ATTACK, "column": ATTACK,
            "rows": [{"row_id": ATTACK, "before": ATTACK, "after": None}],
        }
    ]  # fmt: skip
    return release


@pytest.fixture(scope="module")
def hostile_texts(hostile: StandIn, make_context: Callable[..., Context], repository: Path) -> dict[str, str]:
    return written(make_context(hostile), repository)


@pytest.fixture(scope="module")
def hostile_docs(
    hostile: StandIn,
    make_context: Callable[..., Context],
    repository: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "docs"
    write_docs(make_context(hostile), lambda: "", repository / "site", folder)
    return folder


def test_no_page_has_a_foreign_element_attribute_or_address(hostile_texts: dict[str, str]) -> None:
    assert len(hostile_texts) > 25
    for path, text in hostile_texts.items():
        found = read_page(text)
        assert {tag for tag, _ in found.elements} <= OURS, path
        assert {name for _, attributes in found.elements for name in attributes} <= OUR_ATTRIBUTES, path
        for address in found.attributes("href"):
            assert re.match(r"(\.\./|[a-z]|#)", address), (path, address)
            assert not re.match(r"\s*[a-z]+:", address) or address.startswith("https://"), (path, address)


def test_finished_model_pages_hold_nothing_foreign(
    hostile: StandIn, make_context: Callable[..., Context]
) -> None:
    """The pages that no Markdown program sees, as they are put into the theme's page."""
    shell = Shell(RENDERED)
    count = 0
    for middle in model_pages(make_context(hostile)):
        found = read_html(shell.page(middle))
        assert {tag for tag, _ in found.elements} <= OURS | {"html", "title", "nav", "body", "link", "script"}
        assert {name for _, attributes in found.elements for name in attributes} <= OUR_ATTRIBUTES | {"title"}
        count += 1
    assert count == len(hostile.rows["models"])


def test_front_matter_titles_are_text(hostile_texts: dict[str, str]) -> None:
    for path, text in hostile_texts.items():
        front = yaml.safe_load(text.split("---\n")[1]) if text.startswith("---") else {"title": ""}
        assert read_html(front["title"]).elements == [], path


def test_the_attack_is_shown_where_the_text_belongs(hostile: StandIn, hostile_texts: dict[str, str]) -> None:
    shown = "".join(ATTACK.split())
    model_id = hostile.rows["models"][0][MODELS.c.model_id]
    page = read_page(hostile_texts[f"models/{model_id}.md"])
    assert "".join(page.text.split()).count(shown) > 10
    for path in ("audit.md", "versions.md", "collections.md", "datasets/cifar10.md"):
        assert shown in "".join(read_page(hostile_texts[path]).text.split()), path


def test_scripts_hold_the_exact_text_and_nothing_that_ends_them(hostile_docs: Path) -> None:
    table = (hostile_docs / "tables/models.js").read_text("utf-8")
    assert "<" not in table
    assert ATTACK in unpacked(script_value(table)["data"]["name"])
    charts = sorted((hostile_docs / "charts").glob("*.js"))
    assert charts
    for path in charts:
        script = path.read_text("utf-8")
        assert "<" not in script
        assert "href" not in str(script_value(script).get("encoding"))
