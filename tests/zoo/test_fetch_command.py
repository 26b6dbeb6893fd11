"""``sngen fetch`` as a user runs it: ids, wildcards, cohorts, Ctrl-C, checks without a network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fetch_setting import bytes_of, sha256
from file_server import Drip, FileServer

from sngen.catalog.text_tables import write_table
from sngen.cli.fetch import command
from sngen.errors import SecurityNetError
from sngen.schema import MODELS, SOURCES

CONTENTS = {f"lab/{name}": bytes_of(number, 20_000) for number, name in enumerate(("a", "b", "c"))}


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SECURITYNET_ZOO", "SECURITYNET_OFFLINE", "SECURITYNET_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SECURITYNET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def catalog(server: FileServer, tmp_path: Path, cache: Path) -> Path:
    """Three models: one with its hash, two without; and one that no program can get."""
    folder = tmp_path / "catalog/lab"
    folder.mkdir(parents=True)
    sources = [SOURCES.row(source_id="lab", title="Lab", url="https://example.org/", revision="1")]
    rows = [
        MODELS.row(model_id=model_id, name=model_id, source_id="lab", weights_kind="file",
                   weights_url=server.put(f"/{model_id}", content),
                   weights_sha256=sha256(content) if model_id == "lab/a" else None)
        for model_id, content in CONTENTS.items()
    ]  # fmt: skip
    rows.append(MODELS.row(model_id="lab/paper", name="x", source_id="lab", weights_kind="on-request"))
    _write(folder, sources, rows)
    return folder.parent


def _write(folder: Path, sources: list[dict[str, object]], rows: list[dict[str, object]]) -> None:
    for table, content in ((SOURCES, sources), (MODELS, rows)):
        write_table(table, content, folder / f"{table.name}.csv")


def _run(catalog: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, [*arguments, "--catalog", str(catalog)])
    if isinstance(result.exception, SecurityNetError):
        return result
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_one_and_again(catalog: Path, cache: Path, server: FileServer) -> None:
    result = _run(catalog, "lab/a")
    assert result.exit_code == 0, result.output
    assert f"fetched  lab/a  20,000 bytes  {cache}/blobs/{sha256(CONTENTS['lab/a'])}" in result.output
    assert "1 fetched, 0 already here, 0 failed" in result.output
    server.asked.clear()
    assert "here     lab/a" in _run(catalog, "lab/a").output and server.asked == []


def test_wildcards_and_what_fails_among_them(catalog: Path, cache: Path) -> None:
    result = _run(catalog, "lab/*")
    assert result.exit_code == 1
    assert "3 fetched, 0 already here, 1 failed" in result.output
    assert "failed   lab/paper: cannot be fetched by a program: its authors give it" in result.output
    assert f"lab/b: the catalogue states no SHA-256; found {sha256(CONTENTS['lab/b'])}" in result.output
    assert "\r" not in result.output, "no bar where nobody looks"


def test_a_file_of_ids_and_a_cohort(catalog: Path, cache: Path, tmp_path: Path) -> None:
    from sngen.search.cohorts import Cohort, write_cohort  # noqa: PLC0415

    (tmp_path / "ids.txt").write_text("# mine\nlab/a\n\nlab/b  # second\n")
    assert "2 fetched" in _run(catalog, "--all-of", str(tmp_path / "ids.txt")).output
    write_cohort(Cohort(("lab/b", "lab/c")), tmp_path / "cohort.json")
    assert "1 fetched, 1 already here" in _run(catalog, "--all-of", str(tmp_path / "cohort.json")).output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "which models?"),
        (("lab/nothing",), "no model 'lab/nothing'"),
        (("other/*",), "no model 'other/*'"),
        (("lab/*", "--file", "x"), "--file is for one model"),
    ],
)
def test_mistakes(catalog: Path, arguments: tuple[str, ...], words: str) -> None:
    result = _run(catalog, *arguments)
    assert words in str(result.exception) and result.exception.exit_code == 2  # type: ignore[union-attr]


def test_check_asks_no_network(catalog: Path, cache: Path, server: FileServer) -> None:
    _run(catalog, "lab/a", "lab/b")
    server.asked.clear()
    result = _run(catalog, "lab/a", "lab/b", "--check")
    assert result.exit_code == 0 and "2 of 2 here and whole" in result.output
    (cache / "blobs" / sha256(CONTENTS["lab/b"])).write_bytes(b"other")
    result = _run(catalog, "lab/*", "--check")
    assert result.exit_code == 1 and "1 of 4 here and whole" in result.output
    for words in ("whole    lab/a", "damaged  lab/b", "absent   lab/c", "absent   lab/paper"):
        assert words in result.output
    result = _run(catalog, "--check")
    assert result.exit_code == 1 and f"1 of 2 files of {cache} whole" in result.output
    assert server.asked == []


def test_a_file_by_hand(catalog: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"weights of the authors")
    result = _run(catalog, "lab/paper", "--file", str(tmp_path / "w.pt"))
    assert result.exit_code == 0 and "taken in lab/paper" in result.output, result.output
    assert "1 of 1 here and whole" in _run(catalog, "lab/paper", "--check").output


def test_a_bar_where_it_is_wanted(catalog: Path, cache: Path) -> None:
    result = _run(catalog, "lab/a", "--progress")
    assert "1/1" in result.stderr and "1/1" not in result.stdout


def test_ctrl_c_keeps_what_is_done(catalog: Path, cache: Path, server: FileServer) -> None:
    for name in ("b", "c"):
        server.files[f"/lab/{name}"].always = Drip(0.02, 100_000)
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from sngen.cli import main; sys.argv[0] = 'sngen'; main()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, "fetch", "lab/a", "lab/b", "lab/c", "--catalog", str(catalog)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy(),
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline().startswith("fetched  lab/a")
    time.sleep(0.2)
    start = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert child.returncode == 130 and "Traceback" not in errors
    assert "interrupted: 1 fetched, 0 already here, 0 failed, 2 not done; run again" in errors
    for name in ("b", "c"):
        server.files[f"/lab/{name}"].always = None
    assert "2 fetched, 1 already here" in _run(catalog, "lab/?").output
