"""``sngen.models``, ``sngen.show`` and ``sngen.cohort``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from search_examples import CLIP, COPY, FEATURES, FIVE, ONE, TWO

import sngen
from sngen.errors import CheckFailed, UsageError
from sngen.search.cohorts import Cohort, write_cohort


def test_a_data_frame_with_the_types_of_the_contract(small_catalog: Path) -> None:
    frame = sngen.models(
        "dataset=cifar10", sort="-accuracy", columns="+parameters,country,own_dataset", catalog=small_catalog
    )
    assert list(frame["model_id"][:2]) == [ONE, COPY]
    types = frame.dtypes.astype(str)
    assert types[["year", "parameters"]].tolist() == ["Int64", "Int64"]
    assert (types["accuracy"], types["own_dataset"], types["model_id"]) == ("float64", "boolean", "str")
    assert pd.isna(frame["parameters"][1])
    assert frame.attrs["query"] == "dataset=cifar10"


def test_keywords_and_query_together(small_catalog: Path) -> None:
    place = {"catalog": str(small_catalog)}
    assert list(sngen.models(purpose="security", accuracy=(0.5, 0.9), **place)["model_id"]) == [TWO]
    assert list(sngen.models("resnet18", year=(None, 2018), **place)["model_id"]) == [ONE]
    assert list(sngen.models(dataset=None, **place)["model_id"]) == [CLIP, FEATURES]
    assert list(sngen.models(id=[FIVE, ONE], **place)["model_id"]) == [FIVE, ONE]
    assert len(sngen.models(dataset="cifar10", distinct=True, **place)) == 3
    assert sngen.models(text="nothing-like-it", **place).empty


def test_mistakes_are_usage_errors(small_catalog: Path) -> None:
    with pytest.raises(UsageError, match="unknown field 'datset'"):
        sngen.models(datset="cifar10", catalog=small_catalog)
    with pytest.raises(UsageError, match="limit is 0"):
        sngen.models(limit=0, catalog=small_catalog)
    with pytest.raises(UsageError, match="no model 'one'"):
        sngen.show("one", catalog=small_catalog)


def test_show_and_cohort(small_catalog: Path) -> None:
    assert sngen.show(ONE, catalog=small_catalog)["model"]["name"] == "one"
    cohort = Cohort(("hub/five", "lab/cifar10/uno"))
    write_cohort(cohort, small_catalog.parent / "cohorts" / f"{cohort.hash}.json")
    assert sngen.cohort(cohort.hash, catalog=small_catalog) == [FIVE, ONE]
    gone = small_catalog.parent / "gone.json"
    write_cohort(Cohort(("hub/gone",)), gone)
    with pytest.raises(CheckFailed, match="hub/gone name no model"):
        sngen.cohort(gone, catalog=small_catalog.parent / "catalog")
