"""Files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from sngen.whole_files import write_files


def test_files_are_written_and_removed_together(tmp_path: Path) -> None:
    kept, gone = tmp_path / "new" / "kept", tmp_path / "gone"
    gone.write_bytes(b"old")
    write_files({kept: b"content", gone: None})
    assert kept.read_bytes() == b"content"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["kept", "new"]


def test_an_interrupted_write_leaves_the_file_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_files({path: b"before"})

    def interrupted(_self: Path, _target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files({path: b"after"})
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]
