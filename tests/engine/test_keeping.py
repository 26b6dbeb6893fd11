"""What an interrupted unit leaves is used by its next run, and counted once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluations.keeping import Keep, Use, forget, use_before
from sngen.errors import CheckFailed
from sngen.store import open_store


def never() -> dict[str, np.ndarray]:
    raise AssertionError("computed a second time")


def test_a_step_is_computed_once_and_its_use_is_known(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert use_before(store, "unit") == Use()
    first = Keep(store, "unit", lambda: Use(forwards=10, wall=2.0, cpu=1.0))
    arrays = first.step("white-box", lambda: {"fooled": np.array([True, False])})
    second = Keep(store, "unit", lambda: use_before(store, "unit") + Use(queries=5, cpu=0.5))
    again = second.step("white-box", never)
    assert again.keys() == arrays.keys() and (again["fooled"] == arrays["fooled"]).all()
    second.step("square", lambda: {"fooled": np.array([False])})
    assert use_before(store, "unit") == Use(forwards=10, queries=5, wall=2.0, cpu=1.5)
    forget(store, "unit")
    assert list(store.names()) == [] and use_before(store, "unit") == Use()


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    keep = Keep(open_store(tmp_path), "unit", Use)
    with pytest.raises(AssertionError):
        keep.step("one", never)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put("unit/one.npz", b"half a fi")
    with pytest.raises(CheckFailed, match=r"one\.npz: cannot be read .* Delete "):
        Keep(store, "unit", Use).step("one", never)
