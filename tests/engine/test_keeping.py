"""What an interrupted unit leaves is used by its next run, and counted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluations.keeping import Keep, Use, forget, use_before
from sngen.errors import CheckFailed


def never() -> dict[str, np.ndarray]:
    raise AssertionError("computed a second time")


def test_a_step_is_computed_once_and_its_use_is_known(tmp_path: Path) -> None:
    folder = tmp_path / "unit"
    assert use_before(folder) == Use()
    first = Keep(folder, lambda: Use(forwards=10, wall=2.0, cpu=1.0))
    arrays = first.step("white-box", lambda: {"fooled": np.array([True, False])})
    second = Keep(folder, lambda: use_before(folder) + Use(queries=5, cpu=0.5))
    again = second.step("white-box", never)
    assert again.keys() == arrays.keys() and (again["fooled"] == arrays["fooled"]).all()
    second.step("square", lambda: {"fooled": np.array([False])})
    assert use_before(folder) == Use(forwards=10, queries=5, wall=2.0, cpu=1.5)
    forget(folder)
    assert not folder.exists() and use_before(folder) == Use()


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    keep = Keep(tmp_path, Use)
    with pytest.raises(AssertionError):
        keep.step("one", never)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.npz").write_bytes(b"half a fi")
    with pytest.raises(CheckFailed, match=r"one\.npz: cannot be read .* Delete "):
        Keep(tmp_path, Use).step("one", never)
