"""Triggers of the catalogue, in exact pixels, and what they do to the model they were planted in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluations.backdoor.attack_success import attack_success
from evaluations.backdoor.triggers import Trigger
from evaluations.datasets import Images
from evaluations.keeping import Keep, Use
from evaluations.method import Context
from evaluations.reference import triggers as planted
from evaluations.target import Target
from sngen.catalog import load_catalog
from sngen.errors import UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.store import open_store

PATCH = '{"kind":"pixels","pixels":[[-2,-2,[1.0]],[-2,-1,[1.0]],[-1,-2,[1.0]],[-1,-1,[1.0]]]}'
BLEND = '{"kind":"blend","pattern":"noise","ratio":0.2}'


def test_they_are_the_triggers_that_the_controls_were_trained_with(digits: dict[str, Images]) -> None:
    pixels = digits["clean"].pixels
    assert (Trigger.parse(PATCH).apply(pixels, 16) == planted.patch(pixels, 16)).all()
    assert (Trigger.parse(BLEND).apply(pixels, 16) == planted.blend(pixels, 16)).all()
    assert Trigger.patch(2) == Trigger.parse(PATCH)
    assert np.argwhere(Trigger.patch(2).support((1, 8, 8))).tolist() == [[6, 6], [6, 7], [7, 6], [7, 7]]
    assert Trigger.parse(BLEND).support((1, 8, 8)).all()


def test_one_value_per_channel_or_one_for_all() -> None:
    grey = Trigger.parse('{"kind":"pixels","pixels":[[0,1,[0.5]]]}')
    red = Trigger.parse('{"kind":"pixels","pixels":[[0,1,[1.0,0.0,0.25]]]}')
    black = np.zeros((2, 3, 4, 4), np.uint8)
    assert (grey.apply(black, 255)[:, :, 0, 1] == 128).all()
    assert (red.apply(black, 255)[:, :, 0, 1] == [255, 0, 64]).all()
    assert not black.any()
    with pytest.raises(UsageError, match="does not fit images of 2 x 4 x 4"):
        red.apply(np.zeros((1, 2, 4, 4), np.uint8), 255)


@pytest.mark.parametrize(
    "text",
    ["nonsense", "[]", "{}", '{"kind":"pixels"}', '{"kind":"pixels","pixels":[]}',
     '{"kind":"pixels","pixels":[[0,0,[2]]]}', '{"kind":"blend","ratio":2,"pattern":"noise"}',
     '{"kind":"blend","ratio":0.1,"pattern":"other"}', '{"kind":"warp"}'],
)  # fmt: skip
def test_what_is_no_trigger_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="trigger"):
        Trigger.parse(text)


def test_every_trigger_of_the_catalogue_can_be_read() -> None:
    rows = [row for row in load_catalog(Path("data/catalog"))[MODELS.name] if row[MODELS.c.trigger]]
    assert len(rows) == 10
    for row in rows:
        channels, height, width = map(int, row[MODELS.c.input_size].split("x"))
        image = np.zeros((1, channels, height, width), np.uint8)
        assert Trigger.parse(row[MODELS.c.trigger]).apply(image, 255).any()
        assert 0 <= row[MODELS.c.trigger_target] < row[MODELS.c.num_outputs]
        assert row[MODELS.c.trigger_ground]


def context(trigger: str | None, goal: int | None, tmp_path: Path) -> Context:
    facts = {"trigger": trigger, "trigger_target": goal}
    return Context(
        Keep(open_store(tmp_path), "kept", Use),
        Settings(tmp_path, tmp_path),
        lambda: pytest.fail("asked"),
        facts,
    )


def test_the_share_of_images_that_the_trigger_sends(
    patched: Target, digits: dict[str, Images], tmp_path: Path
) -> None:
    run = lambda trigger, goal: attack_success.function(  # noqa: E731
        patched, digits, {"batch_size": 64}, 0, context(trigger, goal, tmp_path)
    )
    found = {(s.setting, s.metric): s for s in run(PATCH, 0).scores}
    images = digits["verdict"]
    other = images.labels != 0
    x = planted.patch(images.pixels, 16)[other].astype(np.float32) / 16
    import torch  # noqa: PLC0415

    expected = float((patched.network(torch.from_numpy(x)).argmax(dim=1) == 0).float().mean())
    success = found["default", "attack_success_rate"]
    assert (success.value, success.n) == (pytest.approx(expected), int(other.sum()))
    assert success.value > 0.9
    assert {(s.setting, s.metric) for s in run(None, None).scores} == {("clean", "accuracy")}
    unknown = {(s.setting, s.metric): s.value for s in run(PATCH, None).scores}
    assert unknown["changed", "attack_success_rate"] > 0.7
