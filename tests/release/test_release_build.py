"""A whole release: what is in it, that it repeats, and that nothing half-built is ever seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from release_examples import AUDIT, MODEL, OTHER, TEST_PIXELS, catalogue, record

from sngen.canonical import content_hash, file_hash
from sngen.errors import CheckFailed, DataProblem, UsageError
from sngen.release import build as build_module
from sngen.release.audit import collect
from sngen.release.columnar import arrow_schema
from sngen.release.fingerprint import table_fingerprint
from sngen.release.read import Release
from sngen.schema import DATASETS, FINDINGS, LEADERBOARD, MODELS, OUTCOMES, RELATIVES, SCORES, TABLES

Build = Callable[..., Path]


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_equal_byte_for_byte(build_release: Build, tmp_path: Path) -> None:
    one = _bytes(build_release(out=tmp_path / "a"))
    reordered = {name: rows[::-1] for name, rows in catalogue().items()}
    other = _bytes(build_release(out=tmp_path / "b", tables=reordered))
    assert one == other
    assert set(one) >= {"README.md", "manifest.json", "CITATION.cff", "securitynet.bib", "audit.json"}


def test_build_in_another_process_is_equal_too(release: Path, tmp_path: Path) -> None:
    """Another hash seed, another order of sets."""
    inputs = release.parent
    program = [sys.executable, "-c", "from sngen.cli import main; main()"]
    options = [
        "--version", "0.1.0", "--out", str(tmp_path),
        "--catalog", str(inputs / "catalog"), "--results", str(inputs / "results"),
    ]  # fmt: skip
    subprocess.run([*program, "release", "build", *options], check=True, capture_output=True)
    assert _bytes(tmp_path / "securitynet") == _bytes(release)


def test_every_table_has_the_types_of_the_contract(release: Path) -> None:
    manifest = json.loads((release / "manifest.json").read_text())
    assert list(manifest["tables"]) == list(TABLES)
    for name, table in TABLES.items():
        stored = pq.read_table(release / manifest["tables"][name]["path"], partitioning=None)
        assert stored.schema.equals(arrow_schema(table)), name
        assert pq.read_schema(release / manifest["tables"][name]["path"]).metadata is None, name
    licenses = pq.read_table(release / manifest["tables"]["models"]["path"], columns=["license"])
    assert licenses["license"].null_count == 3  # all null, and text all the same
    assert licenses.schema.field("license").type == pa.string()


def test_manifest_names_every_file_with_its_hash(release: Path) -> None:
    manifest = json.loads((release / "manifest.json").read_text())
    there = {path for path in _bytes(release) if path != "manifest.json"}
    assert set(manifest["files"]) == there
    for path, entry in manifest["files"].items():
        assert entry["sha256"] == file_hash(release / path)
        assert entry["bytes"] == (release / path).stat().st_size
    scores = manifest["tables"]["scores"]
    assert manifest["files"][scores["path"]]["rows"] == scores["rows"] == 7
    assert manifest["files"]["README.md"]["rows"] is None
    assert manifest["written_with"]["pyarrow"] == pa.__version__
    assert list(manifest["inputs"]["records"]) == [record().record_id]
    assert set(manifest["inputs"]["catalog"]) >= {"study/models.csv", "study/audit.json"}
    assert (manifest["version"], manifest["date"]) == ("0.1.0", "2026-11-20")


def test_fingerprint_is_the_content_and_nothing_else(build_release: Build, tmp_path: Path) -> None:
    first = Release.open(build_release(out=tmp_path / "a"))
    other_version = Release.open(build_release("0.2.0", out=tmp_path / "b", date="2030-01-01"))
    other_content = Release.open(build_release(out=tmp_path / "c", records=[record(accuracy=0.5)]))
    assert first.fingerprint == other_version.fingerprint != other_content.fingerprint
    assert first.date == "2026-11-20"
    assert other_version.date == "2030-01-01"
    tables = {name: entry["fingerprint"] for name, entry in first.manifest["tables"].items()}
    assert content_hash(tables) == first.fingerprint


def test_fingerprint_sees_every_cell() -> None:
    rows = pa.table({"a": [1, 2], "b": [[1.0], None], "c": [b"x", b"y"]})
    changed = [
        pa.table({"a": [1, 3], "b": [[1.0], None], "c": [b"x", b"y"]}),
        pa.table({"a": [1, 2], "b": [[1.0], []], "c": [b"x", b"y"]}),
        pa.table({"a": [1, 2], "b": [[1.0], None], "c": [b"x", b"z"]}),
        pa.table({"z": [1, 2], "b": [[1.0], None], "c": [b"x", b"y"]}),
    ]
    assert len({table_fingerprint(table) for table in [rows, *changed]}) == 5


def test_tables_come_back_as_they_went_in(release: Path) -> None:
    opened = Release.open(release)
    assert opened.version == "0.1.0"
    models = opened.table("models").set_index(MODELS.c.model_id)
    assert models.loc[MODEL, MODELS.c.parameters] == 1000
    assert str(models[MODELS.c.parameters].dtype) == "Int64"  # whole, although one is unknown
    assert pd.isna(models.loc[OTHER, MODELS.c.parameters])
    assert models.loc[MODEL, MODELS.c.mean] == [0.5, 0.25, 0.125]
    assert (
        models.loc[MODEL, MODELS.c.weights_inferred] is True or models.loc[MODEL, MODELS.c.weights_inferred]
    )
    assert models.loc[MODEL, MODELS.c.flags] == ["odd"]
    assert models.loc[OTHER, MODELS.c.flags] is None
    assert opened.table("scores")[SCORES.c.value].tolist().count(0.75) == 1
    assert opened.table("datasets")[DATASETS.c.fingerprint].tolist() == [TEST_PIXELS]
    outcome = opened.table("outcomes").iloc[0]
    assert (outcome[OUTCOMES.c.bits], outcome[OUTCOMES.c.image_ids]) == (b"\xfc", list(range(8)))
    assert len(opened.table("leaderboard")) == 3
    assert opened.table("findings")[FINDINGS.c.verdict].tolist() == ["not-testable"]
    assert opened.audit() == [{"source": "study", **AUDIT[0]}]
    assert opened.table("scores") is opened.table("scores")


def test_unknown_table_and_no_release_are_named(release: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no table 'score'; tables are .*scores"):
        Release.open(release).table("score")
    with pytest.raises(UsageError, match="this is no release"):
        Release.open(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(CheckFailed, match="not readable"):
        Release.open(tmp_path)
    (tmp_path / "manifest.json").write_text('{"version": "1.0.0"}')
    with pytest.raises(CheckFailed, match="lacks name"):
        Release.open(tmp_path)


def test_superseded_records_are_in_the_manifest(build_release: Build) -> None:
    old, new = record(version=1), record(version=2, accuracy=0.5)
    opened = Release.open(build_release(records=[old, new]))
    assert opened.manifest["superseded"] == [
        {
            "record_id": old.record_id,
            "superseded_by": new.record_id,
            "reason": "method version 1, published is 2",
        }
    ]
    assert set(opened.table("scores")[SCORES.c.record_id].dropna()) == {new.record_id}
    assert set(opened.table("outcomes")[OUTCOMES.c.record_id]) == {new.record_id}


def test_without_records_there_is_no_date(build_release: Build) -> None:
    folder = build_release(records=[])
    assert Release.open(folder).date is None
    assert "date-released" not in yaml.safe_load((folder / "CITATION.cff").read_text())
    assert "year" not in (folder / "securitynet.bib").read_text().partition("@inproceedings")[0]


def test_invalid_content_is_refused_and_the_old_release_stays(build_release: Build) -> None:
    before = _bytes(build_release())
    tables = catalogue()
    tables[MODELS.name][0][MODELS.c.purpose] = "fun"
    tables[RELATIVES.name][0][RELATIVES.c.model_b] = "nobody"
    with pytest.raises(DataProblem) as failure:
        build_release(tables=tables)
    message = str(failure.value)
    assert MODEL in message
    assert "'fun'" in message
    assert "'nobody'" in message
    folder = build_release()
    assert _bytes(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["securitynet"]


def test_record_of_an_unknown_model_is_refused(build_release: Build, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="nobody/x"):
        build_release(records=[record("nobody/x")])
    assert not (tmp_path / "out").exists()


def test_a_failure_half_way_leaves_nothing(
    build_release: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _bytes(build_release())

    def fail(*_: object) -> str:
        assert len(list((tmp_path / "out").glob(".securitynet-*"))) == 1  # parquet is written by now
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(build_module, "card", fail)
        with pytest.raises(OSError, match="disk full"):
            build_release(records=[record(accuracy=0.25)])
    assert _bytes(tmp_path / "out" / "securitynet") == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["securitynet"]


def test_a_folder_that_is_no_release_is_not_deleted(build_release: Build, tmp_path: Path) -> None:
    precious = tmp_path / "out" / "securitynet" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(UsageError, match="is no release"):
        build_release()
    assert precious.read_text() == "years of work"


def test_a_place_that_cannot_be_written_is_named(build_release: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write to .*file"):
        build_release(out=tmp_path / "file" / "out")


@pytest.mark.parametrize("version", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0-rc1", ""])
def test_bad_version_is_refused(build_release: Build, version: str) -> None:
    with pytest.raises(UsageError, match=r"MAJOR\.MINOR\.PATCH"):
        build_release(version)


def test_bad_date_is_refused(build_release: Build) -> None:
    with pytest.raises(UsageError, match="a day such as"):
        build_release(date="yesterday")


def test_bad_audit_is_refused(build_release: Build, tmp_path: Path) -> None:
    build_release()
    folder = tmp_path / "inputs-1" / "catalog"
    (folder / "lab" / "audit.json").write_text('[{"rule": "r"}, 3]')
    with pytest.raises(DataProblem, match=r"lab.audit\.json: entry 1"):
        collect(folder)


def test_card_says_what_is_in_it(release: Path) -> None:
    text = (release / "README.md").read_text()
    _, header, body = text.split("---\n", 2)
    content = yaml.safe_load(header)
    assert content["license"] == "cc-by-4.0"
    assert [config["config_name"] for config in content["configs"]] == list(TABLES)
    assert {config["version"] for config in content["configs"]} == {"0.1.0"}
    assert [config["config_name"] for config in content["configs"] if config.get("default")] == [
        "leaderboard"
    ]
    sizes = {info["config_name"]: info["splits"][0]["num_examples"] for info in content["dataset_info"]}
    assert (sizes["models"], sizes["scores"]) == (3, 7)
    for table in TABLES.values():
        assert f"### {table.name}\n" in body
        for column in table:
            assert f"| `{column.name}` |" in body
    assert "| Utility | 2 | 4 |" in body
    assert "A study &#124; of &lt;models>" in body
    assert Release.open(release).fingerprint in body
    assert "/tmp" not in text


def test_citation_names_version_and_fingerprint(release: Path) -> None:
    fingerprint = Release.open(release).fingerprint
    cff = yaml.safe_load((release / "CITATION.cff").read_text())
    assert (cff["version"], cff["date-released"], cff["type"]) == ("0.1.0", "2026-11-20", "dataset")
    assert cff["identifiers"][0]["value"] == f"sha256:{fingerprint}"
    bib = (release / "securitynet.bib").read_text()
    assert f"fingerprint sha256:{fingerprint}" in bib
    assert "version   = {0.1.0}" in bib
    assert bib.count("{") == bib.count("}")


def test_leaderboard_is_a_wide_join(release: Path) -> None:
    board = Release.open(release).table("leaderboard").set_index(LEADERBOARD.c.model_id)
    assert board.loc[MODEL, LEADERBOARD.c.measured_test_accuracy] == 0.75
    assert board.loc[MODEL, LEADERBOARD.c.measured_forward_time] == 0.0025
    assert pd.isna(board.loc[OTHER, LEADERBOARD.c.measured_test_accuracy])
