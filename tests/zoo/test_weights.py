"""Published bytes by hash, and their one conversion."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.formats.refusal import CheckpointRefused
from sngen.zoo.weights import find_blob, safe_tensors


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", zoo=tmp_path / "zoo")


def _store(folder: Path, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / "blobs").mkdir(parents=True, exist_ok=True)
    (folder / "blobs" / sha256).write_bytes(content)
    return sha256


def _row(sha256: str | None, **values: Any) -> dict[str, Any]:
    return MODELS.row(**{"model_id": "a/b", "weights_sha256": sha256, "weights_format": "torch", **values})


def _checkpoint(tmp_path: Path, obj: Any) -> bytes:
    torch.save(obj, tmp_path / "saved.pt")
    return (tmp_path / "saved.pt").read_bytes()


def test_the_zoo_is_looked_at_before_the_cache(settings: Settings) -> None:
    assert settings.zoo is not None
    sha256 = _store(settings.cache, b"weights")
    assert find_blob(sha256, settings) == settings.cache / "blobs" / sha256
    _store(settings.zoo, b"weights")
    assert find_blob(sha256, settings) == settings.zoo / "blobs" / sha256


def test_bytes_that_are_not_those_of_the_name_are_refused(settings: Settings) -> None:
    sha256 = _store(settings.cache, b"weights")
    find_blob(sha256, settings)
    (settings.cache / "blobs" / sha256).write_bytes(b"others!!")
    found = hashlib.sha256(b"others!!").hexdigest()
    with pytest.raises(CheckFailed, match=rf"{sha256}: its SHA-256 is {found}"):
        find_blob(sha256, settings)


def test_absent_weights_are_named_with_where_they_were_looked_for(settings: Settings) -> None:
    with pytest.raises(UsageError) as caught:
        find_blob("a" * 64, settings)
    for part in ("a" * 64, str(settings.zoo), str(settings.cache / "blobs" / ("a" * 64))):
        assert part in str(caught.value)
    with pytest.raises(UsageError, match="SECURITYNET_ZOO is not set"):
        find_blob("a" * 64, Settings(data=settings.data, cache=settings.cache))


def test_absent_weights_are_fetched(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _checkpoint(tmp_path, {"w": torch.ones(3)})
    asked = []

    def fetch(model: Any, settings: Settings) -> Path:
        asked.append(model)
        return settings.cache / "blobs" / _store(settings.cache, content)

    monkeypatch.setattr("sngen.zoo.fetching.fetch", fetch)
    for sha256 in (hashlib.sha256(content).hexdigest(), None):
        row = _row(sha256)
        assert load_file(safe_tensors(row, settings))["w"].tolist() == [1.0, 1.0, 1.0]
        assert asked.pop() == row and asked == []
        (settings.cache / "blobs" / hashlib.sha256(content).hexdigest()).unlink()


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 64, "abc"])
def test_a_name_that_is_no_hash_is_refused(settings: Settings, name: str) -> None:
    with pytest.raises(UsageError, match="not a SHA-256"):
        find_blob(name, settings)


def test_a_checkpoint_is_converted_once(settings: Settings, tmp_path: Path) -> None:
    sha256 = _store(settings.cache, _checkpoint(tmp_path, {"state_dict": {"module.w": torch.ones(2)}}))
    path = safe_tensors(_row(sha256), settings)
    assert path.parent == settings.cache / "tensors" and sha256 in path.name
    assert load_file(path)["w"].tolist() == [1.0, 1.0]
    written = path.stat().st_mtime_ns
    assert safe_tensors(_row(sha256), settings) == path and path.stat().st_mtime_ns == written


def test_many_at_once_get_one_whole_file(settings: Settings, tmp_path: Path) -> None:
    sha256 = _store(settings.cache, _checkpoint(tmp_path, {"w": torch.arange(100_000.0)}))
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: safe_tensors(_row(sha256), settings), range(8)))
    assert len(set(paths)) == 1 and torch.equal(load_file(paths[0])["w"], torch.arange(100_000.0))
    assert list(paths[0].parent.iterdir()) == [paths[0]]


def test_a_refused_checkpoint_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    sha256 = _store(settings.cache, _checkpoint(tmp_path, {"w": torch.tensor([float("nan")])}))
    with pytest.raises(CheckpointRefused, match=rf"{sha256}: refused\. Found NaN or infinity in w"):
        safe_tensors(_row(sha256), settings)
    assert list((settings.cache / "tensors").iterdir()) == []


def test_each_place_in_a_file_is_a_conversion_of_its_own(settings: Settings, tmp_path: Path) -> None:
    nested = {"net": {"a.w": torch.ones(1)}, "ema": {"a.w": torch.zeros(1)}}
    sha256 = _store(settings.cache, _checkpoint(tmp_path, nested))
    net = safe_tensors(_row(sha256, weights_key="net", weights_prefix="a."), settings)
    ema = safe_tensors(_row(sha256, weights_key="ema", weights_prefix="a."), settings)
    whole = safe_tensors(_row(sha256, weights_key="ema"), settings)
    assert len({net, ema, whole}) == 3
    assert load_file(net)["w"].item() == 1 and load_file(ema)["w"].item() == 0 and "a.w" in load_file(whole)


def test_safetensors_are_taken_as_they_are(settings: Settings) -> None:
    sha256 = _store(settings.cache, save({"w": torch.ones(2)}))
    path = safe_tensors(_row(sha256, weights_format="safetensors"), settings)
    assert path == settings.cache / "blobs" / sha256
    sha256 = _store(settings.cache, b"any")
    with pytest.raises(CheckpointRefused, match="a header of"):
        safe_tensors(_row(sha256, weights_format="safetensors"), settings)


@pytest.mark.parametrize(
    ("weights_format", "message"),
    [
        ("floppy", "weights_format is 'floppy'; can be read: torch, safetensors, keras-h5, matlab"),
        ("tflite", "a graph of quantised arithmetic"),
        ("paddle", "only PaddlePaddle reads"),
    ],
)
def test_formats_that_are_not_read(settings: Settings, weights_format: str | None, message: str) -> None:
    sha256 = _store(settings.cache, b"any")
    with pytest.raises(UsageError, match=f"a/b: .*{message}"):
        safe_tensors(_row(sha256, weights_format=weights_format), settings)
