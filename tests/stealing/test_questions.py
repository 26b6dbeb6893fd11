"""Answers of each kind, and images to ask that were not made for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

from evaluations.datasets import Images, load_images
from evaluations.stealing.adapting import adapted
from evaluations.stealing.answers import answers, ask
from evaluations.stealing.synthetic import ising, uniform_noise
from evaluations.target import Target
from sngen.errors import CheckFailed, UsageError

LOGITS = np.random.default_rng(5).normal(0, 3, (40, 6)).astype(np.float32)


def made(pixels: np.ndarray, scale: int = 255, classes: int = 10) -> Images:
    n = len(pixels)
    return Images(
        "made", "all", pixels.astype(np.uint8), scale, np.zeros(n, np.int64), np.arange(n, dtype=np.int32),
        classes,
    )  # fmt: skip


def test_posteriors_are_the_softmax_and_labels_the_largest() -> None:
    expected = softmax(LOGITS.astype(float), axis=1)
    np.testing.assert_allclose(answers(LOGITS, "all"), expected, atol=1e-7)
    assert (answers(LOGITS, "label") == np.eye(6)[LOGITS.argmax(axis=1)]).all()


def test_of_three_told_the_rest_is_spread_evenly() -> None:
    told, full = answers(LOGITS, 3), softmax(LOGITS.astype(float), axis=1)
    order = np.argsort(-full, axis=1)
    np.testing.assert_allclose(
        np.take_along_axis(told, order[:, :3], 1), np.take_along_axis(full, order[:, :3], 1), atol=1e-6
    )
    rest = np.take_along_axis(told, order[:, 3:], 1)
    np.testing.assert_allclose(rest, rest[:, :1].repeat(3, axis=1))
    np.testing.assert_allclose(told.sum(axis=1), 1, atol=1e-6)


def test_a_network_that_ends_in_a_softmax_is_not_softened_again() -> None:
    posteriors = softmax(LOGITS, axis=1)
    np.testing.assert_allclose(answers(posteriors, "all"), posteriors, atol=1e-6)


def test_every_image_asked_is_a_query(target: Target, auxiliary: Images) -> None:
    ask(target, auxiliary.first(70), 64, "label")
    assert target.queries == 70


def test_what_cannot_be_told() -> None:
    with pytest.raises(UsageError, match=r"shown is 6, expected all, label, or .* 1 to 5"):
        answers(LOGITS, 6)
    with pytest.raises(CheckFailed, match="not finite"):
        answers(np.full((2, 3), np.nan, np.float32), "all")


def test_colour_becomes_grey_by_luma_and_boxes_are_averaged() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 3, 32, 32))
    like = made(np.zeros((1, 1, 8, 8)), scale=16)
    found = adapted(made(pixels), like)
    grey = np.floor(pixels[:, 0] * 0.299 + pixels[:, 1] * 0.587 + pixels[:, 2] * 0.114 + 0.5)
    for axis in (1, 2):  # row by row, then column by column, in whole numbers
        shape = (*grey.shape[:axis], 8, 4, *grey.shape[axis + 1 :])
        grey = np.floor(grey.reshape(shape).mean(axis=axis + 1) + 0.5)
    assert (found.pixels[:, 0] == np.floor(grey * 16 / 255 + 0.5)).all()
    assert (found.scale, found.num_classes, found.dataset_id) == (16, 10, "made-as-made")


def test_grey_is_repeated_and_padded_and_too_much_is_cut() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (2, 1, 28, 28))
    found = adapted(made(pixels), made(np.zeros((1, 3, 32, 32)))).pixels
    assert found.shape == (2, 3, 32, 32)
    assert (found[:, :, 2:30, 2:30] == pixels).all()
    assert found[:, :, :2].max() == found[:, :, 30:].max() == 0
    assert (adapted(made(pixels), made(np.zeros((1, 1, 20, 20)))).pixels == pixels[:, :, 4:24, 4:24]).all()
    assert (adapted(made(pixels), made(np.zeros((1, 1, 28, 28)))).pixels == pixels).all()


def test_synthetic_images_depend_on_seed_and_id_alone() -> None:
    like = made(np.zeros((1, 1, 8, 8)), scale=16)
    for make in (uniform_noise, ising):
        many, few = make(like, 30, 7), make(like, 10, 7)
        assert (many.pixels[:10] == few.pixels).all()
        assert not (make(like, 10, 8).pixels == few.pixels).all()
        assert (many.scale, many.num_classes, many.pixels.max()) == (16, 10, 16)
    counts = np.bincount(uniform_noise(like, 400, 0).pixels.ravel(), minlength=17)
    assert abs(counts / counts.sum() - 1 / 17).max() < 0.004


def test_cold_spins_agree_with_their_neighbours_as_onsager_says() -> None:
    """The mean product of neighbours is minus half the energy per spin, known exactly (L. Onsager 1944);
    here at temperatures above the critical one, where small pictures come to equilibrium."""
    from scipy.integrate import quad  # noqa: PLC0415

    like = made(np.zeros((1, 1, 32, 32)))
    found = ising(like, 400, 3)
    heat = np.array([np.random.Generator(np.random.Philox(key=[3, 1], counter=[0, i, 0, 0])).uniform(1.5, 4.0)
                     for i in range(400)])  # fmt: skip
    spins = np.where(found.pixels[:, 0] > 0, 1, -1)
    products = (spins * np.roll(spins, 1, 1)).mean(axis=(1, 2)) / 2 + (spins * np.roll(spins, 1, 2)).mean(
        axis=(1, 2)
    ) / 2
    chosen = heat > 2.9
    exact = []
    for temperature in heat[chosen]:
        coupling = 1 / temperature
        k = 2 * np.sinh(2 * coupling) / np.cosh(2 * coupling) ** 2
        integral = quad(lambda angle, k=k: 1 / np.sqrt(1 - (k * np.sin(angle)) ** 2), 0, np.pi / 2)[0]
        tanh = np.tanh(2 * coupling)
        exact.append(0.5 / tanh * (1 + 2 / np.pi * (2 * tanh**2 - 1) * integral))
    assert products[chosen].mean() == pytest.approx(np.mean(exact), abs=0.01)


def test_photographs_are_cut_from_the_top_left() -> None:
    from sklearn.datasets import load_sample_images  # noqa: PLC0415

    patches = load_images("photographs", "all", Path())
    first, second = load_sample_images().images
    assert len(patches) == 2 * 25 * 39
    assert (patches.pixels[0] == first[:32, :32].transpose(2, 0, 1)).all()
    assert (patches.pixels[40] == first[16:48, 16:48].transpose(2, 0, 1)).all()
    assert (patches.pixels[25 * 39] == second[:32, :32].transpose(2, 0, 1)).all()
