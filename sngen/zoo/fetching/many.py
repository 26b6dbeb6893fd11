"""Many files at once, with a bounded number of threads; stopped at any moment without losing what came."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sngen.errors import SecurityNetError
from sngen.settings import Settings
from sngen.zoo.fetching.connection import Connections
from sngen.zoo.fetching.job import Bar, Interrupted, Patience
from sngen.zoo.fetching.obtaining import Fetched, obtain

Row = Mapping[str, Any]
#: How often the user's Ctrl-C is looked for.
GLANCE = 0.2


@dataclass(frozen=True)
class Outcome:
    """Either ``fetched``, or the ``error`` that says why not."""

    model: Row
    fetched: Fetched | None
    error: SecurityNetError | None


def fetch_many(
    models: Sequence[Row],
    settings: Settings,
    workers: int,
    bar: Bar | None = None,
    patience: Patience | None = None,
) -> Generator[Outcome, None, None]:
    """Outcomes as they come. One model's failure is an outcome and stops no other.

    Closing the iterator (or Ctrl-C in it) starts no further file and stops those under way at the next piece;
    what they had stays for the next time. Threads that wait for a silent server are left behind: they are
    daemons and hold nothing that another process would wait for.
    """
    todo: queue.SimpleQueue[Row] = queue.SimpleQueue()
    done: queue.SimpleQueue[Outcome | BaseException] = queue.SimpleQueue()
    for model in models:
        todo.put(model)
    stop = threading.Event()

    def work() -> None:
        session = None
        while not stop.is_set():
            try:
                model = todo.get_nowait()
            except queue.Empty:
                return
            try:
                session = session or Connections()
                found = obtain(model, settings, bar=bar, patience=patience, session=session, stop=stop)
                done.put(Outcome(model, found, None))
            except Interrupted:
                return
            except SecurityNetError as error:
                done.put(Outcome(model, None, error))
            except BaseException as error:  # a mistake of ours must end the command, not a thread
                done.put(error)
                return

    for number in range(min(workers, len(models))):
        threading.Thread(target=work, name=f"fetch-{number}", daemon=True).start()
    try:
        for _ in models:
            yield _next(done)
    finally:
        stop.set()


def _next(done: queue.SimpleQueue[Outcome | BaseException]) -> Outcome:
    while True:
        try:
            found = done.get(timeout=GLANCE)
        except queue.Empty:
            continue
        if isinstance(found, BaseException):
            raise found
        return found
