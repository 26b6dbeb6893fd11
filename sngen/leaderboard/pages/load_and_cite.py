"""How to load the release, what is in it, and how to cite it."""

from __future__ import annotations

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.page import Body, Page, code_block, key_values, plain_table
from sngen.release.citation import bibtex
from sngen.release.identity import Identity
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
        "## Cite",
        "Name version and fingerprint, and the study that this extends:",
        code_block(bibtex(Identity(snapshot.version, snapshot.fingerprint, snapshot.date)).strip()),
        "For a reported number, cite its source as well: the model's page names it.",
        "## Licence",
        "Code: MIT. Data: CC BY 4.0; facts taken from elsewhere stay under the terms of their source, which "
        "the table `sources` names with revision and licence. No weights and no images are part of a "
        "release.",
    )
    return body.page("Load and cite")
