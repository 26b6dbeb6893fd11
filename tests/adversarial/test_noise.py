"""The generator against its authors' vectors; distributions; and that an image's noise is its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from evaluations.adversarial.noise import Noise, philox4x32

SHAPE = (3, 32, 32)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4, (0xFFFFFFFF, 0xFFFFFFFF),
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)  # fmt: skip
def test_philox_gives_the_known_answers_of_random123(counter: tuple, key: tuple, words: tuple) -> None:
    found = philox4x32(np.array(counter, np.uint32)[:, None], key)
    assert tuple(found[:, 0]) == words


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_an_image_gets_the_same_noise_in_any_company_and_order(kind: str) -> None:
    draw = getattr(Noise(7, "attack"), kind)
    together = draw([5, 0, 9], np.array([0, 1, 2]), 4, SHAPE)
    for place, (image, restart) in enumerate([(5, 0), (0, 1), (9, 2)]):
        assert torch.equal(together[place], draw([image], restart, 4, SHAPE)[0])
    assert torch.equal(together.flip(0), draw([9, 0, 5], np.array([2, 1, 0]), 4, SHAPE))


def test_every_part_of_the_key_matters() -> None:
    base = Noise(7, "attack").uniform([5], 0, 0, SHAPE)
    others = [
        Noise(8, "attack").uniform([5], 0, 0, SHAPE),
        Noise(7, "defence").uniform([5], 0, 0, SHAPE),
        Noise(7, "attack").uniform([6], 0, 0, SHAPE),
        Noise(7, "attack").uniform([5], 1, 0, SHAPE),
        Noise(7, "attack").uniform([5], 0, 1, SHAPE),
    ]
    for other in others:
        assert (base == other).float().mean() < 0.01
        assert abs(np.corrcoef(base.flatten(), other.flatten())[0, 1]) < 0.08  # 4.4 standard deviations


def test_uniform_numbers_are_uniform_on_the_half_open_interval() -> None:
    values = Noise(0, "a").uniform(range(40), 0, 0, SHAPE)
    assert values.dtype == torch.float32
    assert values.min() >= 0 and values.max() < 1
    assert stats.kstest(values.flatten().numpy(), "uniform").pvalue > 1e-4


def test_normal_numbers_are_normal_and_uncorrelated() -> None:
    values = Noise(0, "a").normal(range(40), 0, 0, (3, 5, 7)).numpy()
    assert values.dtype == np.float32 and values.shape == (40, 3, 5, 7)
    assert stats.kstest(values.ravel(), "norm").pvalue > 1e-4
    first, second = values.reshape(40, -1)[:, :52], values.reshape(40, -1)[:, 53:105]
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.1


def test_integers_are_uniform_below_their_bound() -> None:
    values = Noise(0, "a").integers(range(100), 0, 0, 7, 70)
    assert values.dtype == torch.int64 and values.shape == (100, 70)
    assert stats.chisquare(np.bincount(values.flatten(), minlength=7)).pvalue > 1e-4
    assert set(Noise(0, "a").integers([1], 0, 0, 1, 5).flatten().tolist()) == {0}


def test_numbers_that_do_not_fit_the_counter_are_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to"):
        Noise(0, "a").uniform([-1], 0, 0, SHAPE)
    with pytest.raises(ValueError, match="outside 0 to"):
        Noise(0, "a").uniform([1], 2**32, 0, SHAPE)
    with pytest.raises(ValueError, match="expected a bound"):
        Noise(0, "a").integers([1], 0, 0, 0, 1)
