"""A release whose every free text is an attack: no page, table or chart lets one through."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from reading import read_html, read_page, script_value
from stand_in import StandIn, stand_in
from test_escape import HOSTILE

from sngen.leaderboard.build import write_docs
from sngen.leaderboard.context import Context
from sngen.schema import MODELS, TABLES, Column

ATTACK = "".join(HOSTILE)
#: Elements that our own pages use; an attack that made another one is found.
OURS = {
    "a", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "figcaption", "figure",
    "form", "g", "h1", "h2", "h3", "input", "label", "li", "ol", "p", "pre", "span", "strong", "summary",
    "svg", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
OUR_ATTRIBUTES = {
    "action", "aria-label", "autocomplete", "class", "data-bundle", "data-name", "data-root", "data-spec",
    "data-src", "download", "for", "href", "id", "method", "name", "placeholder", "rel", "role", "scope",
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
    release.entries = [
        {
            "source": ATTACK, "rule": ATTACK, "explanation": ATTACK, "table": ATTACK, "column": ATTACK,
            "rows": [{"row_id": ATTACK, "before": ATTACK, "after": None}],
        }
    ]  # fmt: skip
    return release


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


def test_no_page_has_a_foreign_element_attribute_or_address(hostile_docs: Path) -> None:
    pages = sorted(hostile_docs.rglob("*.md"))
    assert len(pages) > 25
    for path in pages:
        found = read_page(path.read_text("utf-8"))
        assert {tag for tag, _ in found.elements} <= OURS, path
        assert {name for _, attributes in found.elements for name in attributes} <= OUR_ATTRIBUTES, path
        for address in found.attributes("href"):
            assert re.match(r"(\.\./|[a-z]|#)", address), (path, address)
            assert not re.match(r"\s*[a-z]+:", address) or address.startswith("https://"), (path, address)


def test_front_matter_titles_are_text(hostile_docs: Path) -> None:
    for path in hostile_docs.rglob("*.md"):
        front = yaml.safe_load(path.read_text("utf-8").split("---\n")[1])
        assert read_html(front["title"]).elements == [], path


def test_the_attack_is_shown_where_the_text_belongs(hostile: StandIn, hostile_docs: Path) -> None:
    shown = "".join(ATTACK.split())
    model_id = hostile.rows["models"][0][MODELS.c.model_id]
    page = read_page((hostile_docs / f"models/{model_id}.md").read_text("utf-8"))
    assert "".join(page.text.split()).count(shown) > 10
    assert shown in "".join(read_page((hostile_docs / "audit.md").read_text("utf-8")).text.split())


def test_scripts_hold_the_exact_text_and_nothing_that_ends_them(hostile_docs: Path) -> None:
    table = (hostile_docs / "tables/models.js").read_text("utf-8")
    assert "<" not in table
    assert ATTACK in script_value(table)["data"]["name"]
    charts = sorted((hostile_docs / "charts").glob("*.js"))
    assert charts
    for path in charts:
        script = path.read_text("utf-8")
        assert "<" not in script
        assert "href" not in str(script_value(script).get("encoding"))
