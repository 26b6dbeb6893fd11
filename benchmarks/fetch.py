"""How many small files a second are fetched, by workers, beside a plain loop and the server's own limit.

The server (another process on this machine) takes 80 ms for each answer, as one far away does, and gives 16
answers at once, so that its own limit is 200 files/s. Fetching includes locks, hashes and the renaming into
the cache. Goal: with as many workers as the server gives answers at once, at least 85 % of its limit.

Run: python benchmarks/fetch.py
"""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import urllib3

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "zoo"))

from file_server import FileServer

from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.fetching.many import fetch_many

FILES, SIZE = 400, 20_000
DELAY, SLOTS = 0.08, 16
WORKERS = (1, 4, 8, 16, 32)
GOAL = 0.85


def content(number: int) -> bytes:
    return hashlib.shake_256(str(number).encode()).digest(SIZE)


def serve(connection: Connection) -> None:
    server = FileServer(delay=DELAY, slots=SLOTS)
    for number in range(FILES):
        server.put(f"/{number}", content(number))
    with server.running():
        connection.send(server.url)
        connection.recv()


@contextmanager
def server_elsewhere() -> Iterator[str]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        here.send(None)
        process.join()


def rate_of_loop(urls: list[str]) -> float:
    """Files/s of a loop that does nothing but ask, over one connection."""
    return rate_of_bare_threads(urls, 1)


def rate_of_bare_threads(urls: list[str], workers: int) -> float:
    """Files/s of threads that do nothing but ask: what the server gives in practice."""

    def ask(part: list[str]) -> int:
        pool = urllib3.PoolManager()
        return sum(len(pool.request("GET", url).data) for url in part)

    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        got = sum(pool.map(ask, [urls[number::workers] for number in range(workers)]))
    seconds = time.perf_counter() - start
    if got != SIZE * len(urls):
        raise SystemExit(f"{got} bytes came, expected {SIZE * len(urls)}")
    return len(urls) / seconds


def rate_of_fetch(models: list[dict[str, Any]], workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), cache=Path(folder) / "cache")
        start = time.perf_counter()
        outcomes = list(fetch_many(models, settings, workers))
        seconds = time.perf_counter() - start
    wrong = [outcome.error for outcome in outcomes if outcome.error is not None]
    if wrong:
        raise SystemExit(f"{len(wrong)} of {len(models)} failed: {wrong[0]}")
    return len(models) / seconds


def main() -> None:
    limit = SLOTS / DELAY
    with server_elsewhere() as base:
        urls = [f"{base}/{number}" for number in range(FILES)]
        models = [
            MODELS.row(
                model_id=f"m/{number}", weights_kind="file", weights_url=url,
                weights_sha256=hashlib.sha256(content(number)).hexdigest(), weights_bytes=SIZE,
            )
            for number, url in enumerate(urls)
        ]  # fmt: skip
        print(f"{FILES} files of {SIZE:,} bytes; the server's limit: {limit:.0f} files/s")
        print(f"a loop that only asks: {rate_of_loop(urls[: FILES // 10]):.0f} files/s")
        bare = rate_of_bare_threads(urls, 2 * SLOTS)
        print(f"{2 * SLOTS} threads that only ask: {bare:.0f} files/s")
        rates = {workers: rate_of_fetch(models[: min(FILES, 30 * workers)], workers) for workers in WORKERS}
    for workers, rate in rates.items():
        print(f"fetch, {workers:2} workers: {rate:.0f} files/s, {rate / limit:.0%} of the limit")
    reached = max(rates[16], rates[32]) / limit
    print(f"goal {GOAL:.0%} of the limit: {'reached' if reached >= GOAL else 'missed'} ({reached:.0%})")


if __name__ == "__main__":
    main()
