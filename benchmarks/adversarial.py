"""How much cheaper attacks are than the reference's at the same verdicts, in one run on one machine.

Peer: APGD-CE of fra31/auto-attack (a checkout of it, named by --reference; left out without), from the same
starting points, on the same images, in CPU-seconds of one thread. Goals on ResNet-20 (CIFAR-10):
APGD-CE at 8/255 at least 50 times cheaper, at 1/255 at least 5 times; a curve of seven L-inf budgets at
least 10 times cheaper than the reference once per budget; and at least 90 % of the CPU-seconds spent in the
network's own passes (counts / bare rates, taken before and after).

Run: python benchmarks/adversarial.py --reference FOLDER [--images 100] [--curve-images 16] [--rounds 1]
with SECURITYNET_DATA and, unless the checkpoint may be fetched, SECURITYNET_ZOO set.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from evaluations.adversarial.apgd import apgd_ce, starting_points
from evaluations.adversarial.fast_network import fast_network
from evaluations.adversarial.found import Found
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat
from evaluations.datasets import load_images
from evaluations.target import Target
from sngen.settings import Settings
from sngen.zoo.model import load_model

SETTINGS = {"iterations": 100, "restarts": 1, "batch_size": 64}
SINGLE = {"8/255": 50.0, "1/255": 5.0}  # budgets and how many times cheaper they shall be
CURVE = ("0.25/255", "0.5/255", "1/255", "2/255", "4/255", "8/255", "16/255")
CURVE_GOAL = 10.0
EFFICIENCY_GOAL = 0.9
SEED = 0


@dataclass
class Case:
    """A target with the images that it labels right, and their logits."""

    target: Target
    x: torch.Tensor
    labels: torch.Tensor
    ids: np.ndarray
    logits: torch.Tensor

    def first(self, n: int) -> Case:
        return Case(self.target, self.x[:n], self.labels[:n], self.ids[:n], self.logits[:n])


@dataclass
class Cost:
    """What an attack took: CPU-seconds, passes, and which images fell (bool [N])."""

    seconds: float
    forward_backwards: int
    forwards: int
    fooled: np.ndarray


Attack = Callable[[Case, Threat], np.ndarray]


def measured(case: Case, target: Target, run: Callable[[], np.ndarray]) -> Cost:
    target.forwards = target.forward_backwards = 0
    start = time.process_time()
    fooled = run()
    return Cost(time.process_time() - start, target.forward_backwards, target.forwards, fooled)


def ours(target: Target) -> Attack:
    def attack(case: Case, threat: Threat) -> np.ndarray:
        found: Found = apgd_ce(
            target, case.x, case.labels, case.ids, threat, SETTINGS, SEED, clean_logits=case.logits
        )
        return found.fooled.numpy()

    return attack


def reference(folder: Path) -> Attack | None:
    """APGD-CE of a checkout of fra31/auto-attack."""
    if not (folder / "autoattack" / "autopgd_base.py").is_file():
        print(f"the reference is left out: {folder} holds no autoattack/autopgd_base.py")
        return None
    sys.path.insert(0, str(folder))
    from autoattack.autopgd_base import APGDAttack  # noqa: PLC0415 - from a folder named by an option

    def attack(case: Case, threat: Threat) -> np.ndarray:
        norm = {"linf": "Linf", "l2": "L2"}[threat.norm]
        run = APGDAttack(case.target, n_iter=SETTINGS["iterations"], norm=norm, eps=threat.eps, device="cpu")
        run.init_hyperparam(case.x)
        survives = []
        for rows in np.array_split(np.arange(len(case.x)), -(-len(case.x) // SETTINGS["batch_size"])):
            x = case.x[rows]
            start = starting_points(x, case.ids[rows], 0, threat, Noise(SEED, "apgd-ce"))
            survives.append(run.attack_single_run(x, case.labels[rows], x_init=start)[1])
        return ~torch.cat(survives).bool().numpy()

    return attack


def curve_of_survivors(attack: Attack) -> Callable[[Case, list[Threat]], np.ndarray]:
    """Budgets in ascending order; an example at one holds at every larger one. Fallen: bool [budgets, N]."""

    def curve(case: Case, threats: list[Threat]) -> np.ndarray:
        fooled = np.zeros((len(threats), len(case.x)), dtype=bool)
        for place, threat in enumerate(threats):
            rows = np.flatnonzero(~fooled[place - 1]) if place else np.arange(len(case.x))
            part = Case(case.target, case.x[rows], case.labels[rows], case.ids[rows], case.logits[rows])
            fooled[place] = fooled[place - 1] if place else False
            fooled[place, rows] = attack(part, threat)
        return fooled

    return curve


def once_per_budget(attack: Attack) -> Callable[[Case, list[Threat]], np.ndarray]:
    return lambda case, threats: np.stack([attack(case, threat) for threat in threats])


def rates(network: torch.nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """Forward passes, and forward and backward passes, of one image per CPU-second, without anything else."""

    def forward() -> None:
        with torch.no_grad():
            network(x)

    def both() -> None:
        y = x.clone().requires_grad_()
        torch.autograd.grad(network(y).logsumexp(dim=1).sum(), y)

    return _rate(forward, len(x)), _rate(both, len(x))


def _rate(run: Callable[[], None], images: int) -> float:
    run()
    seconds = []
    for _ in range(5):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return images / statistics.median(seconds)


def compare(
    name: str, case: Case, runs: dict[str, Callable[[], np.ndarray]], rounds: int, goal: float
) -> dict[str, Cost]:
    """Runs all in turn, ``rounds`` times, and prints a line for each. Gives the costs of the last round."""
    print(f"\n{name}: {len(case.x)} images")
    costs: dict[str, list[Cost]] = {label: [] for label in runs}
    for _ in range(rounds):
        for label, run in runs.items():
            costs[label].append(measured(case, case.target, run))
    median = {label: statistics.median(cost.seconds for cost in some) for label, some in costs.items()}
    for label, some in costs.items():
        last = some[-1]
        line = (
            f"  {label:18} {last.forward_backwards:8,} f+b {last.forwards:7,} f {median[label]:8.2f} CPU-s  "
            f"{int((~last.fooled).sum())} unbroken"
        )
        if "reference" in runs and label != "reference":
            ratio = median["reference"] / median[label]
            different = int((last.fooled != costs["reference"][-1].fooled).sum())
            line += f"; {ratio:.1f} times cheaper, {different} verdicts differ"
            line += f" (goal {goal:g}: {'reached' if ratio >= goal else 'missed'})" if label == "fast" else ""
        print(line)
    return {label: some[-1] for label, some in costs.items()}


def prepared(model_id: str, settings: Settings, n: int) -> Case:
    target = Target(load_model(model_id, settings), model_id, "", 1)
    images = load_images("cifar10", "test", settings.data, n)
    x, labels = images.tensor(), torch.tensor(images.labels)
    with torch.no_grad():
        logits = target(x)
    right = logits.argmax(dim=1) == labels
    return Case(target, x[right], labels[right], images.ids[right.numpy()], logits[right])


def print_efficiency(cost: Cost, before: tuple[float, float], after: tuple[float, float]) -> None:
    """Of a run with the original network, whose bare rates were taken before and after it."""
    forward, both = (statistics.mean(pair) for pair in zip(before, after, strict=True))
    share = (cost.forward_backwards / both + cost.forwards / forward) / cost.seconds
    print(f"  bare rates: {forward:.0f} forwards and {both:.0f} f+b per CPU-second")
    print(
        f"  share of the CPU-seconds that are the network's passes: {share:.2f} "
        f"(goal {EFFICIENCY_GOAL}: {'reached' if share >= EFFICIENCY_GOAL else 'missed'})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", default="akamaster/cifar10/resnet20")
    parser.add_argument("--reference", type=Path, default=Path("auto-attack"))
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--curve-images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    case = prepared(options.model, Settings.from_environment(), options.images)
    fast = fast_network(case.target, case.x[:64])
    print(f"{options.model}, {len(case.x)} of {options.images} images right; fast: {fast.reason}")
    attacks = {"fast": ours(fast.target), "original network": ours(case.target)}
    peer = reference(options.reference)
    if peer is not None:
        attacks["reference"] = peer

    batch = case.x[: SETTINGS["batch_size"]]
    for budget, goal in SINGLE.items():
        threat = Threat.parse("linf", budget)
        before = rates(case.target.network, batch)
        runs = {label: partial(run, case, threat) for label, run in attacks.items()}
        costs = compare(f"APGD-CE, L-inf {budget}", case, runs, options.rounds, goal)
        print_efficiency(costs["original network"], before, rates(case.target.network, batch))

    threats = [Threat.parse("linf", budget) for budget in CURVE]
    few = case.first(options.curve_images)
    curves = {
        label: once_per_budget(run) if label == "reference" else curve_of_survivors(run)
        for label, run in attacks.items()
    }
    runs = {label: lambda run=run: run(few, threats).ravel() for label, run in curves.items()}
    compare(f"curve of {len(CURVE)} L-inf budgets", few, runs, options.rounds, CURVE_GOAL)

    # AutoAttack, ours against the reference's "standard", has its place here.


if __name__ == "__main__":
    main()
