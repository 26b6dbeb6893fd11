"""Neural Cleanse beside an independent implementation: the same models, images and number of passes.

    python benchmarks/neural_cleanse_peer.py PEER MODEL...

PEER is the file ``defenses/neural_cleanse/detecting.py`` of
https://github.com/VinAIResearch/input-aware-backdoor-attack-release (A. Nguyen and A. Tran, NeurIPS 2020).
Its classes ``RegressionModel`` and ``Recorder`` and its function ``train_step`` run as they are; around them
are a loader of our images, a classifier on pixels in [0, 1], and quiet stand-ins for what it prints and
saves. Models are ids of the catalogue; those of the suite ``reference`` are trained where they are not.

Known differences: it makes the L2 norm of the mask small, which a second run changes to the publication's L1;
it starts every class from the same mask of 0.88, and with lambda at 0.001 instead of 0. By its default it
never stops early (a factor of 99 where 1 is meant); here it may. All norms printed are L1, by the rule of
``evaluations.backdoor.anomaly`` for both.
"""

from __future__ import annotations

import argparse
import ast
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import nn

from evaluations.adversarial.fast_network import fast_network
from evaluations.backdoor.anomaly import anomaly
from evaluations.backdoor.trigger_search import MASKED, search
from evaluations.datasets import load_images
from evaluations.reference import suite
from evaluations.target import Target
from sngen.catalog.store import load_catalog
from sngen.errors import UsageError
from sngen.schema import DATASETS, MODELS
from sngen.settings import Settings
from sngen.zoo.model import network_of, weights_of

NAMES = ("RegressionModel", "Recorder", "train_step")
STEPS, BATCHES, BATCH, IMAGES = 300, 4, 32, 1000
OURS: dict[str, Any] = {
    "steps": STEPS, "batches": BATCHES, "batch": BATCH, "lr": 0.1, "success": 0.99, "patience": 5,
    "stale": 25,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("peer", type=Path)
    parser.add_argument("models", nargs="+")
    given = parser.parse_args()
    torch.set_num_threads(1)
    peers = {"peer": load_peer(given.peer, 2), "peer, L1": load_peer(given.peer, 1)}
    for model_id in given.models:
        target, x, classes = opened(model_id)
        print(model_id, flush=True)
        report("ours", *timed(ours, target, x, classes))
        for name, peer in peers.items():
            report(name, *timed(theirs, peer, target.network, x, classes))


def load_peer(path: Path, order: int) -> dict[str, Any]:
    """The three definitions of the peer's file, without its imports, with the norm of this order."""
    parsed = ast.parse(path.read_text(encoding="utf-8"))
    parsed.body = [node for node in parsed.body if getattr(node, "name", None) in NAMES]
    for node in ast.walk(parsed):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.norm":
            node.args[1] = ast.copy_location(ast.Constant(order), node.args[1])
    quiet = {"print": lambda *_: None, "progress_bar": lambda *_: None}
    names: dict[str, Any] = {"torch": torch, "nn": nn, "np": np, **quiet}
    exec(compile(parsed, str(path), "exec"), names)
    names["Recorder"].save_result_to_dir = lambda self, opt: None
    names["RegressionModel"]._get_classifier = lambda self, opt: opt.classifier
    for name in ("_get_normalize", "_get_denormalize"):
        setattr(names["RegressionModel"], name, lambda self, opt: None)
    return names


def opened(model_id: str) -> tuple[Target, torch.Tensor, int]:
    """The model, clean pixels [N, C, H, W] and the number of classes."""
    settings, catalog = Settings.from_environment(), load_catalog(Path("data/catalog"))
    row = next((row for row in catalog[MODELS.name] if row[MODELS.c.model_id] == model_id), None)
    if row is None:
        raise UsageError(f"the catalogue has no model {model_id}.")
    dataset = row[MODELS.c.dataset_id]
    classes = next(r for r in catalog[DATASETS.name] if r[DATASETS.c.dataset_id] == dataset)["num_classes"]
    own = model_id.startswith("reference/")
    path = suite.weights_for(model_id, settings)[0] if own else weights_of(row, settings)
    images = load_images(dataset, "test", settings.data)
    network = network_of(row, path, settings, classes)
    return Target(network, model_id, "", 1), images.first(min(IMAGES, len(images))).tensor(), classes


def ours(target: Target, x: torch.Tensor, classes: int) -> np.ndarray:
    fast = fast_network(target, x[:32]).target
    found = [search(MASKED, lambda z: fast(z).log_softmax(1), x, [goal], OURS, 0) for goal in range(classes)]
    return np.concatenate([np.where(np.isfinite(one.sizes), one.sizes, np.nan) for one in found])


def theirs(peer: dict[str, Any], classifier: nn.Module, x: torch.Tensor, classes: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(0)
    norms = []
    for goal in range(classes):
        opt = SimpleNamespace(
            EPSILON=1e-7, classifier=classifier, init_cost=1e-3, cost_multiplier=2.0, device="cpu",
            target_label=goal, dataset="", attack_mode="", atk_succ_threshold=99.0, early_stop=True,
            early_stop_threshold=1.0, early_stop_patience=25, patience=5,
        )  # fmt: skip
        ones = np.ones((1, *x.shape[2:]), np.float32), np.ones(tuple(x.shape[1:]), np.float32)
        model, recorder = peer["RegressionModel"](opt, *ones), peer["Recorder"](opt)
        optimiser = torch.optim.Adam([model.mask_tanh, model.pattern_tanh], lr=0.1, betas=(0.5, 0.9))
        for step in range(STEPS):
            chosen = torch.randperm(len(x), generator=generator)[: BATCHES * BATCH].split(BATCH)
            loader = [(x[part], None) for part in chosen]
            if peer["train_step"](model, optimiser, loader, recorder, step, opt):
                break
        found = np.isfinite(float(recorder.reg_best))
        norms.append(float(recorder.mask_best.abs().sum()) if found else np.nan)
    return np.array(norms)


def timed(work: Any, *arguments: Any) -> tuple[np.ndarray, float]:
    start = time.process_time()
    return work(*arguments), time.process_time() - start


def report(name: str, norms: np.ndarray, seconds: float) -> None:
    found = anomaly(norms)
    said = "no index" if found is None else f"index {found.index:.2f} at class {found.position}"
    print(f"  {name}: {said}, {seconds:.1f} s, norms {np.round(norms, 2).tolist()}", flush=True)


if __name__ == "__main__":
    main()
