"""BibTeX of the release and of models."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from stand_in import StandIn

from sngen.leaderboard.citations import FILE, model_entry
from sngen.leaderboard.snapshot import Snapshot
from sngen.release.citation import bibtex
from sngen.release.identity import Identity


def _model(snapshot: Snapshot, **fields: object) -> dict:
    return {**next(iter(snapshot.models.values())), **fields}


def test_a_model_is_cited_with_its_authors_and_the_release_that_it_was_read_in(small: StandIn) -> None:
    snapshot = replace(Snapshot.of(small), version="1.2.3", fingerprint="ab" * 32)
    model = _model(
        snapshot, model_id="a/b", paper_title="On 5 % of {it}", authors="A. One, B. Two", year=2020,
        paper_url="https://example.org/a_b",
    )  # fmt: skip
    assert model_entry(model, snapshot).split("\n") == [
        "@misc{a-b,",
        "  title = {On 5 \\% of  it },",
        "  author = {A. One and B. Two},",
        "  year = {2020},",
        "  howpublished = {https://example.org/a_b},",
        f"  note = {{model a/b in SecurityNet 1.2.3, sha256:{'ab' * 32}}}",
        "}",
    ]


def test_unknown_authors_are_left_out_and_hostile_words_end_no_field(small: StandIn) -> None:
    snapshot = Snapshot.of(small)
    entry = model_entry(
        _model(snapshot, authors=None, paper_title="}\\input{x}\n@misc{y,", paper_url="javascript:x"),
        snapshot,
    )
    _, *fields, last = entry.split("\n")
    assert last == "}"
    assert all(re.fullmatch(r"  [a-z]+ = \{[^{}]*\},?", line) for line in fields), entry
    assert "author" not in entry and "javascript" not in entry and "\\input" not in entry


def test_the_script_holds_every_model_and_the_release_as_it_is_cited(docs: Path, small: StandIn) -> None:
    script = (docs / FILE).read_text("utf-8")
    assert "<" not in script
    content = json.loads(script.partition("citations=")[2].rstrip().rstrip(";"))
    snapshot = Snapshot.of(small)
    assert content["release"] == bibtex(Identity(small.version, small.fingerprint, small.date))
    assert content["models"] == {
        model_id: model_entry(model, snapshot) for model_id, model in snapshot.models.items()
    }
