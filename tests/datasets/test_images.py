"""The container of exact pixels, and its fingerprint."""

from __future__ import annotations

import hashlib
import pickle
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluations.datasets import Images
from sngen.errors import UsageError


@pytest.fixture
def images() -> Images:
    pixels = np.arange(2 * 1 * 2 * 3, dtype=np.uint8).reshape(2, 1, 2, 3)
    return Images("toy", "test", pixels, 16, np.array([1, 0]), np.array([7, 9], dtype=np.int32), 2)


def test_fingerprint_is_over_the_documented_bytes(images: Images) -> None:
    expected = b"securitynet-images 1 2 1 2 3 16\n" + bytes(range(12)) + struct.pack("<qqii", 1, 0, 7, 9)
    assert images.fingerprint == hashlib.sha256(expected).hexdigest()
    prepared = replace(images, preparation="Größe 256")
    assert prepared.fingerprint == hashlib.sha256(expected + "Größe 256".encode()).hexdigest()
    assert prepared.first(1).preparation == "Größe 256"


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": np.zeros((2, 1, 2, 3), np.uint8)},
        {"pixels": np.arange(12, dtype=np.uint8).reshape(2, 1, 3, 2)},
        {"labels": np.array([0, 1])},
        {"ids": np.array([9, 7], np.int32)},
        {"scale": 255},
        {"preparation": "decoded by something"},
    ],
    ids=["pixels", "shape", "labels", "ids", "scale", "preparation"],
)
def test_fingerprint_sees_every_part(images: Images, change: dict[str, object]) -> None:
    assert replace(images, **change).fingerprint != images.fingerprint


def test_fingerprint_is_of_content_alone(images: Images) -> None:
    reversed_twice = replace(images, pixels=images.pixels[::-1].copy()[::-1])
    assert reversed_twice.fingerprint == images.fingerprint
    assert replace(images, split="train").fingerprint == images.fingerprint
    assert pickle.loads(pickle.dumps(images)).fingerprint == images.fingerprint


def test_arrays_cannot_be_altered_behind_the_fingerprint(images: Images) -> None:
    with pytest.raises(ValueError, match="read-only"):
        images.pixels[0] = 3


def test_first(images: Images) -> None:
    one = images.first(1)
    assert len(one) == 1 and one.ids.tolist() == [7] and one.labels.tolist() == [1]
    assert one.fingerprint != images.fingerprint
    for count in (0, 3):
        with pytest.raises(UsageError, match=f"first {count} images of 2"):
            images.first(count)


def test_tensor_and_batches_are_pixels_over_scale(images: Images) -> None:
    x = images.tensor()
    assert x.dtype == torch.float32 and x.shape == (2, 1, 2, 3)
    assert x.flatten().tolist() == [float(np.float32(v) / np.float32(16)) for v in range(12)]
    parts = list(images.batches(1))
    assert torch.equal(torch.cat([part for part, _ in parts]), x)
    assert [labels.tolist() for _, labels in parts] == [[1], [0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixels": np.zeros((2, 1, 2, 3))}, "uint8"),
        ({"labels": np.array([0])}, "labels int64"),
        ({"ids": np.array([7, 9])}, "ids int32"),
        ({"labels": np.array([0, 2])}, "label is outside"),
        ({"scale": 10}, "above the scale"),
    ],
)
def test_impossible_content_is_refused(images: Images, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(images, **change)
