"""Every kind of damage is found and named, and the commands say so with the right exit code."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sngen.cli import cli, run
from sngen.errors import CheckFailed
from sngen.release.columnar import write_parquet
from sngen.release.read import Release
from sngen.release.verify import verify
from sngen.schema import SCORES

Damage = Callable[[Path], None]


@pytest.fixture
def copy(release: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release, tmp_path / "securitynet"))


def _sngen(
    *arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.setattr("sys.argv", ["sngen", *arguments])
    with pytest.raises(SystemExit) as ended:
        run(cli, "sngen")
    output = capsys.readouterr()
    return int(ended.value.code or 0), output.out + output.err


def _manifest(folder: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def _rewrite_scores(folder: Path) -> None:
    path = Release.open(folder).path("scores")
    table = pq.read_table(path, partitioning=None)
    rows = table.to_pylist()
    rows[0][SCORES.c.value] = 1.5
    write_parquet(table.from_pylist(rows, schema=table.schema), path)


def _drop_column(folder: Path) -> None:
    path = Release.open(folder).path("models")
    table = pq.read_table(path, partitioning=None)
    write_parquet(table.drop_columns(["name"]).append_column("nom", table["name"]), path)


def _flip_byte(folder: Path) -> None:
    path = folder / "README.md"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def _truncate(folder: Path) -> None:
    Release.open(folder).path("scores").write_bytes(b"PAR1")


def _lie(folder: Path) -> None:
    _manifest(folder, lambda manifest: manifest.update(fingerprint="0" * 64))


DAMAGES: list[tuple[str, Damage, list[str]]] = [
    ("byte", _flip_byte, [r"README.md: SHA-256"]),
    ("missing file", lambda f: (f / "audit.json").unlink(), ["audit.json: listed in"]),
    ("missing table", lambda f: Release.open(f).path("models").unlink(), ["models", "not readable"]),
    ("extra file", lambda f: (f / "data" / "more.csv").write_text("x"), ["data/more.csv: not listed"]),
    ("truncated table", _truncate, ["not readable", "4 bytes"]),
    ("value", _rewrite_scores, ["scores", "fingerprint", "at most 1, as accuracy goes", "SHA-256"]),
    ("column", _drop_column, ["lacks the column name", "unknown column nom"]),
    ("rows", lambda f: _manifest(f, lambda m: m["tables"]["models"].update(rows=4)), ["3 rows, expected 4"]),
    ("fingerprint", _lie, ["release: fingerprint"]),
    ("date", lambda f: _manifest(f, lambda m: m.update(date="2020-01-01")), ["manifest.json: hash of its"]),
]  # fmt: skip


def test_an_untouched_release_has_no_problem(release: Path) -> None:
    assert verify(release) == []


@pytest.mark.parametrize(("damage", "words"), [d[1:] for d in DAMAGES], ids=[d[0] for d in DAMAGES])
def test_damage_is_found_and_named(copy: Path, damage: Damage, words: list[str]) -> None:
    damage(copy)
    problems = "\n".join(verify(copy))
    for word in words:
        assert word in problems


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": []}, "files is a list, expected an object"),
        ({"tables": {"models": 3}}, "tables, models: found a int, expected an object"),
        ({"tables": {"models": {"path": "../../elsewhere"}}}, "expected one within the release"),
        ({"tables": {"models": {"path": "/elsewhere"}}}, "expected one within the release"),
        ({"tables": {"models": {"path": None}}}, "expected one within the release"),
    ],
)
def test_a_manifest_that_leads_astray_is_not_followed(
    copy: Path, change: dict[str, object], words: str
) -> None:
    _manifest(copy, lambda manifest: manifest.update(change))
    with pytest.raises(CheckFailed, match=words):
        verify(copy)


def test_every_flipped_bit_of_any_file_is_found(copy: Path) -> None:
    rng = np.random.default_rng(0)
    for path in sorted(one for one in copy.rglob("*") if one.is_file()):
        content = path.read_bytes()
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        with contextlib.suppress(CheckFailed):  # of the manifest itself
            assert verify(copy), path
        path.write_bytes(content)
    assert verify(copy) == []


def test_command_verify(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = _sngen("release", "verify", str(copy), monkeypatch=monkeypatch, capsys=capsys)
    assert (code, "all as it was built" in text) == (0, True)
    _flip_byte(copy)
    code, text = _sngen("release", "verify", str(copy), monkeypatch=monkeypatch, capsys=capsys)
    assert (code, "README.md: SHA-256" in text, "Traceback" in text) == (1, True, False)
    code, text = _sngen("release", "verify", str(copy.parent), monkeypatch=monkeypatch, capsys=capsys)
    assert (code, "this is no release" in text) == (2, True)


def test_command_build(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = [
        "--catalog", str(release.parent / "catalog"), "--results", str(release.parent / "results"),
        "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    build = ["release", "build", *inputs]
    code, text = _sngen(*build, "--version", "0.1.0", monkeypatch=monkeypatch, capsys=capsys)
    assert code == 0
    assert Release.open(release).fingerprint in text
    assert Release.open(tmp_path / "out" / "securitynet").fingerprint in text
    code, text = _sngen(*build, "--version", "one", monkeypatch=monkeypatch, capsys=capsys)
    assert (code, "MAJOR.MINOR.PATCH" in text) == (2, True)
    code, text = _sngen(*build, monkeypatch=monkeypatch, capsys=capsys)
    assert (code, "--version" in text) == (2, True)
