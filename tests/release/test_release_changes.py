"""Comparing releases: every kind of change is found, explained and numbered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from release_examples import ELSEWHERE, MODEL, OTHER, catalogue, record, reported

from sngen.cli.release import command
from sngen.errors import UsageError
from sngen.release.changes.compare import Changes, compare
from sngen.release.changes.contents import tables_of
from sngen.release.changes.entry import entry_of
from sngen.release.changes.rendering import as_markdown, as_text
from sngen.release.changes.rows import RowChanges
from sngen.release.changes.versions import check_version_step, next_version, step_of
from sngen.release.read import Release
from sngen.release.verify import verify
from sngen.schema import ALIASES, ERRATA, MODELS, SCORES, SOURCES
from sngen.search.cohorts import Cohort, write_cohort

Build = Callable[..., Path]
ACCURACY = f"{MODEL}:cifar10:utility/1:clean:test:accuracy"
REPORTED = f"{MODEL}:cifar10:reported/study:clean:test:accuracy"


@pytest.fixture
def between(build_release: Build, tmp_path: Path) -> Callable[..., Changes]:
    """What changed from the example to a release of other tables or records."""
    old = build_release(out=tmp_path / "old")

    def compared(only: set[str] | None = None, **other: Any) -> Changes:
        return compare(tables_of(old), tables_of(build_release(out=tmp_path / "new", **other)), only)

    return compared


def with_rows(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return catalogue() | {name: rows}


def test_nothing_changed(between: Callable[..., Changes]) -> None:
    changes = between()
    assert step_of(changes) is None
    assert entry_of(changes).summary == ("Nothing changed.",)
    with pytest.raises(UsageError, match=r"nothing changed since 1\.0\.0"):
        check_version_step("1.0.1", "1.0.0", changes)


def test_models_that_came_and_went(between: Callable[..., Changes]) -> None:
    kept = [row for row in catalogue()[MODELS.name] if row["model_id"] != ELSEWHERE]
    new = MODELS.row(model_id="lab/new", name="new", source_id="lab", dataset_id="cifar10", purpose="other")
    scores = [row for row in catalogue()[SCORES.name] if row["model_id"] != ELSEWHERE]
    tables = catalogue() | {MODELS.name: [*kept, new], SCORES.name: scores, ERRATA.name: []}
    changes = between(tables=tables)
    assert changes.facts["models"].added == ("lab/new",)
    assert changes.facts["models"].removed == (ELSEWHERE,)
    step = step_of(changes)
    assert step is not None
    assert (step.name, step.ground) == ("minor", "models: lab/new is new")


def test_a_renamed_model_is_neither_new_nor_gone_and_keeps_its_scores(
    between: Callable[..., Changes],
) -> None:
    tables = json.loads(json.dumps(catalogue()).replace(OTHER, "study/cifar10/zwei"))
    alias = ALIASES.row(
        alias=OTHER, model_id="study/cifar10/zwei", since="2026-02-01", reason="spelling", source_id="study"
    )
    changes = between(tables=tables | {ALIASES.name: [*tables[ALIASES.name], alias]})
    assert changes.renamed == {OTHER: "study/cifar10/zwei"}
    assert changes.facts["models"] == RowChanges((), (), ())
    assert changes.facts["relatives"].added == changes.facts["relatives"].removed == ()
    assert changes.scores.added == changes.scores.removed == changes.scores.changed == ()
    step = step_of(changes)
    assert step is not None
    assert step.name == "minor"


def test_a_changed_fact_is_a_cell(between: Callable[..., Changes]) -> None:
    rows = catalogue()[MODELS.name]
    rows[0] = rows[0] | {"parameters": 1001, "mean": [0.5, 0.25, 0.5]}
    rows[1] = rows[1] | {"source_row": 77}  # only the source's lines moved
    changes = between(tables=with_rows(MODELS.name, rows))
    found = {(cell.row, cell.column): (cell.before, cell.after) for cell in changes.facts["models"].cells}
    assert found == {
        (MODEL, "mean"): ("[0.5, 0.25, 0.125]", "[0.5, 0.25, 0.5]"),
        (MODEL, "parameters"): (1000, 1001),
    }
    step = step_of(changes)
    assert step is not None
    assert step.name == "patch"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"weights": "e" * 64}, "other weights"),
        ({"version": 2}, "method corrected"),
        ({"tier": "gpu"}, "other tier"),
        ({"date": "2026-11-21T10:00:00Z"}, "measured again"),
    ],
)
def test_a_measured_score_says_why_it_changed(
    between: Callable[..., Changes], other: dict[str, Any], why: str
) -> None:
    again = record(accuracy=0.5, **other)
    if "weights" in other:
        again = again.__class__(
            **{**again.__dict__, "provenance": again.provenance | {"weights_sha256": "e" * 64}}
        )
    changes = between(records=[again])
    (change,) = (one for one in changes.scores.changed if one.score_id == ACCURACY)
    assert (change.before, change.after, change.difference, change.why) == (0.75, 0.5, -0.25, why)
    # Wilson: 6 of 8 is [0.409, 0.929], 4 of 8 is [0.215, 0.785].
    assert change.overlap
    assert change.intervals == pytest.approx(0.25 / ((0.2599**2 + 0.2848**2) ** 0.5), abs=2e-3)


def test_an_equal_number_from_another_run_is_no_change(between: Callable[..., Changes]) -> None:
    changes = between(records=[record(date="2026-11-22T10:00:00Z")])
    assert changes.scores.changed == ()
    assert changes.touched == ("scores",)
    step = step_of(changes)
    assert step is not None
    assert (step.name, step.ground) == ("patch", "other cells of the table scores changed")


def test_another_protocol_version_is_a_change_and_not_a_new_score(between: Callable[..., Changes]) -> None:
    changes = between(records=[record(accuracy=0.5, protocol="utility/2")])
    (change,) = (one for one in changes.scores.changed if "accuracy" in one.score_id)
    assert change.why == "new protocol: utility/1 to utility/2"
    assert not any("accuracy" in name for name in (*changes.scores.added, *changes.scores.removed))
    step = step_of(changes)
    assert step is not None
    assert (step.name, step.ground) == ("major", "no score stands under utility/1 any more")


def test_other_settings_under_the_same_protocol_are_major(between: Callable[..., Changes]) -> None:
    same = record()
    other = same.__class__(**{**same.__dict__, "arguments": {"batch_size": 500, "a": 2}})
    changes = between(records=[other])
    step = step_of(changes)
    assert step is not None
    assert (step.name, step.ground) == ("major", "the settings of utility/1 at the tier cpu changed")


def test_reported_scores_say_whether_the_source_or_its_reading_changed(
    between: Callable[..., Changes],
) -> None:
    scores = [reported(MODEL, "accuracy", 0.91), *catalogue()[SCORES.name][1:]]
    (change,) = between(tables=with_rows(SCORES.name, scores)).scores.changed
    assert (change.score_id, change.why) == (REPORTED, "reading of the source corrected")
    assert change.intervals is None
    assert change.overlap is None
    sources = catalogue()[SOURCES.name]
    sources[0] = sources[0] | {"revision": "def"}
    (change,) = between(tables=catalogue() | {SCORES.name: scores, SOURCES.name: sources}).scores.changed
    assert change.why == "source changed: study, abc to def"
    moved = [reported(MODEL, "accuracy", 0.91) | {"source_column": "Acc"}, *catalogue()[SCORES.name][1:]]
    (change,) = between(tables=with_rows(SCORES.name, moved)).scores.changed
    assert change.why == "read from another cell"
    flagged = [catalogue()[SCORES.name][0] | {"flags": ["odd"]}, *catalogue()[SCORES.name][1:]]
    (change,) = between(tables=with_rows(SCORES.name, flagged)).scores.changed
    assert change.why == "flags changed"


def test_releases_of_another_contract_are_compared_in_what_both_have(build_release: Build) -> None:
    new = tables_of(build_release())
    old = {name: table for name, table in new.items() if name not in ("pictures", "aliases")}
    old["models"] = old["models"].drop_columns(["trigger"]).append_column("colour", pa.array(["red"] * 3))
    changes = compare(old, new)
    assert changes.tables_added == ("aliases", "pictures")
    assert (changes.columns["models"].added, changes.columns["models"].removed) == (("trigger",), ("colour",))
    assert changes.facts["models"].cells == ()
    step, back = step_of(changes), step_of(compare(new, old))
    assert step is not None
    assert back is not None
    assert (step.name, step.ground) == ("major", "the column models.colour is gone")
    assert back.ground == "the table aliases is gone"


def test_a_restricted_comparison_sees_nothing_else(between: Callable[..., Changes]) -> None:
    rows = catalogue()[MODELS.name]
    rows[0], rows[2] = rows[0] | {"parameters": 1}, rows[2] | {"year": 2001}
    scores = [row | {"value": 0.5} for row in catalogue()[SCORES.name]]
    changes = between({OTHER, ELSEWHERE}, tables=catalogue() | {MODELS.name: rows, SCORES.name: scores})
    assert [cell.row for cell in changes.facts["models"].cells] == [ELSEWHERE]
    assert [one.score_id.split(":")[0] for one in changes.scores.changed] == [ELSEWHERE, OTHER]
    assert list(changes.facts) == ["models"]


@pytest.mark.parametrize(("step", "expected"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4")])
def test_next_version(step: str, expected: str) -> None:
    assert next_version("1.2.3", step) == expected


@pytest.mark.parametrize(("version", "right"), [
    ("1.2.4", False), ("1.3.0", True), ("2.0.0", True), ("1.4.0", False), ("1.3.1", False), ("1.2.3", False),
])  # fmt: skip
def test_a_version_follows_from_what_changed(
    between: Callable[..., Changes], version: str, right: bool
) -> None:
    new = MODELS.row(model_id="lab/new", name="new", source_id="lab", dataset_id="cifar10", purpose="other")
    changes = between(tables=with_rows(MODELS.name, [*catalogue()[MODELS.name], new]))
    if right:
        check_version_step(version, "1.2.3", changes)
        return
    with pytest.raises(UsageError) as refused:
        check_version_step(version, "1.2.3", changes)
    assert f"version {version} after 1.2.3: the change is MINOR, because models: lab/new is new" in str(
        refused.value
    )
    assert "Call it 1.3.0 (2.0.0 would do as well)" in str(refused.value)


def test_text_and_markdown_show_hostile_cells_as_text(between: Callable[..., Changes]) -> None:
    rows = catalogue()[MODELS.name]
    hostile = "<script>alert(1)</script> [x](javascript:1) `a` |\n# head\x1b[31m"
    rows[0] = rows[0] | {"note": hostile}
    entry = entry_of(between(tables=with_rows(MODELS.name, rows)))
    shown = as_markdown(entry, "1.0.0 to 1.0.1")
    assert "<script" not in shown
    assert "](javascript" not in shown
    assert "\n# head" not in shown
    assert "\x1b" not in as_text(entry, "title")


# Published versions


def publish(build_release: Build, tmp_path: Path, version: str, **other: Any) -> Path:
    releases = tmp_path / "releases"
    return build_release(version, out=releases / version, releases=releases, **other)


def test_the_change_log_goes_on_from_version_to_version(build_release: Build, tmp_path: Path) -> None:
    publish(build_release, tmp_path, "1.0.0")
    second = publish(
        build_release, tmp_path, "1.0.1", records=[record(accuracy=0.5, date="2026-11-21T10:00:00Z")]
    )
    log = Release.open(second).changes()
    assert [(one["version"], one["previous"]) for one in log] == [("1.0.1", "1.0.0"), ("1.0.0", None)]
    text = (second / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (
        text.index("## 1&#46;0.1")
        if "1&#46;" in text
        else text.index("1.0.1") < text.index("The first version")
    )
    assert "0.75, now 0.5 (-0.25, intervals overlap): measured again" in text
    assert verify(second) == []


def test_a_published_version_stays_as_it_is(build_release: Build, tmp_path: Path) -> None:
    first = publish(build_release, tmp_path, "1.0.0")
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    publish(build_release, tmp_path, "1.0.0")
    with pytest.raises(UsageError, match=r"version 1\.0\.0 is published in"):
        publish(build_release, tmp_path, "1.0.0", records=[record(accuracy=0.5)])
    with pytest.raises(UsageError, match=r"version 1\.0\.0 is published in"):
        build_release("1.0.0", records=[record(accuracy=0.5)], releases=tmp_path / "releases")
    with pytest.raises(UsageError, match=r"these files would change: .*CITATION\.cff"):
        publish(build_release, tmp_path, "1.0.0", date="2026-12-01")
    assert {path: path.read_bytes() for path in first.rglob("*") if path.is_file()} == before


def test_a_wrong_next_version_is_refused_and_nothing_written(build_release: Build, tmp_path: Path) -> None:
    publish(build_release, tmp_path, "1.0.0")
    with pytest.raises(UsageError, match=r"Call it 1\.0\.1"):
        publish(build_release, tmp_path, "1.0.2", records=[record(accuracy=0.5)])
    assert not (tmp_path / "releases" / "1.0.2" / "securitynet").exists()


# The command


@pytest.fixture
def two(build_release: Build, tmp_path: Path) -> tuple[str, str]:
    old = build_release("1.0.0", out=tmp_path / "a")
    scores = [row | {"value": 0.5} for row in catalogue()[SCORES.name]]
    new = build_release("1.0.1", out=tmp_path / "b", tables=with_rows(SCORES.name, scores))
    return str(old), str(new)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["diff", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_the_command_says_what_and_what_to_call_it(two: tuple[str, str]) -> None:
    text = run(*two)
    assert text.startswith("1.0.0 to 1.0.1\n  PATCH: ")
    assert "scores: 0 added, 0 removed, 5 changed (5 reading of the source corrected)" in text
    assert text.endswith("The next version after 1.0.0 is 1.0.1.\n")
    body = json.loads(run(*two, "--format", "json"))
    assert len(body["scores"]["changed"]) == 5
    assert (body["step"], body["next_version"]) == ("patch", "1.0.1")
    assert run(*two, "--format", "markdown").startswith("## ")


def test_the_page_is_complete_and_harmless(build_release: Build, tmp_path: Path) -> None:
    old = build_release("1.0.0", out=tmp_path / "a")
    rows = catalogue()[MODELS.name]
    named = [row | {"name": f"<script>alert(1)</script>{chr(27)}{row['name']}"} for row in rows]
    more = [rows[2] | {"model_id": f"lab/cifar10/m{n:03d}"} for n in range(80)]
    new = build_release("1.1.0", out=tmp_path / "b", tables=with_rows(MODELS.name, named + more))
    page = run(str(old), str(new), "--format", "html")
    assert page.startswith("<!doctype html>")
    assert "<title>SecurityNet 1.0.0 to 1.1.0</title>" in page
    assert "<script" not in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert chr(27) not in page and "http" not in page
    assert page.count("<li>lab/cifar10/m") == 80
    assert "The next version after 1.0.0 is 1.1.0." in page


def test_the_command_is_restricted_by_a_cohort_or_a_csv(two: tuple[str, str], tmp_path: Path) -> None:
    write_cohort(Cohort((OTHER,)), tmp_path / "cohort.json")
    (tmp_path / "ids.csv").write_text(f"model_id,x\n{OTHER},1\n", encoding="utf-8")
    by_cohort = run(*two, "--models", str(tmp_path / "cohort.json"))
    assert by_cohort == run(*two, "--models", str(tmp_path / "ids.csv"))
    assert "1 changed" in by_cohort
    (tmp_path / "wrong.csv").write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(UsageError, match="expected a column model_id, found name"):
        run(*two, "--models", str(tmp_path / "wrong.csv"))


def test_published_versions_are_named_by_number(build_release: Build, tmp_path: Path) -> None:
    publish(build_release, tmp_path, "1.0.0")
    assert "Nothing changed." in run("1.0.0", "1.0.0", "--releases", str(tmp_path / "releases"))
