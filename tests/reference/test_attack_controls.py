"""The embedded run's own records: each control shows what it is there for, under every attack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sngen.results import Record, ResultStore, ScoreEntry

RESULTS = Path(__file__).parents[2] / "build" / "results"
Score = Callable[[str, str, str, str], ScoreEntry]
Records = dict[tuple[str, str, str], Record]
ATTACKS = ("pgd", "apgd-ce", "white-box", "fab-t", "square", "transfer", "autoattack")
MEMBERSHIP = (
    "correctness", "confidence", "loss", "entropy", "modified-entropy", "mlp-full", "mlp-top3",
    "label-only", "lira", "rmia",
)  # fmt: skip


@pytest.fixture(scope="module")
def records() -> Records:
    """By the control's name, the family and the method."""
    if not RESULTS.is_dir():
        pytest.skip("no results in build/results: make leaderboard measures them")
    found = [record for record in ResultStore(RESULTS) if record.model_id.startswith("reference/digits/")]
    if not any(record.family == "membership" for record in found):
        pytest.skip("build/results is older than the attacks: make leaderboard measures them")
    newest = sorted(found, key=lambda record: str(record.provenance["date"]))
    return {(record.model_id.rpartition("/")[2], record.family, record.method): record for record in newest}


@pytest.fixture(scope="module")
def score(records: Records) -> Score:
    def find(model: str, method: str, setting: str, metric: str) -> ScoreEntry:
        # Two families have an attack named label-only; no metric is of two of them.
        entries = (
            entry
            for (name, _, by), record in records.items()
            if (name, by) == (model, method)
            for entry in record.scores
        )
        return next(entry for entry in entries if (entry.setting, entry.metric) == (setting, metric))

    return find


def raised(records: Records, model: str) -> set[str]:
    return {flag for entry in records[model, "adversarial", "masking"].scores for flag in entry.flags}


@pytest.mark.parametrize("attack", ["pgd", "apgd-ce", "white-box", "fab-t", "autoattack"])
def test_an_adversarially_trained_network_keeps_what_a_plain_one_loses(score: Score, attack: str) -> None:
    plain = score("cnn-16", attack, "linf-0.1", "robust_accuracy")
    trained = score("cnn-16-adversarial", attack, "linf-0.1", "robust_accuracy")
    assert plain.ci_high < trained.ci_low
    assert trained.value > 0.8


def test_the_ensemble_is_no_weaker_than_any_attack_in_it(records: Records, score: Score) -> None:
    for model, _, method in records:
        if method == "autoattack":
            best = score(model, method, "linf-0.1", "robust_accuracy").value
            alone = score(model, "apgd-ce", "linf-0.1", "robust_accuracy").value
            # A curve keeps what fell at a smaller budget; the ensemble starts anew.
            assert best <= alone + 0.02, model


def test_attacks_in_budgets_of_noise_do_more_than_noise(score: Score) -> None:
    attacked = score("cnn-8", "transfer", "linf-0.2", "robust_accuracy")
    noise = score("cnn-8", "transfer", "linf-0.2-noise", "robust_accuracy")
    assert attacked.ci_high < noise.ci_low


def test_hidden_gradients_are_flagged_and_plain_networks_are_not(
    records: Records,
) -> None:
    assert {"masking-zero-gradients", "masking-unbounded-survivors"} <= raised(
        records, "cnn-8-rounded-logits"
    )
    for model in ("cnn-8-rounded-logits", "cnn-8-rippled-pixels"):
        assert {"masking-square-after-white-box", "masking-transfer-beats-white-box"} <= raised(
            records, model
        )
    for model in ("cnn-8", "cnn-16", "mlp-16", "mlp-64", "linear", "cnn-16-adversarial"):
        assert raised(records, model) == set(), model


@pytest.mark.parametrize("method", MEMBERSHIP)
def test_a_model_that_never_saw_the_members_is_at_one_half(score: Score, method: str) -> None:
    found = score("cnn-8-without-members", method, "default", "auc")
    assert found.ci_low <= 0.5 <= found.ci_high


@pytest.mark.parametrize("method", MEMBERSHIP)
def test_the_overfitted_model_is_found_by_every_attack(score: Score, method: str) -> None:
    found = score("mlp-256-overfit", method, "default", "auc")
    assert found.ci_low > 0.6
    if method in ("lira", "rmia"):
        assert found.value > score("mlp-256-overfit", "loss", "default", "auc").value


def test_the_gap_attack_is_the_overfitting_level(records: Records, score: Score) -> None:
    for model, _, method in records:
        # The model without members has other training images than those it is attacked on.
        if method == "correctness" and model != "cnn-8-without-members":
            gap = score(model, "clean", "train-test", "overfitting_level").value
            assert score(model, method, "default", "auc").value == pytest.approx(0.5 + gap / 2, abs=1e-9)


def test_records_count_what_an_attack_asks_for(records: Records) -> None:
    for (model, family, method), record in records.items():
        if family not in ("adversarial", "membership"):
            continue
        gradients, queries = record.provenance["forward_backwards"], record.provenance["queries"]
        if method in ("square", "label-only", "transfer"):
            assert gradients == 0, (model, method)
        elif method in ATTACKS:
            assert gradients > 0, (model, method)
        if method in ("square", "label-only"):
            assert queries > 0, (model, method)
        elif method in ("pgd", "apgd-ce", "white-box", "fab-t", *MEMBERSHIP):
            assert queries == 0, (model, method)


@pytest.mark.parametrize("attack", ["partial-training-data", "label-only"])
def test_without_queries_nothing_is_stolen_and_with_many_nearly_all(score: Score, attack: str) -> None:
    none, few, many = (
        score("cnn-8", attack, setting, "stealing_agreement")
        for setting in ("queries-0", "queries-100", "default")
    )
    assert none.value < 0.25
    assert none.ci_high < few.ci_low
    assert many.value > 0.9


def test_real_images_of_the_kind_steal_more_than_any_others(score: Score) -> None:
    of_its_kind = score("cnn-8", "partial-training-data", "default", "stealing_agreement")
    for attack in ("out-of-distribution", "noise", "data-free"):
        assert score("cnn-8", attack, "default", "stealing_agreement").ci_high < of_its_kind.ci_low


def test_a_stolen_surrogate_attacks_its_target_better_than_noise(score: Score) -> None:
    attacked = score("cnn-8", "transfer-stolen", "linf-0.2", "robust_accuracy")
    noise = score("cnn-8", "transfer-stolen", "linf-0.2-noise", "robust_accuracy")
    assert attacked.ci_high < noise.ci_low


@pytest.mark.parametrize("model", ["cnn-8-backdoor-patch", "cnn-16-backdoor-blend"])
def test_planted_triggers_work_and_detectors_of_models_name_their_class(score: Score, model: str) -> None:
    assert score(model, "attack-success", "default", "attack_success_rate").ci_low > 0.9
    for detector in ("neural-cleanse", "pixel-backdoor", "mm-bd"):
        assert score(model, detector, "default", "target_found").value == 1.0
        assert score(model, detector, "default", "alarm").value == 1.0
    assert score(model, "strip", "default", "detection_auc").ci_low > 0.9


def test_the_recovered_patch_is_the_planted_one(score: Score) -> None:
    assert score("cnn-8-backdoor-patch", "neural-cleanse", "default", "trigger_overlap").value >= 0.75
    planted = score("cnn-8-backdoor-patch", "neural-cleanse", "norms", "p_value").value
    assert planted < score("cnn-8", "neural-cleanse", "norms", "p_value").value


def test_canaries_are_told_apart_but_by_the_detector_that_grey_images_mislead(
    records: Records,
) -> None:
    wrong = {
        method
        for (_, family, method), record in records.items()
        if family == "backdoor" and "canaries-wrong" in record.scores[0].flags
    }
    assert wrong == {"scale-up"}


def test_hidden_gradients_leave_detectors_by_gradient_without_a_number(
    records: Records,
) -> None:
    flags = records["cnn-8-rounded-logits", "backdoor", "neural-cleanse"].scores[0].flags
    assert "not-applicable-too-few-triggers" in flags
