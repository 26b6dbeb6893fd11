"""``sngen check`` on catalogues that somebody broke."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

Sngen = Callable[..., tuple[int, str, str]]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A small, valid catalogue for a test to break: ``somebody/models.csv`` has three models."""
    folder = tmp_path / "catalog"
    for name in ("somebody", "other"):
        (folder / name).mkdir(parents=True)
        (folder / name / "sources.csv").write_text(f"source_id,title\n{name},Some Body\n")
    (folder / "somebody" / "models.csv").write_text(
        "model_id,name,source_id,year,purpose\n"
        + "".join(f"somebody/m{i},M{i},somebody,2020,other\n" for i in range(3))
    )
    return folder


def test_the_start_is_valid(sngen: Sngen, broken: Path) -> None:
    assert sngen("check", "--catalog", broken)[0] == 0


def test_a_bad_row_is_named_by_file_line_and_column(sngen: Sngen, broken: Path) -> None:
    path = broken / "somebody" / "models.csv"
    path.write_text(path.read_text().replace("M1,somebody,2020,other", "M1,somebody,1066,fun"))
    code, out, err = sngen("check", "--catalog", broken)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"error: 2 problems in {broken}:",
        f"  {path}, line 3, table models, row somebody/m1, column purpose: found 'fun', expected one of "
        f"benchmark, security, other, control, or null",
        f"  {path}, line 3, table models, row somebody/m1, column year: found 1066, expected a whole number "
        f"in [1990, 2100], or null",
    ]


def test_two_rows_with_one_id_give_both_places(sngen: Sngen, broken: Path) -> None:
    second = broken / "other" / "models.csv"
    second.write_text("model_id,name,source_id\nother/x,X,other\nsomebody/m2,M2,other\n")
    code, _, err = sngen("check", "--catalog", broken)
    assert code == 1
    assert f"{broken}/somebody/models.csv, line 4" in err
    assert f"{second}, line 3" in err
    assert "a second time (first in" in err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "models.csv",
            b"model_id,name\nsomebody/\xff,x\n",
            "byte 23 that is not UTF-8",
        ),
        ("models.csv", b"", "no header"),
        ("modles.csv", b"", "'modles.csv', expected one of"),
        ("models.csv", b'model_id,name,source_id\n"somebody/x,X,somebody\n', "malformed CSV"),
        ("models.csv", b"model_id,name,source_id\nsomebody/x,X\n", "2 cells, expected 3"),
    ],
)
def test_a_file_that_is_no_table(sngen: Sngen, broken: Path, name: str, content: bytes, words: str) -> None:
    path = broken / "somebody" / name
    path.write_bytes(content)
    code, _, err = sngen("check", "--catalog", broken)
    assert code == 1
    assert str(path) in err
    assert words in err
    assert "Traceback" not in err


def test_a_folder_in_a_files_place(sngen: Sngen, broken: Path) -> None:
    (broken / "other" / "models.csv").mkdir()
    code, _, err = sngen("check", "--catalog", broken)
    assert code == 1
    assert "other/models.csv" in err


def test_a_file_that_may_not_be_read(sngen: Sngen, broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    code, _, err = sngen("check", "--catalog", broken)
    assert code == 2
    assert "sources.csv cannot be read (Permission denied)." in err


def test_the_whole_catalogue_is_checked_in_seconds(sngen: Sngen, repository: Path) -> None:
    start = time.process_time()
    code, out, err = sngen("check", "--catalog", repository / "data" / "catalog")
    assert (code, err) == (0, "")
    assert "all as the data contract asks" in out
    assert time.process_time() - start < 5
