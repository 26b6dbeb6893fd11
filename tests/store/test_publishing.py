"""Publishing: once, whole, compared with what is there; on a folder and on a bucket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evaluations.engine.publishing import publish
from sngen.errors import CheckFailed
from sngen.results import Record, ReproducibilityFailure, ResultStore, ScoreEntry, record_name
from sngen.store import Store, StoreUnavailable

RECORD = Record(
    model_id="fakes/one",
    dataset_id="cifar10",
    family="utility",
    protocol="utility/1",
    tier="cpu",
    method="clean",
    method_version=1,
    key={"model_id": "fakes/one"},
    arguments={},
    scores=(ScoreEntry("test", "accuracy", 50.0, 10),),
    outcomes=(),
    provenance={"date": "2026-01-01T00:00:00Z"},
)


def other(value: float) -> Record:
    return replace(RECORD, scores=(replace(RECORD.scores[0], value=value),))


def test_a_record_that_is_sent_twice_is_there_once(store: Store) -> None:
    assert publish(store, RECORD)
    publish(store, RECORD)  # the answer to the first got lost, say
    assert [record.record_id for record in ResultStore(store)] == [RECORD.record_id]


def test_an_equal_result_of_another_day_changes_nothing(store: Store) -> None:
    publish(store, RECORD)
    later = replace(RECORD, provenance={"date": "2026-02-02T00:00:00Z"})
    assert not publish(store, later)
    assert store.read(record_name(RECORD)).content == RECORD.to_bytes()  # type: ignore[union-attr]


def test_another_result_is_reported_and_kept_beside_the_first(store: Store) -> None:
    publish(store, RECORD)
    with pytest.raises(ReproducibilityFailure, match="came out differently") as caught:
        publish(store, other(60.0))
    kept = next(iter(store.names(".conflicts")))
    assert store.where(kept) in str(caught.value)
    assert store.read(kept).content == other(60.0).to_bytes()  # type: ignore[union-attr]
    assert store.read(record_name(RECORD)).content == RECORD.to_bytes()  # type: ignore[union-attr]
    assert len(list(ResultStore(store))) == 1, "the second is no record"


@pytest.mark.parametrize("length", [0, 10, -2])
def test_a_torn_record_gives_way_to_a_whole_one(store: Store, length: int) -> None:
    store.put(record_name(RECORD), RECORD.to_bytes()[:length])
    assert publish(store, RECORD)
    assert store.read(record_name(RECORD)).content == RECORD.to_bytes()  # type: ignore[union-attr]


def test_estimates_do_without_what_is_damaged(store: Store) -> None:
    publish(store, RECORD)
    store.put(record_name(replace(RECORD, key={"model_id": "fakes/two"})), b"{")
    assert [record.record_id for record in ResultStore(store).intact()] == [RECORD.record_id]
    with pytest.raises(CheckFailed, match="not a valid result record"):
        list(ResultStore(store))


class Silent:
    """A store that does not answer the first ``times`` times."""

    def __init__(self, store: Store, times: int) -> None:
        self._store, self.times = store, times

    def create(self, name: str, content: bytes) -> bool:
        self.times -= 1
        if self.times >= 0:
            raise StoreUnavailable(f"{name}: no answer")
        return self._store.create(name, content)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_a_finished_result_waits_for_a_store_that_is_silent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sngen.store.patience.time.sleep", lambda seconds: None)
    assert publish(Silent(store, 3), RECORD)  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable, match="no answer"):
        publish(Silent(store, 10**9), other(60.0), patience=0.05)  # type: ignore[arg-type]
