from __future__ import annotations

import pytest
from relating_rows import clean, model

from sngen.catalog.audit import Audit
from sngen.catalog.disagreements import compare_sources, record_disagreements
from sngen.catalog.reported import reported_score


def test_scores_of_the_same_weights_by_different_sources() -> None:
    ours, theirs, alone = (model(f"{source}/x", dataset_id="cifar10") for source in ("one", "two", "three"))
    scores = [clean(ours, 0.90), clean(theirs, 0.89), clean(alone, 0.5)]
    (found,) = compare_sources(scores, {"one/x": "one/x", "two/x": "one/x"})
    assert (found.value_a, found.value_b) == (0.90, 0.89)
    assert found.difference == pytest.approx(-0.01) and found.large
    assert compare_sources(scores, {}) == []


def test_one_model_by_two_sources_and_one_source_alone() -> None:
    kind = ("utility", "clean", "test", "accuracy")
    scores = [
        reported_score("one", "one/x", "cifar10", kind, 0.9),
        reported_score("two", "one/x", "cifar10", kind, 0.9),
        reported_score("one", "one/y", "cifar10", kind, 0.8),
    ]
    found = compare_sources(scores, {"one/x": "one/x", "one/y": "one/x"})
    assert [(pair.value_a, pair.value_b) for pair in found] == [(0.9, 0.9)]


@pytest.mark.parametrize(("metric", "values", "large"), [
    ("accuracy", (0.900, 0.905), False), ("accuracy", (0.900, 0.9051), True),
    ("mean_corruption_error", (50.0, 50.9), False), ("mean_corruption_error", (50.0, 51.1), True),
])  # fmt: skip
def test_tolerance(metric: str, values: tuple[float, float], large: bool) -> None:
    kind = ("corruption", "common-corruptions", "default", metric)
    scores = [
        reported_score(source, "a/x", "cifar10", kind, value)
        for source, value in zip(("one", "two"), values, strict=True)
    ]
    audit = Audit()
    pairs = compare_sources(scores, {})
    record_disagreements(pairs, audit)
    assert [pair.large for pair in pairs] == [large]
    (entry,) = audit.entries
    assert len(entry["rows"]) == large
    assert "1 pairs were compared" in entry["explanation"]
