"""Leases on a folder and on a bucket: one holder at a time, a dead one's work is taken again."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from evaluations.engine.leases import Holder, Note, Watch, lease_name, read_note, take
from sngen.errors import CheckFailed
from sngen.store import Store, open_store

UNIT = "0123"
ELSEWHERE = Holder("far", "another boot", 7, "1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def leave(store: Store, holder: Holder, nonce: str = "a") -> None:
    """A lease as another process has written it."""
    store.put(lease_name(UNIT), Note(holder, 60.0, nonce).to_bytes())


def test_the_second_is_refused_until_the_first_has_let_go(store: Store) -> None:
    lease = take(store, UNIT)
    assert lease is not None
    with lease:
        assert take(store, UNIT) is None
    assert read_note(store, UNIT) is None
    assert take(store, UNIT) is not None


def test_work_that_failed_is_free_at_once(store: Store) -> None:
    lease = take(store, UNIT)
    assert lease is not None
    with pytest.raises(RuntimeError), lease:
        raise RuntimeError
    assert take(store, UNIT) is not None


def hold(address: str, channel: Connection) -> None:
    with take(open_store(address), UNIT):  # type: ignore[union-attr]
        channel.send("held")
        time.sleep(600)


def test_a_process_killed_on_this_machine_holds_nothing(store: Store) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=hold, args=(store.address, theirs))
    process.start()
    assert ours.poll(60)
    assert take(store, UNIT) is None
    os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
    process.join()
    assert take(store, UNIT) is not None


def test_another_process_with_the_same_id_is_not_the_holder(store: Store) -> None:
    leave(store, replace(Holder.here(), started="1"))
    assert take(store, UNIT) is not None


def test_a_silent_holder_elsewhere_is_waited_for(store: Store) -> None:
    clock = Clock()
    watch = Watch(clock)
    leave(store, ELSEWHERE)
    assert watch.run_out(store, UNIT) is None
    clock.now += 59.0
    assert watch.run_out(store, UNIT) is None
    leave(store, ELSEWHERE, nonce="b")  # it has spoken
    clock.now += 59.0
    assert watch.run_out(store, UNIT) is None
    clock.now += 61.0
    token = watch.run_out(store, UNIT)
    assert token
    assert take(store, UNIT) is None
    assert take(store, UNIT, token) is not None


def test_of_two_that_saw_it_run_out_one_takes_it(store: Store) -> None:
    leave(store, ELSEWHERE)
    token = read_note(store, UNIT)[1].token  # type: ignore[index]
    assert take(store, UNIT, token) is not None
    assert take(store, UNIT, token) is None


def test_a_holder_keeps_speaking_and_notices_that_it_has_lost(store: Store) -> None:
    lease = take(store, UNIT, seconds=0.4)
    assert lease is not None
    with lease:
        first = read_note(store, UNIT)
        _wait(lambda: read_note(store, UNIT)[0].nonce != first[0].nonce)  # type: ignore[index]
        leave(store, ELSEWHERE)
        time.sleep(0.4)
        assert read_note(store, UNIT)[0].holder == ELSEWHERE  # type: ignore[index]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", json.dumps({"holder": 3}).encode()])
def test_what_is_no_lease_is_named(store: Store, content: bytes) -> None:
    store.put(lease_name(UNIT), content)
    with pytest.raises(CheckFailed, match=r"0123\.lease: not a lease"):
        take(store, UNIT)


def _wait(condition: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.02)
