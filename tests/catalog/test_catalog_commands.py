"""``sngen import`` and ``sngen check`` as a user calls them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic_readme import BENCHMARK, MEDMNIST, PROJECT, SECURITY, readme

from sngen import whole_files
from sngen.catalog import importers
from sngen.catalog.audit import load_audit
from sngen.catalog.importers import importer_names
from sngen.catalog.text_tables import write_table
from sngen.errors import DataProblem, UsageError
from sngen.schema import DATASETS, SOURCES

Sngen = Callable[..., tuple[int, str, str]]


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    folder = tmp_path / "upstream"
    (folder / "Database").mkdir(parents=True)
    write(folder, readme(benchmark=[BENCHMARK, MEDMNIST], security=[SECURITY] * 3))
    return folder


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """The datasets, which no importer brings."""
    folder = tmp_path / "catalog"
    source = SOURCES.row(source_id="datasets", title="Datasets")
    rows = [
        DATASETS.row(dataset_id=name, name=name, source_id="datasets")
        for name in ("adrenalmnist3d", "cifar10")
    ]
    write_table(SOURCES, [source], folder / "datasets" / "sources.csv")
    write_table(DATASETS, rows, folder / "datasets" / "datasets.csv")
    return folder


@pytest.fixture
def importing(sngen: Sngen, upstream: Path, catalog: Path, vocabulary_folder: Path) -> Sngen:
    def call(*more: object) -> tuple[int, str, str]:
        return sngen(
            "import", "securitynet", "--from", upstream, "--revision", "abc", "--into", catalog,
            "--vocabulary", vocabulary_folder, *more,
        )  # fmt: skip

    return call


def write(upstream: Path, text: str) -> None:
    (upstream / "Database" / "README.MD").write_text(text)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_import_writes_a_valid_catalogue(importing: Sngen, sngen: Sngen, catalog: Path) -> None:
    code, out, err = importing()
    assert (code, err) == (0, "")
    assert "securitynet: Database/README.MD at abc (revision as given, not checked)" in out
    assert "5 models, 35 scores, 3 relatives, 1 project, 1 source" in out
    assert "zero-means-not-measured" in out
    assert "models: 5 added, 0 removed, 0 changed" in out
    assert {name for name in contents(catalog) if name.startswith("securitynet/")} == {
        f"securitynet/{name}"
        for name in (
            "sources.csv", "models.csv", "scores.csv", "relatives.csv", "projects.csv", "audit.json",
        )
    }  # fmt: skip
    code, out, err = sngen("check", "--catalog", catalog)
    assert (code, err) == (0, "")
    assert out == (
        f"{catalog}: 2 datasets, 5 models, 35 scores, 3 relatives, 1 project, 2 sources; all as the data "
        f"contract asks\n"
    )


def test_a_second_import_changes_nothing(importing: Sngen, catalog: Path) -> None:
    importing()
    before = contents(catalog)
    times = {path: path.stat().st_mtime_ns for path in catalog.rglob("*.*")}
    code, out, _ = importing()
    assert code == 0
    assert out.endswith(f"{catalog}/securitynet:\nno row changed\n")
    assert contents(catalog) == before
    assert {path: path.stat().st_mtime_ns for path in catalog.rglob("*.*")} == times


def test_what_changed_is_said_and_an_empty_table_has_no_file(
    importing: Sngen, catalog: Path, upstream: Path
) -> None:
    importing()
    changed = BENCHMARK | {"Wrn Accuracy": 0.61}
    projects = [PROJECT, PROJECT | {"Weights": "[L](https://github.com/a/b)"}]
    write(upstream, readme(benchmark=[changed, MEDMNIST], projects=projects))
    code, out, _ = importing()
    assert code == 0
    assert "projects: 1 added, 0 removed, 0 changed" in out
    assert "models: 1 added, 3 removed, 0 changed" in out  # one that is not numbered for three that were
    assert "relatives: 0 added, 3 removed, 0 changed" in out
    assert not (catalog / "securitynet" / "relatives.csv").exists()


def test_a_bad_upstream_writes_nothing(importing: Sngen, catalog: Path, upstream: Path) -> None:
    importing()
    before = contents(catalog)
    write(upstream, readme(benchmark=[BENCHMARK | {"Test Accuracy": 1.5}]))
    code, out, err = importing()
    assert (code, out) == (1, "")
    assert "row securitynet/cifar10/resnet20:cifar10:reported/securitynet:clean:test:accuracy" in err
    assert "column value: found 1.5, expected at most 1, as accuracy goes" in err
    assert contents(catalog) == before


def test_an_import_that_breaks_another_source_writes_nothing(
    importing: Sngen, catalog: Path, upstream: Path
) -> None:
    importing()
    other = catalog / "other"
    other.mkdir()
    (other / "sources.csv").write_text("source_id,title\nother,Other\n")
    kind = "utility,clean,test,accuracy,0.5,fraction,reported"
    model = "securitynet/cifar10/vgg-plain-const-eps8-wd1e-3-200-run1"
    name = f"{model}:cifar10:reported/other:clean:test:accuracy"
    header = "score_id,model_id,dataset_id,family,method,setting,metric,value,unit,origin,source_id"
    (other / "scores.csv").write_text(f"{header}\n{name},{model},cifar10,{kind},other\n")
    before = contents(catalog)
    write(upstream, readme())
    code, _, err = importing()
    assert code == 1
    assert f"column model_id: found '{model}'" in err
    assert contents(catalog) == before


def test_an_interrupted_write_leaves_the_old_catalogue(
    importing: Sngen, catalog: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing()
    before = contents(catalog)
    write(upstream, readme())
    written = []

    def failing(handle: int, mode: str) -> object:
        written.append(handle)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return os.fdopen(handle, mode)

    with monkeypatch.context() as patched:
        patched.setattr(whole_files.os, "fdopen", failing)
        code, _, err = importing()
    assert code == 2
    assert f"{catalog}/securitynet cannot be written (No space left on device)." in err
    assert len(written) == 3
    assert contents(catalog) == before


def test_the_audit_is_read_back(importing: Sngen, catalog: Path) -> None:
    importing()
    entries = load_audit(catalog / "securitynet")
    assert entries == json.loads((catalog / "securitynet" / "audit.json").read_text())
    assert list(entries[0]) == ["rule", "kind", "explanation", "table", "column", "rows"]
    assert {entry["kind"] for entry in entries} == {"cleaning", "derivation", "flag", "check"}


def test_a_damaged_audit(importing: Sngen, sngen: Sngen, catalog: Path) -> None:
    importing()
    (catalog / "securitynet" / "audit.json").write_text('[{"rule": "x"}]')
    with pytest.raises(DataProblem, match="entry 1: expected the fields rule, kind"):
        load_audit(catalog / "securitynet")
    code, _, err = sngen("check", "--catalog", catalog)
    assert code == 1
    assert "audit.json: entry 1" in err
    with pytest.raises(UsageError, match="no audit file"):
        load_audit(catalog)


def test_sources_are_listed(sngen: Sngen) -> None:
    code, out, _ = sngen("import")
    assert code == 0
    lines = out.splitlines()
    assert len(lines) == len(importer_names())
    assert any(line.startswith("securitynet: SecurityNet: Assessing") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("import", "security-net"), "no importer for 'security-net'. Nearest: securitynet"),
        (("import", "securitynet"), "--from PATH and --revision REV is missing"),
        (("import", "securitynet", "--from", "x"), "--revision REV is missing"),
        (("check", "--catalog", "no/such/folder"), "no catalogue folder no/such/folder"),
    ],
)
def test_mistakes_of_the_user_exit_with_2(sngen: Sngen, arguments: tuple[str, ...], words: str) -> None:
    code, out, err = sngen(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_a_missing_vocabulary(sngen: Sngen, upstream: Path, catalog: Path, tmp_path: Path) -> None:
    code, _, err = sngen(
        "import",
        "securitynet",
        "--from",
        upstream,
        "--revision",
        "a",
        "--into",
        catalog,
        "--vocabulary",
        tmp_path,
    )
    assert code == 2
    assert f"no vocabulary file {tmp_path}/dataset-names.csv" in err


def test_check_lists_all_problems_and_exits_with_1(importing: Sngen, sngen: Sngen, catalog: Path) -> None:
    importing()
    path = catalog / "securitynet" / "models.csv"
    path.write_text(path.read_text().replace(",2016,", ",16,").replace(",CV,", ", CV,"))
    code, out, err = sngen("check", "--catalog", catalog)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: 10 problems in {catalog}:\n")
    assert err.count("column year: found 16") == 5
    assert err.count("column venue_type: found ' CV'") == 5


def test_a_place_that_cannot_be_written(importing: Sngen, catalog: Path) -> None:
    (catalog / "securitynet").symlink_to("/proc/nowhere/securitynet")
    code, out, err = importing()
    assert (code, out) == (2, "")
    assert "cannot be written" in err


def test_a_malformed_score_is_reported_once(importing: Sngen, sngen: Sngen, catalog: Path) -> None:
    importing()
    path = catalog / "securitynet" / "scores.csv"
    path.write_text(
        path.read_text().replace(",Test Accuracy", "", 1).replace(",clean,train,", ", clean,train,", 1)
    )
    code, _, err = sngen("check", "--catalog", catalog)
    assert code == 1
    assert err.startswith(f"error: 2 problems in {catalog}:")


@pytest.fixture
def only_securitynet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importers, "importer_names", lambda: ["securitynet"])


@pytest.mark.usefixtures("only_securitynet")
def test_all_sources_are_read_at_the_revisions_on_record(
    sngen: Sngen, importing: Sngen, catalog: Path, upstream: Path, vocabulary_folder: Path
) -> None:
    commit = "0123456789" * 4
    importing("--revision", commit)
    (upstream.parent / "checkouts").mkdir()
    upstream.rename(upstream.parent / "checkouts" / "SecurityNet")  # called like its repository
    arguments = ("--into", catalog, "--vocabulary", vocabulary_folder)
    code, out, _ = sngen("import", "--all", "--from", upstream.parent / "checkouts", *arguments)
    assert code == 0
    assert f"at {commit}" in out
    assert out.endswith("no row changed\n")


@pytest.mark.usefixtures("only_securitynet")
def test_all_sources_need_checkouts_and_a_record(
    sngen: Sngen, importing: Sngen, catalog: Path, upstream: Path, vocabulary_folder: Path
) -> None:
    arguments = ("import", "--all", "--into", catalog, "--vocabulary", vocabulary_folder, "--from")
    code, _, err = sngen(*arguments, upstream)
    assert code == 2
    assert "has no securitynet or SecurityNet: a checkout of https://github.com/TrustAIRLab" in err
    upstream.rename(upstream.parent / "securitynet")
    code, _, err = sngen(*arguments, upstream.parent)
    assert (code, "names no commit; import securitynet by itself, with --revision" in err) == (2, True)
    code, _, err = sngen("import", "securitynet", "--all", "--from", upstream.parent)
    assert (code, "neither a SOURCE nor --revision" in err) == (2, True)


def test_relations_found_by_rule_do_not_stand_in_the_way(
    importing: Sngen, catalog: Path, upstream: Path
) -> None:
    """A model that went takes its pairs along, when relations are found anew."""
    importing()
    relatives = catalog / "relatives"
    relatives.mkdir()
    (relatives / "sources.csv").write_text("source_id,title\nrelatives,Relations\n")
    gone = "securitynet/cifar10/vgg-plain-const-eps8-wd1e-3-200-run1"
    (relatives / "relatives.csv").write_text(
        "model_a,model_b,relation,ground,source_id\n"
        f"securitynet/cifar10/resnet20,{gone},same-weights,a ground,relatives\n"
    )
    write(upstream, readme())
    assert importing()[0] == 0
