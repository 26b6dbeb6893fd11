"""Errata mark what does not stand, and take it out of everything that follows from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from release_examples import ELSEWHERE, MODEL, catalogue, record

from sngen.errors import DataProblem
from sngen.release.changes.compare import compare
from sngen.release.changes.contents import tables_of
from sngen.release.changes.entry import entry_of
from sngen.release.errata import standing, with_errata
from sngen.release.read import Release
from sngen.schema import ERRATA, SCORES

Build = Callable[..., Path]
WITHDRAWN = f"{ELSEWHERE}:cifar10:reported/lab:clean:test:accuracy"
MEASURED = f"{MODEL}:cifar10:utility/1:clean:test:accuracy"


def erratum(**names: Any) -> dict[str, Any]:
    given = {
        "erratum_id": "2026-002",
        "date": "2026-03-01",
        "who": "us",
        "reason": "wrong",
        "source_id": "lab",
    }
    return ERRATA.row(**given, **names)


def built(build_release: Build, errata: list[dict[str, Any]], **other: Any) -> Release:
    return Release.open(build_release(tables=catalogue() | {ERRATA.name: errata}, **other))


def test_a_withdrawn_score_is_kept_with_its_erratum_and_stands_in_no_leaderboard(release: Path) -> None:
    tables = Release.open(release)
    (score,) = (row for row in tables.arrow("scores").to_pylist() if row["score_id"] == WITHDRAWN)
    assert (score["value"], score["withdrawn"]) == (0.99, "2026-001")
    (row,) = (row for row in tables.arrow("leaderboard").to_pylist() if row["model_id"] == ELSEWHERE)
    assert 0.99 not in row.values()
    assert tables.arrow("errata").to_pylist()[0]["reason"] == "A cell of another row was read."


def test_without_the_erratum_it_would_stand(build_release: Build) -> None:
    (row,) = (
        row
        for row in built(build_release, []).arrow("leaderboard").to_pylist()
        if row["model_id"] == ELSEWHERE
    )
    assert 0.99 in row.values()


def test_a_record_is_withdrawn_with_all_its_scores(build_release: Build) -> None:
    one = record()
    release = built(build_release, [erratum(record_id=one.record_id)], records=[one])
    rows = [row for row in release.arrow("scores").to_pylist() if row["origin"] == "measured"]
    assert {row["withdrawn"] for row in rows} == {"2026-002"}
    assert len(rows) == len(one.scores)


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"score_id": "no/such:score"},
        {"record_id": "0" * 64},
        {"score_id": MEASURED, "record_id": "0" * 64},
    ],
)
def test_an_erratum_that_names_nothing_is_refused(build_release: Build, names: dict[str, str]) -> None:
    with pytest.raises(DataProblem, match=r"errata 2026-002: names .*, expected the id of one score"):
        built(build_release, [erratum(**names)])


def test_the_change_log_says_withdrawn(build_release: Build, tmp_path: Path) -> None:
    old = built(build_release, [], out=tmp_path / "old")
    new = built(build_release, [erratum(score_id=WITHDRAWN)], out=tmp_path / "new")
    changes = compare(tables_of(old.folder), tables_of(new.folder))
    (change,) = changes.scores.changed
    assert (change.score_id, change.why) == (WITHDRAWN, "withdrawn: 2026-002")
    assert "(1 withdrawn)" in " ".join(entry_of(changes).summary)


def test_nothing_changes_without_errata() -> None:
    scores = catalogue()[SCORES.name]
    assert with_errata(scores, []) == list(scores)
    assert standing(scores) == list(scores)
