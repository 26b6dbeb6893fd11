"""Every chart can be taken along: as pictures, as its specification, as its data."""

from __future__ import annotations

import csv
import json
import re
import struct
from pathlib import Path

import pytest
from on_page import OpenPage
from playwright.sync_api import Download, Page


@pytest.fixture(scope="session")
def charted(site_folder: Path) -> str:
    """A leaderboard with a chart."""
    for page in sorted((site_folder / "leaderboards").rglob("*.html")):
        if 'class="sn-chart"' in page.read_text("utf-8"):
            return page.relative_to(site_folder).as_posix()
    pytest.fail("no leaderboard of the site has a chart")


def _saved(page: Page, role: str, words: str) -> Download:
    figure = page.locator(".sn-plot").first
    with page.expect_download() as waiting:
        figure.get_by_role(role, name=re.compile(f"^{words} of ")).press("Enter")  # type: ignore[arg-type]
    return waiting.value


@pytest.mark.parametrize("where", ["server", "disk"])
def test_a_chart_is_saved_as_svg_png_specification_and_data(
    open_page: OpenPage, site_server: str, site_folder: Path, charted: str, where: str
) -> None:
    page = open_page((site_server if where == "server" else f"{site_folder.as_uri()}/") + charted, dark=True)
    name = page.locator(".sn-chart").first.get_attribute("data-name")
    png = _saved(page, "button", "PNG")
    assert png.suggested_filename == f"{name}.png"
    content = Path(png.path()).read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    assert 1300 < width < 1600 and height > 300
    assert page.locator(".sn-plot > [aria-hidden]").count() == 0
    if where == "disk":
        return  # a browser shows a file of the disk where a server's is saved
    spec = json.loads(Path(_saved(page, "link", "Vega-Lite JSON").path()).read_text("utf-8"))
    assert "vega-lite" in spec["$schema"]
    assert Path(_saved(page, "link", "SVG").path()).read_text("utf-8").startswith("<svg ")
    rows = list(csv.DictReader(Path(_saved(page, "link", "CSV").path()).read_text("utf-8").splitlines()))
    assert "model_id" in rows[0]


def test_the_png_is_dark_on_white_in_the_dark_theme(
    open_page: OpenPage, site_server: str, charted: str
) -> None:
    page = open_page(site_server + charted, dark=True)
    content = Path(_saved(page, "button", "PNG").path()).read_bytes()
    corner = page.evaluate(
        """async (bytes) => {
          const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: "image/png" }));
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const context = canvas.getContext("2d");
          context.drawImage(picture, 0, 0);
          return [...context.getImageData(1, 1, 1, 1).data];
        }""",
        list(content),
    )
    assert corner == [255, 255, 255, 255]
