"""Models, images and methods for tests of the engine: real torch, nothing to train, no file to load."""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from evaluations.datasets import Images
from evaluations.engine.batch import Summary, run_batch
from evaluations.engine.costs import Costs
from evaluations.engine.engine import Engine
from evaluations.engine.inputs import Inputs
from evaluations.engine.pool import Pool
from evaluations.engine.provenance import Environment
from evaluations.engine.unit import Conditions, Rates
from evaluations.engine.work import Catalog, Selection, select
from evaluations.method import Context, Measurement, Method, Preparation, method
from evaluations.protocol import DataRole, Protocol, Tier
from evaluations.registry import find_methods
from sngen.results import ArrayEntry, OutcomeEntry, PictureEntry, ScoreEntry
from sngen.schema import DATASETS, MODELS, SOURCES

CLASSES = 4
Methods = Mapping[tuple[str, str], Method]


def model_row(model_id: str, **values: Any) -> dict[str, Any]:
    given = {
        "model_id": model_id, "name": model_id, "source_id": "fakes", "dataset_id": "blobs",
        "weights_sha256": hashlib.sha256(model_id.encode()).hexdigest(),
        "loader": "linear", "mean": [0.0], "std": [1.0],
    }  # fmt: skip
    return MODELS.row(**(given | values))


def catalog_of(*models: dict[str, Any]) -> Catalog:
    return {
        "sources": [SOURCES.row(source_id="fakes", title="Fakes")],
        "datasets": [
            DATASETS.row(dataset_id="blobs", name="Blobs", num_classes=CLASSES, source_id="fakes"),
            DATASETS.row(dataset_id="elsewhere", name="Elsewhere", num_classes=CLASSES, source_id="fakes"),
        ],
        "models": list(models),
        "scores": [],
    }


def catalog(count: int) -> Catalog:
    return catalog_of(*(model_row(f"fakes/m{i}") for i in range(count)))


def protocol(**methods: dict[str, Any]) -> Protocol:
    data = {"test": DataRole("test"), "train": DataRole("train", 40)}
    return Protocol(
        "fake/1", "utility", "Fake", "For tests.", 7, methods,
        {"reference": Tier("reference", ("blobs",), data)}, ("none",),
    )  # fmt: skip


def select_all(facts: Catalog, *protocols: Protocol, methods: Methods | None = None) -> Selection:
    models = facts[MODELS.name]
    return select(models, facts[DATASETS.name], protocols, methods or find_methods(), models)


def selection(count: int, **methods: dict[str, Any]) -> Selection:
    return select_all(catalog(count), protocol(**methods))


@dataclass(frozen=True)
class FakeInputs(Inputs):
    """A linear network whose weights follow from the model's id; a model of the source ``reference`` has to
    be prepared first, which leaves a file in the cache. ``reads``: where each reading of images is noted."""

    reads: Path | None = None

    def known_weights(self, model: Mapping[str, Any]) -> str | None:
        sha256: str = hashlib.sha256(model[MODELS.c.model_id].encode()).hexdigest()
        if model[MODELS.c.weights_sha256] is None:
            return None
        return (
            sha256
            if model[MODELS.c.source_id] == "fakes" or (self.settings.cache / sha256).exists()
            else None
        )

    def weights(self, model: Mapping[str, Any]) -> tuple[Path, str]:
        sha256 = hashlib.sha256(model[MODELS.c.model_id].encode()).hexdigest()
        if model[MODELS.c.model_id].endswith("untrainable"):
            raise RuntimeError("the loss is NaN")
        self.settings.cache.mkdir(parents=True, exist_ok=True)
        (self.settings.cache / sha256).touch()
        return self.settings.cache / sha256, sha256

    def images(self, model: Mapping[str, Any], data: DataRole) -> Images:
        if self.reads is not None:
            note(self.reads, f"{model[MODELS.c.dataset_id]} {data.split}")
        rng = np.random.default_rng(1 if data.split == "test" else 2)
        pixels = rng.integers(0, 256, (60, 1, 4, 4), dtype=np.uint8)
        labels = rng.integers(0, CLASSES, 60)
        images = Images("blobs", data.split, pixels, 255, labels, np.arange(60, dtype=np.int32), CLASSES)
        return images if data.first is None else images.first(data.first)

    def network(self, model: Mapping[str, Any], tensors: Path, num_classes: int) -> nn.Module:
        seed = int.from_bytes(tensors.name.encode()[:4])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return nn.Sequential(nn.Flatten(), nn.Linear(16, num_classes))


def note(path: Path, line: str) -> None:
    """Append a line; lines of several processes never mix."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


@method("utility", "probe", version=1)
def probe(target: Any, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int) -> Measurement:
    """Accuracy on the test images plus torch's own random numbers, so that seeding shows.

    Settings, all optional: ``log`` gets a line when a unit starts and ``seconds`` is how long it takes;
    ``misbehave`` says for a model how its unit goes wrong while the file ``while`` exists.
    """
    if "log" in settings:
        note(Path(settings["log"]), f"{target.model_id} {os.getpid()}")
    time.sleep(settings.get("seconds", 0))
    if "while" in settings and Path(settings["while"]).exists():
        _misbehave(settings["misbehave"].get(target.model_id))
    test = data["test"]
    right = target.logits(test, 16).argmax(1) == test.labels
    noise = float(torch.rand(()) + np.float32(seed))
    return Measurement(
        (
            ScoreEntry("test", "accuracy", float(right.mean()), len(right), 0.0, 1.0, "none"),
            ScoreEntry("noise", "parameters", noise, 1),
            ScoreEntry("batch", "forward_time", time.perf_counter() % 1 + 1e-9, 3),
        ),
        (OutcomeEntry.of("test", "test", "correct", test.ids, right),),
    )


def _misbehave(how: str | None) -> None:
    if how == "raise":
        raise ValueError("no good")
    if how == "segfault":
        ctypes.string_at(0)
    if how == "exit":
        os._exit(3)
    if how == "sys-exit":
        sys.exit("enough")
    if how == "memory":
        torch.empty(2**60)
    if how == "hang":
        time.sleep(300)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


@method("utility", "drifting", version=1)
def drifting(target: Any, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int) -> Measurement:
    """Numbers that are read from a file, so that a test can change them behind the engine's back."""
    accuracy, seconds = (float(word) for word in Path(settings["file"]).read_text().split())
    return Measurement(
        (
            ScoreEntry("test", "accuracy", accuracy, 60, 0.4, 0.6, "by hand"),
            ScoreEntry("bare", "accuracy", accuracy, 60),
            ScoreEntry("batch", "forward_time", seconds, 60, seconds * 0.9, seconds * 1.1, "by hand"),
        )
    )


def note_pool(log: str, index: int) -> None:
    note(Path(log), f"prepared {index}")


def two_pools(data: Mapping[str, Images], settings: Mapping[str, Any], folders: Any) -> list[Preparation]:
    """Two pieces of work that all units share; nothing to do once the log has them."""
    log = Path(settings["log"])
    done = log.read_text() if log.exists() else ""
    return [
        Preparation(f"pool {index} of {len(data['test'])}", note_pool, (settings["log"], index))
        for index in range(2)
        if f"prepared {index}" not in done
    ]


@method("utility", "prepared", version=1, needs_gradients=True, prepare=two_pools, prepares_on=("test",))
def prepared(
    target: Any, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """Counts what was prepared; asks for gradients of itself and of the surrogate; keeps a step."""
    lines = Path(settings["log"]).read_text().splitlines()
    x = data["test"].tensor().requires_grad_(True)
    surrogate = context.surrogate()
    step = context.keep.step("gradient", lambda: {"sum": _gradient(target, x)})
    _gradient(surrogate, x)
    if settings.get("fails"):
        raise ValueError("after the step")
    return Measurement(
        (
            ScoreEntry("prepared", "parameters", float(len(lines)), 1),
            ScoreEntry("surrogate", "parameters", float(surrogate.forward_backwards), 1),
        ),
        arrays=(ArrayEntry("test", "gradient", "position", "sum", (0.0,), (float(step["sum"]),)),),
    )


def _gradient(target: Any, x: torch.Tensor) -> np.ndarray:
    (gradient,) = torch.autograd.grad(target(x).sum(), x)
    return np.array(float(gradient.sum()))


@method("utility", "informed", version=1, facts=("trigger_target", "trigger"))
def informed(
    target: Any, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int, context: Context
) -> Measurement:
    """What the catalogue says of the target, as a score and as a picture."""
    known = context.facts["trigger_target"]
    shown = PictureEntry.of("test", "known", "one pixel", np.full((1, 1, 1), known, np.uint8))
    assert context.facts.keys() == {"trigger", "trigger_target"}
    return Measurement((ScoreEntry("known", "parameters", float(known), 1),), pictures=(shown,))


@method("utility", "invalid", version=1)
def invalid(target: Any, data: Mapping[str, Images], settings: Mapping[str, Any], seed: int) -> Measurement:
    return Measurement((ScoreEntry("test", "accuracy", 1.5, 10),))


def now() -> datetime:
    return datetime.now(UTC)


def gauge(network: nn.Module, images: Images, gradients: bool, device: str) -> Rates:
    """A machine of constant speed; the real gauge takes a fifth of a second."""
    return Rates(kernel=0.01, forward=1000.0, forward_backward=500.0 if gradients else None)


def run(
    chosen: Selection,
    inputs: Inputs,
    store: Path | str,
    workers: int = 2,
    stream: Any = None,
    engine: Engine | None = None,
) -> Summary:
    how = Conditions(1, Environment.here(), now, gauge)
    stream = sys.stderr if stream is None else stream
    return run_batch(chosen, inputs, store, engine or Pool(workers), how, stream, Costs(1.0))
