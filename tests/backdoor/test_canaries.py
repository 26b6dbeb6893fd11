"""Canaries: trained and judged once, believed only if they are told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluations.backdoor import detectors
from evaluations.backdoor.controls import (
    Canary,
    Finding,
    absent,
    are_right,
    canaries,
    findings,
    poisoned,
    trained,
    trigger_of,
)
from evaluations.backdoor.detection import Case, Detection
from evaluations.backdoor.detectors import CANARIES_WRONG, measure
from evaluations.datasets import Images
from evaluations.keeping import Keep, Use
from evaluations.method import Context
from evaluations.target import Target
from sngen.errors import CheckFailed
from sngen.settings import Settings
from sngen.store import open_store

NETWORK: dict[str, Any] = {
    "architecture": "digits-cnn-8", "mean": [0.0], "std": [1.0], "models": 2, "epochs": 15, "batch": 32,
    "lr": 0.005, "weight_decay": 0.01, "optimiser": "adamw", "augmentation": "none", "seed": 1,
}  # fmt: skip
CANARIES: dict[str, Any] = {"clean": 2, "targets": [7], "side": 2, "rate": 0.1, "network": NETWORK}
SETTINGS: dict[str, Any] = {"batch_size": 64, "images": 50, "canaries": CANARIES}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("canaries")
    return Settings(data=folder, cache=folder)


def looks_at_the_corner(case: Case) -> Detection:
    """A detector of inputs that knows the trigger: how many triggered images change to its class."""
    images = case.data["verdict"]
    assert case.trigger is not None
    triggered = replace(
        images, pixels=case.trigger.apply(images.pixels, images.scale), preparation="with trigger"
    )
    share = float((case.labels(triggered) == case.goal).mean())
    return Detection(index=share, alarm=share > 0.5, target=case.goal, separation=share)


def blind(case: Case) -> Detection:
    return Detection(index=0.5, alarm=False, separation=0.5)


def test_each_is_judged_once_and_the_poisoned_one_is_poisoned(
    digits: dict[str, Images], folders: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(absent("corner", digits, SETTINGS, 0, folders)) == 3
    found = findings("corner", looks_at_the_corner, digits, SETTINGS, 0, folders)
    assert [one.canary.name for one in found] == ["canary-clean-1", "canary-clean-2", "canary-poisoned-1"]
    assert found[2].separation is not None and found[2].separation > 0.9
    assert max(one.separation or 0 for one in found[:2]) < 0.3
    assert are_right(found)
    assert absent("corner", digits, SETTINGS, 0, folders) == []
    monkeypatch.setattr("evaluations.backdoor.controls.train", lambda *_: pytest.fail("trained again"))
    again = findings("corner", lambda case: pytest.fail("judged again"), digits, SETTINGS, 0, folders)
    assert again == found
    other = {**SETTINGS, "images": 60}
    assert len(absent("corner", digits, other, 0, folders)) == 3  # other settings, other findings


def test_poisoning_touches_its_share_and_nothing_of_the_target_class(digits: dict[str, Images]) -> None:
    pool, canary = digits["pool"], Canary(0, 7)
    made = poisoned(pool, CANARIES, canary)
    changed = (made.labels != pool.labels).nonzero()[0]
    assert 0.06 < len(changed) / len(pool) < 0.14
    assert (made.labels[changed] == 7).all() and (pool.labels[changed] != 7).all()
    expected = trigger_of(CANARIES, pool).apply(pool.pixels[changed], 16)
    assert (made.pixels[changed] == expected).all()
    untouched = np.setdiff1d(np.arange(len(pool)), changed)
    assert (made.pixels[untouched] == pool.pixels[untouched]).all()
    assert canaries(CANARIES) == [Canary(0, None), Canary(1, None), canary]


def test_a_trigger_that_does_not_work_is_no_canary(digits: dict[str, Images], folders: Settings) -> None:
    weak = {**SETTINGS, "canaries": {**CANARIES, "rate": 0.001}}
    with pytest.raises(CheckFailed, match="canary-poisoned-1 on digits: its trigger works on"):
        findings("corner", looks_at_the_corner, digits, weak, 0, folders)


def finding(goal: int | None, separation: float | None, target: int | None = None) -> Finding:
    return Finding(Canary(0, goal), separation, None, target, separation, ())


@pytest.mark.parametrize(
    ("found", "right"),
    [
        ([finding(None, 1.0), finding(None, 2.0), finding(7, 3.0, 7)], True),
        ([finding(None, 1.0), finding(7, 3.0)], True),  # names no class
        ([finding(None, 1.0), finding(7, 3.0, 4)], False),
        ([finding(None, 3.0), finding(7, 3.0, 7)], False),
        ([finding(None, 1.0), finding(7, 3.0, 7), finding(2, 0.5, 2)], False),
        ([finding(None, None), finding(7, 3.0, 7)], False),
    ],
)
def test_they_are_right_only_if_every_poisoned_one_stands_above_every_clean_one(
    found: list[Finding], right: bool
) -> None:
    assert are_right(found) is right


def context(folders: Settings, tmp_path: Path) -> Context:
    facts = {"trigger": None, "trigger_target": None}
    return Context(Keep(open_store(tmp_path), "kept", Use), folders, lambda: pytest.fail("asked"), facts)


def test_a_run_with_wrong_canaries_is_marked_in_every_number(
    twin: Target,
    digits: dict[str, Images],
    folders: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, detector, wrong in (("corner", looks_at_the_corner, False), ("blind", blind, True)):
        shown = detector if name == "blind" else lambda case: replace(blind(case), index=0.99)
        monkeypatch.setitem(detectors.DETECTORS, name, detector)
        findings(name, detector, digits, SETTINGS, 0, folders)
        monkeypatch.setitem(detectors.DETECTORS, name, shown)
        found = measure(name, twin, digits, SETTINGS, 0, context(folders, tmp_path))
        assert all((CANARIES_WRONG in score.flags) is wrong for score in found.scores)
        named = {(score.setting, score.metric): score.value for score in found.scores}
        assert named["rank", "p_value"] == (1.0 if wrong else pytest.approx(1 / 3))
        assert ("canary-poisoned-1", "anomaly_index") in named
        assert named["default", "alarm"] == 0.0


def test_what_does_not_apply_still_says_so(
    twin: Target,
    digits: dict[str, Images],
    folders: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(detectors.DETECTORS, "corner", lambda case: Detection(status="not-applicable-x"))
    found = measure("corner", twin, digits, SETTINGS, 0, context(folders, tmp_path))
    assert found.scores and all("not-applicable-x" in score.flags for score in found.scores)
    assert all(score.setting.startswith("canary-") for score in found.scores)


def test_equal_settings_train_equal_canaries(digits: dict[str, Images], tmp_path: Path) -> None:
    short = {**CANARIES, "network": {**NETWORK, "epochs": 1}}
    names = {
        trained(canary, digits["pool"], short, Settings(tmp_path, tmp_path / place))[1]
        for canary in (Canary(0, None),)
        for place in ("a", "b")
    }
    assert len(names) == 1
