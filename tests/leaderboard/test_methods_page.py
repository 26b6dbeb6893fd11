"""Protocols in words: settings that datasets fill in, that tiers overrule, and parts of splits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from reading import Read, read_page
from stand_in import stand_in

from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.methods import methods_page
from sngen.leaderboard.protocols import read_protocols

PROTOCOL = """
protocol: adversarial/1
family: adversarial
title: Adversarial examples
summary: How many images stand.
seed: 0
methods:
  pgd: { linf: null, steps: 40, restarts: 1, early: true }
  autoattack:
    standard: null
    square: { queries: 5000, p_init: 0.8 }
  plain:
datasets:
  digits: { linf: [0.02, 0.1], standard: { linf: [0.1], l2: [0.5] } }
  cifar10: { linf: [1/255, 8/255], standard: { linf: [8/255] } }
tiers:
  reference:
    datasets: [digits]
    data:
      test: { split: test, first: 100 }
      members: { split: members, first: 300, skip: 20 }
    methods:
      pgd: { steps: 20 }
      plain:
  cpu:
    datasets: [cifar10]
    data: { test: { split: test }, rest: { split: train, skip: 1000 } }
limits:
  - An attack that fails proves nothing.
"""


@pytest.fixture(scope="module")
def page(make_context: Callable[..., Context], tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("protocols")
    (folder / "adversarial-1.yaml").write_text(PROTOCOL, encoding="utf-8")
    context = replace(make_context(stand_in({}, measured=1)), protocols=read_protocols(folder))
    return read_page(methods_page(context).markdown())


@pytest.mark.parametrize(
    "words",
    [
        "linfby dataset, see below",  # null in the file
        "earlyyes",
        "standardby dataset, see below",
        "squarequeries = 5000, p_init = 0.8",
        "At tier reference",
        "steps4020",  # 40, and 20 at the tier reference
        "restarts1as said",
        "Settings that depend on the dataset",
        "linf = 0.1, l2 = 0.5",
        "1/255, 8/255",
        "test: the first 100 images of the test split",
        "members: images 21 to 320 of the training split, with the labels that the model was taught",
        "rest: the images that the model was trained on without its first 1,000 images",
        "test: all of the test split",
        "It has no settings.",
        "pgd, plain",  # the methods of the tier reference
    ],
)
def test_settings_and_images_are_said_in_words(page: Read, words: str) -> None:
    assert words in page.text


def test_nothing_is_left_as_python_would_write_it(page: Read) -> None:
    assert not {"None", "{'", "['", "True"} & set(page.text.split())
    assert "None" not in page.text
    assert "{'" not in page.text
