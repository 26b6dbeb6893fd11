"""How much cheaper attacks are than the reference's at the same verdicts, in one run on one machine.

Peer: fra31/auto-attack (a checkout of it, named by --reference), on the same images with the same network, in
CPU-seconds of one thread. What was measured is in adversarial.md.

Part ``apgd``: APGD-CE from the same starting points. Goals on ResNet-20 (CIFAR-10): at 8/255 at least 50
times cheaper, at 1/255 at least 5 times; a curve of seven L-inf budgets at least 10 times cheaper than the
reference once per budget; and at least 90 % of the CPU-seconds spent in the network's own passes (counts /
bare rates, taken before and after). Without a checkout only our own side runs.

Part ``ensemble``: AutoAttack's standard ensemble, each side with random numbers of its own. Both get all
images, wrong ones included, and everything they do from there counts: clean passes, the reference's checks
of the model, our comparison of the folded network. Goal: robust accuracies at most one percentage point
apart. Images that only one side breaks are attacked again by the other with further seeds, and the example
is judged in float64.

Run: python benchmarks/adversarial.py apgd --reference FOLDER [--images 100] [--curve-images 16] [--rounds 1]
     python benchmarks/adversarial.py ensemble --reference FOLDER [--model ID] [--norm linf] [--eps 8/255]
with SECURITYNET_DATA and, unless the checkpoint may be fetched, SECURITYNET_ZOO set.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from evaluations.adversarial.apgd import apgd_ce, starting_points
from evaluations.adversarial.autoattack import ATTACKS
from evaluations.adversarial.fast_network import fast_network
from evaluations.adversarial.found import Found
from evaluations.adversarial.measuring import Victims, searched_with
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat, admissible
from evaluations.datasets import Images, load_images
from evaluations.protocol import load_protocols
from evaluations.target import Target
from sngen.errors import SecurityNetError
from sngen.settings import Settings
from sngen.zoo.model import load_model

SETTINGS = {"iterations": 100, "restarts": 1, "batch_size": 64}
SINGLE = {"8/255": 50.0, "1/255": 5.0}  # budgets and how many times cheaper they shall be
CURVE = ("0.25/255", "0.5/255", "1/255", "2/255", "4/255", "8/255", "16/255")
CURVE_GOAL = 10.0
EFFICIENCY_GOAL = 0.9
POINTS_GOAL = 1.0  # how far robust accuracies may be apart, in percentage points
SEED = 0
FURTHER_SEEDS = (1, 2, 3)


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
NORMS = {"linf": "Linf", "l2": "L2"}  # as the reference writes them


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


def is_checkout(folder: Path) -> bool:
    """Whether the reference can be imported from there, which then is possible."""
    if not (folder / "autoattack" / "autoattack.py").is_file():
        return False
    sys.path.insert(0, str(folder))
    return True


def reference() -> Attack:
    """The reference's APGD-CE."""
    from autoattack.autopgd_base import APGDAttack  # noqa: PLC0415 - from a folder named by an option

    def attack(case: Case, threat: Threat) -> np.ndarray:
        run = APGDAttack(
            case.target, n_iter=SETTINGS["iterations"], norm=NORMS[threat.norm], eps=threat.eps, device="cpu"
        )
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


def compare_apgd(options: argparse.Namespace, settings: Settings, peer: bool) -> None:
    case = prepared(options.model, settings, options.images)
    fast = fast_network(case.target, case.x[:64])
    print(f"{options.model}, {len(case.x)} of {options.images} images right; fast: {fast.reason}")
    attacks = {"fast": ours(fast.target), "original network": ours(case.target)}
    if peer:
        attacks["reference"] = reference()

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


@dataclass
class Verdicts:
    """Of N images: which attack broke it ("" where none did, "clean" where none was needed), the examples
    float32 [N, C, H, W], and what it took."""

    broken_by: list[str]
    examples: torch.Tensor
    seconds: float
    forward_backwards: int
    forwards: int

    @property
    def robust(self) -> np.ndarray:
        return np.array([name == "" for name in self.broken_by])


Ensemble = Callable[[torch.nn.Module, Images, Threat, int], Verdicts]


def our_ensemble(network: torch.nn.Module, images: Images, threat: Threat, seed: int) -> Verdicts:
    settings = load_protocols(["adversarial/1"])[0].methods["autoattack"]
    target = Target(network, "", "", 1)
    start = time.process_time()
    victims = Victims.of(target, images, settings["batch_size"])
    search = searched_with(target, victims)
    broken_by = ["" if right else "clean" for right in victims.right]
    examples = victims.x.clone()
    for name, attack in ATTACKS.items():
        rows = np.flatnonzero([not by for by in broken_by])
        if len(rows):
            own = {"batch_size": settings["batch_size"], **settings[name]}
            found = victims.attacked(attack, search, rows, threat, own, seed)
            examples[rows] = found.adversarial
            for row in rows[found.fooled.numpy()]:
                broken_by[row] = name
    seconds = time.process_time() - start
    return Verdicts(broken_by, examples, seconds, target.forward_backwards, target.forwards)


def reference_ensemble(network: torch.nn.Module, images: Images, threat: Threat, seed: int) -> Verdicts:
    from autoattack import AutoAttack  # noqa: PLC0415 - from a folder named by an option

    target = Target(network, "", "", 1)
    x, labels = images.tensor(), torch.tensor(images.labels)
    calls: list[tuple[str, torch.Tensor, torch.Tensor]] = []  # attack, images, what it gave for them
    start = time.process_time()
    run = AutoAttack(
        target,
        norm=NORMS[threat.norm],
        eps=threat.eps,
        seed=seed,
        version="standard",
        device="cpu",
        verbose=False,
    )
    parts = {"apgd-ce": run.apgd, "apgd-t": run.apgd_targeted, "fab-t": run.fab, "square": run.square}
    for name, part in parts.items():
        part.perturb = partial(_noted, calls, name, part.perturb)
    examples = run.run_standard_evaluation(x, labels, bs=SETTINGS["batch_size"])
    seconds = time.process_time() - start
    counts = target.forward_backwards, target.forwards
    return Verdicts(_broken_by(target, x, labels, examples, calls), examples, seconds, *counts)


def _noted(
    calls: list[tuple[str, torch.Tensor, torch.Tensor]], name: str,
    perturb: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], x: torch.Tensor, labels: torch.Tensor,
) -> torch.Tensor:  # fmt: skip
    found = perturb(x, labels)
    calls.append((name, x, found))
    return found


def _broken_by(
    target: Target, x: torch.Tensor, labels: torch.Tensor, examples: torch.Tensor,
    calls: list[tuple[str, torch.Tensor, torch.Tensor]],
) -> list[str]:  # fmt: skip
    """The attack that gave each example which the reference returned."""
    rows = {image.numpy().tobytes(): row for row, image in enumerate(x)}
    with torch.no_grad():
        right = torch.cat([target(part) for part in x.split(64)]).argmax(dim=1) == labels
    broken_by = ["" if correct else "clean" for correct in right]
    for name, originals, found in calls:
        for original, example in zip(originals, found, strict=True):
            row = rows[original.numpy().tobytes()]
            if not torch.equal(x[row], examples[row]) and torch.equal(example, examples[row]):
                broken_by[row] = broken_by[row] or name
    return broken_by


def compare_ensembles(options: argparse.Namespace, settings: Settings) -> None:
    network = load_model(options.model, settings)
    images = load_images(options.dataset, "test", settings.data, options.images)
    threat = Threat.parse(options.norm, options.eps)
    ensembles: dict[str, Ensemble] = {"ours": our_ensemble, "reference": reference_ensemble}
    print(f"standard ensemble, {options.model}, {threat.name}: {len(images)} images", flush=True)
    sides = {}
    for label, ensemble in ensembles.items():
        sides[label] = ensemble(network, images, threat, SEED)
        _print_side(label, sides[label])
    mine, theirs = sides["ours"], sides["reference"]
    points = 100 * abs(mine.robust.mean() - theirs.robust.mean())
    print(
        f"  {theirs.seconds / mine.seconds:.2f} times cheaper; robust accuracies {points:.1f} points apart "
        f"(goal {POINTS_GOAL:g}: {'reached' if points <= POINTS_GOAL else 'missed'})"
    )
    for row in np.flatnonzero(mine.robust != theirs.robust):
        breaker, other = ("ours", "reference") if theirs.robust[row] else ("reference", "ours")
        _look_again(network, images, int(row), threat, breaker, sides[breaker], ensembles[other])


def _print_side(label: str, side: Verdicts) -> None:
    found = Counter(side.broken_by)
    print(
        f"  {label:10} {side.forward_backwards:9,} f+b {side.forwards:9,} f {side.seconds:8.1f} CPU-s  "
        f"robust {100 * side.robust.mean():.1f} % ({found['']}); broken by "
        + ", ".join(f"{name} {found[name]}" for name in ("clean", *ATTACKS) if found[name]),
        flush=True,
    )


def _look_again(
    network: torch.nn.Module, images: Images, row: int, threat: Threat, breaker: str, side: Verdicts,
    other: Ensemble,
) -> None:  # fmt: skip
    """What stands behind a verdict that differs: is the example one, and does another seed find one too?"""
    image = images.after(row).first(1)
    example, label = side.examples[row : row + 1], int(image.labels[0])
    with torch.no_grad():
        logits = copy.deepcopy(network).double()(example.double())[0]
    margin = float(logits[label] - logits[torch.arange(len(logits)) != label].max())
    inside = bool(admissible(image.tensor(), example, threat)[0])
    again = [other(network, image, threat, seed).broken_by[0] or "robust" for seed in FURTHER_SEEDS]
    print(
        f"  image {int(image.ids[0])}: only {breaker} breaks it, by {side.broken_by[row]}; margin of the "
        f"label in float64 {margin:.1e}, {'inside' if inside else 'outside'} the ball; the other side with "
        f"{len(again)} further seeds: {', '.join(again)}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=["apgd", "ensemble"], nargs="?", default="apgd")
    parser.add_argument("--reference", type=Path, default=Path("auto-attack"))
    parser.add_argument("--model", default="akamaster/cifar10/resnet20")
    parser.add_argument("--images", type=int, default=100, help="the first of the test split")
    only_apgd = parser.add_argument_group("apgd")
    only_apgd.add_argument("--curve-images", type=int, default=16)
    only_apgd.add_argument("--rounds", type=int, default=1)
    only_ensemble = parser.add_argument_group("ensemble")
    only_ensemble.add_argument("--dataset", default="cifar10")
    only_ensemble.add_argument("--norm", choices=list(NORMS), default="linf")
    only_ensemble.add_argument("--eps", default="8/255")
    options = parser.parse_args()
    torch.set_num_threads(1)
    peer = is_checkout(options.reference)
    if not peer and options.part == "ensemble":
        parser.error(f"--reference {options.reference}: expected a checkout of fra31/auto-attack.")
    if not peer:
        print(f"the reference is left out: {options.reference} is no checkout of fra31/auto-attack")
    settings = Settings.from_environment()
    try:
        if options.part == "apgd":
            compare_apgd(options, settings, peer)
        else:
            compare_ensembles(options, settings)
    except SecurityNetError as error:  # no pixels, or no checkpoint and no network
        print(f"left out: {error}")


if __name__ == "__main__":
    main()
