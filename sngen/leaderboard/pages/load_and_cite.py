"""How to load the release, what is in it, and how to cite it."""

from __future__ import annotations

from collections.abc import Iterator

from sngen.leaderboard.citations import release_entries
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.model_json import INDEX, PARTS, fields_of
from sngen.leaderboard.page import Body, Page, code_block, key_values, plain_table
from sngen.schema import TABLES

PATH = "data.md"
LOAD = """\
from datasets import load_dataset

# in the folder that holds the release folder "securitynet"
leaderboard = load_dataset("securitynet", "leaderboard", split="train").to_pandas()
scores = load_dataset("securitynet", "scores", split="train").to_pandas()"""

WITHOUT = """\
import pandas as pd

models = pd.read_parquet("securitynet/data/models")"""

READ_JSON = """\
import json
from urllib.request import urlopen

site = "https://example.org/securitynet/"  # where you read this page
index = json.load(urlopen(site + "models/index.json"))
model = json.load(urlopen(site + "models/" + index["models"][0]["json"]))
print([(s["metric"], s["value"], s["origin"]) for s in model["scores"]])"""


def load_and_cite_page(context: Context) -> Page:
    snapshot = context.snapshot
    body = Body(PATH)
    body.add(
        "A release is a folder that is itself a Hugging Face dataset repository: Parquet tables, a card, a "
        "manifest with the SHA-256 of every file, and a fingerprint of its content. A published version "
        "never changes.",
        key_values(
            (
                ("Version", text(snapshot.version)),
                ("Fingerprint", f"<code>sha256:{text(snapshot.fingerprint)}</code>"),
            )
        ),
        "## Load",
        code_block(LOAD),
        "Without the package `datasets`:",
        code_block(WITHOUT),
        '<p class="sn-note"><code>load_dataset</code> ignores <code>revision=</code> for a local '
        "folder without a word. Check the version in the folder's <code>manifest.json</code>.</p>",
        "## Tables",
        plain_table(
            "Tables of this release",
            ("Config", "A row is", "Rows"),
            [
                (f"<code>{name}</code>", text(table.row_is), f"{len(snapshot.tables[name]):,}")
                for name, table in TABLES.items()
            ],
        ),
        "Every column is described in the [data dictionary](dictionary.md); what was cleaned and flagged, "
        "in the [audit report](audit.md); what changed since earlier versions, in [versions](versions.md).",
        *_static_api(context),
        "## Cite",
        "Name version and fingerprint, and the study that this extends:",
        code_block(release_entries(snapshot).strip()),
        "For a reported number, cite its source as well: the model's page names it.",
        "## Licence",
        "Code: MIT. Data: CC BY 4.0; facts taken from elsewhere stay under the terms of their source, which "
        "the table `sources` names with revision and licence. No weights and no images are part of a "
        "release.",
    )
    return body.page("Load and cite")


def _static_api(context: Context) -> Iterator[str]:
    """The files that programs read, below the address of the site."""
    example = next(iter(context.snapshot.models), "MODEL_ID")
    yield "## One model as JSON"
    yield (
        "Beside every model's page lies the same content for programs. Its address is the page's with "
        "`.json` in the place of `.html`. An id stays, and so does its address; what was renamed is listed "
        "under `aliases`. Fields have the names, units and values of the columns in the "
        "[data dictionary](dictionary.md). **A field that is not there is unknown.** `release` names "
        "version, fingerprint and date of the release that the file was made from."
    )
    yield f"<p>For example: <code>models/{text(example)}.json</code></p>"
    yield plain_table(
        "Fields of a model's JSON",
        ("Field", "Holds", "Columns"),
        [
            (
                f"<code>{part}</code>",
                f"{text(meaning)} (table <code>{table.name}</code>)",
                " ".join(f"<code>{name}</code>" for name in fields_of(part)),
            )
            for part, (table, meaning) in PARTS.items()
        ],
    )
    yield (
        f'<p><a href="{INDEX}"><code>{INDEX}</code></a> lists all models: <code>model_id</code>, '
        "<code>name</code>, <code>dataset_id</code> (null where unknown), and <code>json</code> and "
        "<code>page</code>, their addresses relative to the index. Bits of outcomes, points of curves and "
        "pixels of pictures are in the release alone, under the ids that the JSON gives.</p>"
    )
    yield code_block(READ_JSON)
