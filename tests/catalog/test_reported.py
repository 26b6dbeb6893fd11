"""Numbers and words of a source in the contract's form."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sngen.catalog.reported import (
    complement_of_percent,
    eps_setting,
    eps_value,
    fraction_of_percent,
    reported_score,
    with_source_words,
)
from sngen.schema import MODELS, SCORES
from sngen.validation import validate


@given(st.integers(0, 10_000_000))
def test_percent_is_exact(digits: int) -> None:
    """As exact as the fraction written out: no 0.9259999999999999 for 92.6 %."""
    percent = Decimal(digits) / Decimal(100_000)
    assert fraction_of_percent(str(percent)) == float(f"{Decimal(digits) / Decimal(10_000_000):f}")
    assert complement_of_percent(str(percent)) == float(f"{1 - Decimal(digits) / Decimal(10_000_000):f}")


@pytest.mark.parametrize("text", ["", "n/a", "92,6", "92.6%"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        fraction_of_percent(text)


@pytest.mark.parametrize(
    ("eps", "value"), [("8/255", 8 / 255), ("0.5", 0.5), ("128/255", 128 / 255), ("0", 0.0), ("0.031", 0.031)]
)
def test_sizes_of_perturbations(eps: str, value: float) -> None:
    assert eps_value(eps) == value


@pytest.mark.parametrize("eps", ["", "8/0x1", "-1", "1e3", "8/255/2", "nan"])
def test_what_is_no_size(eps: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        eps_value(eps)


def test_a_setting_names_norm_and_size() -> None:
    assert (eps_setting("Linf", "8/255"), eps_setting("L2", "0.5")) == ("linf-8-255", "l2-0.5")


def test_only_words_that_differ_are_kept() -> None:
    row = MODELS.row(model_id="s/m", license="MIT", country=["China", "United States"], venue="CVPR")
    kept = with_source_words(row, license="mit", country="USA, China", venue="CVPR", dataset_id=None)
    assert json.loads(kept[MODELS.c.source_words]) == {"country": "USA, China", "license": "mit"}
    one = MODELS.row(model_id="s/m", country=["China"])
    assert with_source_words(one, country="China")[MODELS.c.source_words] is None


def test_a_reported_score_keeps_the_contract() -> None:
    score = reported_score(
        "s", "s/m", "d", ("adversarial", "autoattack", "linf-8-255", "robust_accuracy"), 0.5, norm="Linf",
        eps="8/255", eps_value=8 / 255, source_column="aa", source_row=3, note=None,
    )  # fmt: skip
    assert score[SCORES.c.score_id] == "s/m:d:reported/s:autoattack:linf-8-255:robust_accuracy"
    assert set(score) == set(SCORES.names)
    problems = validate({SCORES.name: [score]})
    assert problems
    assert all("an id of the table" in problem for problem in problems)  # only what it refers to is missing
