"""BibTeX of the release and of every model: for the models' pages, and for what a table's reader selects.

The entry of the release is the one of ``sngen cite``. Both it and the note of a model name version and
fingerprint, so that a citation says which data it means.
"""

from __future__ import annotations

from typing import Any

from sngen.bibtex import bibtex_authors
from sngen.leaderboard.escape import script_json, web_address
from sngen.leaderboard.snapshot import Row, Snapshot
from sngen.leaderboard.tables import PROLOGUE
from sngen.release.citation import bibtex
from sngen.release.identity import Identity
from sngen.schema import MODELS

#: Loaded when a reader of a table asks for BibTeX, by ``site/scripts/table/bibtex.js``.
FILE = "tables/citations.js"

_M = MODELS.c
# Braces and backslashes would end a field or start a command.
_NO_COMMANDS: dict[int, str] = {ord(c): " " for c in "{}\\"} | dict.fromkeys(range(32), " ")
_AS_LETTERS = {ord(c): f"\\{c}" for c in "%#$&_"}


def release_entries(snapshot: Snapshot) -> str:
    """The release and the study that it extends."""
    return bibtex(Identity(snapshot.version, snapshot.fingerprint, snapshot.date))


def model_entry(model: Row, snapshot: Snapshot) -> str:
    """One entry: the paper where one is known, its authors where the catalogue knows them, and the model."""
    key = "".join(c if c.isalnum() else "-" for c in str(model[_M.model_id]))
    fields = [
        ("title", model[_M.paper_title] or model[_M.name]),
        ("author", bibtex_authors(model[_M.authors])),
        ("year", model[_M.year]),
        ("howpublished", web_address(model[_M.paper_url]) or web_address(model[_M.weights_url])),
        (
            "note",
            f"model {model[_M.model_id]} in SecurityNet {snapshot.version}, sha256:{snapshot.fingerprint}",
        ),
    ]
    entry = ",\n".join(f"  {name} = {{{_field(value)}}}" for name, value in fields if value is not None)
    return f"@misc{{{key},\n{entry}\n}}"


def citations_script(snapshot: Snapshot) -> str:
    """The release's entries and those of all models by id, as a script: a page on a disk may not fetch."""
    content = {
        "release": release_entries(snapshot),
        "models": {model_id: model_entry(model, snapshot) for model_id, model in snapshot.models.items()},
    }
    return f"{PROLOGUE}window.SecurityNet.citations={script_json(content)};\n"


def _field(value: Any) -> str:
    """A field's value; addresses are left as they are."""
    kept = str(value).replace("&amp;", "&").translate(_NO_COMMANDS)
    return kept if "://" in kept else kept.translate(_AS_LETTERS)
