"""Two to six models side by side. A reader chooses them, so the page is made in the browser."""

from __future__ import annotations

from sngen.leaderboard.compare_data import HEAD
from sngen.leaderboard.page import Body, Page

PATH = "compare.md"


def compare_page() -> Page:
    body = Body(PATH)
    body.add(
        "Two to six models side by side: what they are, and their scores, each with n, its 95 % interval "
        "where it has one, and where it comes from. Measured and reported numbers stand apart. Numbers of "
        "different protocols, sources, images or n are shown and marked as not comparable. The "
        "address of the page names the models, so it can be shared.",
        f'<div class="sn-compare" data-head="{HEAD}" data-models="tables/models.js" data-search-exclude>'
        '<p class="sn-note">Putting models side by side needs JavaScript, which is switched off or was '
        "not loaded. The same facts and numbers are on the page of each model; "
        '<a href="models.html">the list of models</a> leads to them, and '
        '<a href="data.html#one-model-as-json">a JSON file</a> lies beside each.</p></div>',
    )
    return body.page("Compare")
