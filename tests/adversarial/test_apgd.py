"""APGD against theory, against a plain implementation of one image, and against itself in other batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from evaluations.adversarial.apgd import Schedule, apgd_ce, apgd_dlr, apgd_t
from evaluations.adversarial.found import Found
from evaluations.adversarial.losses import dlr, targeted_dlr
from evaluations.adversarial.noise import Noise
from evaluations.adversarial.threat import Threat, distance, verify
from evaluations.target import Target
from sngen.errors import CheckFailed, UsageError

ATTACKS = {"apgd-ce": apgd_ce, "apgd-dlr": apgd_dlr, "apgd-t": apgd_t}
EPS = {"linf": 0.03, "l2": 0.15}  # about half of the images of the curved network fall


def settings(**changes: Any) -> dict[str, Any]:
    return {"iterations": 30, "restarts": 1, "targets": 9, "batch_size": 64, **changes}


# --- theory -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_linear_model_falls_exactly_where_theory_says(
    linear: Callable, attack: Callable, norm: str
) -> None:
    case = linear()
    ordered = np.sort(case.smallest[norm])
    for broken in (0, 17, 42, 60):
        eps = (np.append(ordered, 2 * ordered[-1])[broken] + (ordered[broken - 1] if broken else 0)) / 2
        found = attack(*case.given(), Threat(norm, eps), settings(iterations=10), 0)
        assert np.array_equal(found.fooled.numpy(), case.smallest[norm] < eps)
        assert int(found.fooled.sum()) == broken


def test_the_smallest_perturbation_bounds_every_example_from_below(linear: Callable) -> None:
    case = linear()
    for norm in ("linf", "l2"):
        found = apgd_ce(*case.given(), Threat(norm, float(np.max(case.smallest[norm]))), settings(), 0)
        at = found.fooled_at(case.x, norm)
        assert (at.numpy()[found.fooled] >= case.smallest[norm][found.fooled] * (1 - 1e-5)).all()
        assert torch.isinf(at[~found.fooled]).all()


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_budget_zero_is_clean_accuracy(curved: Any, attack: Callable) -> None:
    found = attack(*curved.given(), Threat("linf", 0.0), settings(), 0)
    assert found.fooled.nonzero().flatten().tolist() == list(range(6))
    assert torch.equal(found.adversarial, curved.x)
    assert curved.target.forward_backwards == 0


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_more_budget_never_leaves_more_survivors_here(curved: Any, norm: str) -> None:
    fooled = [
        int(apgd_ce(*curved.given(), Threat(norm, EPS[norm] * factor), settings(), 0).fooled.sum())
        for factor in (0.25, 0.5, 1, 2, 4, 16)
    ]
    assert fooled == sorted(fooled)
    assert fooled[0] < fooled[2] < fooled[-1]


@pytest.mark.parametrize("attack", [apgd_ce, apgd_t])
def test_restarts_and_targets_only_add(curved: Any, attack: Callable) -> None:
    threat = Threat("linf", 0.04)
    few = attack(*curved.given(), threat, settings(iterations=1, targets=1), 0).fooled
    more = attack(*curved.given(), threat, settings(iterations=1, restarts=6), 0).fooled
    assert (more | ~few).all()
    assert more.sum() > few.sum()


# --- a plain implementation -------------------------------------------------------------------------------


def _plain_apgd(
    network: nn.Module,
    x0: torch.Tensor,
    label: int,
    loss: Callable,
    start: torch.Tensor,
    threat: Threat,
    steps: int,
) -> list[torch.Tensor]:
    """APGD on one image [1, C, H, W] as the paper's algorithm 1 reads: all points and losses are kept. Gives
    the points, up to the first that has a wrong label."""

    def length(z: torch.Tensor) -> torch.Tensor:
        return z.abs().max() if threat.norm == "linf" else z.pow(2).sum().sqrt()

    def inside(z: torch.Tensor) -> torch.Tensor:
        delta = z - x0
        if threat.norm == "linf":
            return (x0 + delta.clamp(-threat.eps, threat.eps)).clamp(0, 1)
        return (x0 + delta * min(1.0, threat.eps / max(float(length(delta)), 1e-12))).clamp(0, 1)

    def look(z: torch.Tensor) -> tuple[float, torch.Tensor, bool]:
        z = z.clone().requires_grad_()
        logits = network(z)
        value = loss(logits)
        value.backward()
        return float(value.detach()), z.grad, int(logits.argmax()) == label

    points = [(x0 + threat.eps * start / length(start)).clamp(0, 1)]
    losses, gradients, right = ([item] for item in look(points[0]))
    if not right[0]:
        return points
    x, gradient, previous, step = points[0], gradients[0], points[0], 2 * threat.eps
    marks, interval = [0], max(int(0.22 * steps), 1)
    step_was_cut, best_then = True, losses[0]
    for k in range(1, steps + 1):
        ascent = gradient.sign() if threat.norm == "linf" else gradient / length(gradient)
        z = inside(x + step * ascent)
        share = 1.0 if k == 1 else 0.75
        z, previous = inside(x + share * (z - x) + (1 - share) * (x - previous)), x
        value, gradient, still_right = look(z)
        points.append(z), losses.append(value), gradients.append(gradient)
        if not still_right:
            return points
        x = z
        if k == marks[-1] + interval:
            pairs = zip([0.0, *losses[1:]][marks[-1] : k], losses[marks[-1] + 1 : k + 1], strict=True)
            rises = sum(later > earlier for earlier, later in pairs)
            best = int(np.argmax(losses))
            cut = rises <= 0.75 * interval or (not step_was_cut and best_then >= losses[best])
            if cut:
                step, x, gradient = step / 2, points[best], gradients[best]
            step_was_cut, best_then = cut, losses[best]
            marks.append(k)
            interval = max(interval - max(int(0.03 * steps), 1), int(0.06 * steps), 1)
    return points


class Recorder(nn.Module):
    """A network in float64, so that only the algorithm can make a difference, and what it was asked."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.seen = network.double(), []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x.detach().clone())
        return self.network(x.double())


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("attack", ["apgd-ce", "apgd-t"])
def test_each_image_goes_the_way_of_a_plain_implementation(curved: Any, attack: str, norm: str) -> None:
    """Point by point, where images fall and where they do not."""
    case = curved.at(np.arange(6, 14))
    network = Recorder(case.target.network)
    target = Target(network, "test/double", "0" * 64, 1)
    steps, threat = 60, Threat(norm, 0.4 * EPS[norm])
    draw = Noise(3, attack).uniform if norm == "linf" else Noise(3, attack).normal
    fooled = 0
    for i in range(len(case.x)):
        x, label, ids = case.x[i : i + 1], case.labels[i : i + 1], case.ids[i : i + 1]
        start = draw(ids, 0, 0, x.shape[1:])
        aim = network(x).sort(dim=1).indices[:, -2]
        loss = {
            "apgd-ce": lambda logits, label=label: functional.cross_entropy(logits, label),
            "apgd-t": lambda logits, label=label, aim=aim: targeted_dlr(logits, label, aim)[0],
        }[attack]
        plain = _plain_apgd(
            network, x, int(label), loss, 2 * start - 1 if norm == "linf" else start, threat, steps
        )
        network.seen.clear()
        found = ATTACKS[attack](target, x, label, ids, threat, settings(iterations=steps, targets=1), 3)
        expected = [x, *plain, plain[-1]] if found.fooled else [x, *plain]
        assert len(network.seen) == len(expected)
        rounding = {"linf": 1e-5, "l2": 2e-4}[norm]  # L2 steps divide by lengths, and errors grow on the way
        torch.testing.assert_close(torch.cat(network.seen), torch.cat(expected), rtol=0, atol=rounding)
        fooled += int(found.fooled)
    assert 1 <= fooled <= 7


class _AsDouble(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.double()


def test_checkpoints_of_a_hundred_iterations_are_those_of_the_paper() -> None:
    schedule = Schedule(100)
    assert schedule.is_checkpoint.nonzero().flatten().tolist() == [22, 41, 57, 70, 80, 87, 93, 99]
    assert schedule.interval[schedule.is_checkpoint].tolist() == [22, 19, 16, 13, 10, 7, 6, 6]
    assert Schedule(1).is_checkpoint.tolist() == [False, True]


# --- losses -----------------------------------------------------------------------------------------------


def test_dlr_losses_by_hand() -> None:
    logits = torch.tensor([[5.0, 3.0, 2.0, -1.0, 0.0], [5.0, 3.0, 2.0, -1.0, 0.0]])
    labels, classes = torch.tensor([0, 2]), torch.tensor([2, 0])
    assert dlr(logits, labels, classes).tolist() == pytest.approx([-2 / 3, 3 / 3])
    assert targeted_dlr(logits, labels, classes).tolist() == pytest.approx([-3 / 4, 3 / 4])


def test_losses_do_not_change_when_logits_are_shifted_and_scaled() -> None:
    logits = torch.randn(20, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels, classes = torch.arange(20) % 7, (torch.arange(20) + 3) % 7
    for loss in (dlr, targeted_dlr):
        torch.testing.assert_close(
            loss(logits, labels, classes), loss(40 * logits + 9, labels, classes), rtol=1e-9, atol=1e-9
        )


@pytest.mark.parametrize(("attack", "classes"), [(apgd_t, 3), (apgd_t, 2), (apgd_dlr, 2)])
def test_losses_that_are_not_defined_for_so_few_classes_are_refused(
    linear: Callable, attack: Callable, classes: int
) -> None:
    with pytest.raises(UsageError, match=f"classes or more, found {classes}; use cross-entropy"):
        attack(*linear(5, classes).given(), Threat("linf", 0.1), settings(), 0)


@pytest.mark.parametrize("classes", [2, 3])
def test_cross_entropy_works_with_two_classes(linear: Callable, classes: int) -> None:
    case = linear(20, classes)
    eps = float(np.median(case.smallest["linf"]))
    found = apgd_ce(*case.given(), Threat("linf", eps), settings(iterations=5), 0)
    assert np.array_equal(found.fooled.numpy(), case.smallest["linf"] < eps)


# --- what must not matter ---------------------------------------------------------------------------------


def _same(one: Found, other: Found) -> None:
    assert torch.equal(one.fooled, other.fooled)
    torch.testing.assert_close(one.adversarial, other.adversarial, rtol=0, atol=1e-6)
    assert torch.equal(one.zero_gradients, other.zero_gradients)


@pytest.mark.parametrize("norm", ["linf", "l2"])
@pytest.mark.parametrize("attack", [apgd_ce, apgd_t])
def test_results_do_not_depend_on_batches_order_or_shards(curved: Any, attack: Callable, norm: str) -> None:
    curved.target.network.double()
    curved.target.network.insert(0, _AsDouble())
    case = curved.at(np.arange(3, 23))
    threat = Threat(norm, 0.7 * EPS[norm])
    options = settings(iterations=10, restarts=2, targets=2)
    whole = attack(*case.given(), threat, options, 1)
    assert 4 < whole.fooled.sum() < 16
    for batch_size in (1, 7):
        _same(attack(*case.given(), threat, {**options, "batch_size": batch_size}, 1), whole)
    order = np.random.default_rng(0).permutation(20)
    for rows in (order, np.arange(0, 20, 2), np.arange(15, 20)):
        part = Found(
            *(getattr(whole, name)[rows] for name in ("adversarial", "fooled", "queries", "zero_gradients"))
        )
        _same(attack(*case.at(rows).given(), threat, {**options, "batch_size": 5}, 1), part)


def test_the_seed_matters(curved: Any) -> None:
    one, other = (apgd_ce(*curved.given(), Threat("linf", 0.03), settings(), seed) for seed in (0, 1))
    both = one.fooled & other.fooled & (distance(curved.x, one.adversarial, "linf") > 0)
    assert both.any()
    assert not torch.equal(one.adversarial[both], other.adversarial[both])


# --- counts, proofs and refusals --------------------------------------------------------------------------


def test_an_unbroken_image_costs_its_iterations_and_one_forward_pass(linear: Callable) -> None:
    """A forward and backward pass of each of the first 10 points; the 11th only has to be judged."""
    case = linear(8)
    apgd_ce(*case.given(), Threat("linf", 1e-6), settings(iterations=10, restarts=3), 0)
    assert case.target.forward_backwards == 8 * 10 * 3
    assert case.target.forwards == 8 + 8 * 3


def test_no_images_cost_nothing(linear: Callable) -> None:
    case = linear(4).at(np.arange(0))
    found = apgd_ce(*case.given(), Threat("linf", 0.1), settings(), 0)
    assert found.adversarial.shape == case.x.shape and len(found.fooled) == 0


def test_an_image_that_falls_at_once_costs_no_backward_pass(linear: Callable) -> None:
    case = linear(8)
    case.labels = 1 - case.labels
    found = apgd_ce(*case.given(), Threat("linf", 0.1), settings(), 0)
    assert found.fooled.all() and torch.equal(found.adversarial, case.x)
    assert (case.target.forward_backwards, case.target.forwards) == (0, 8 + 8)  # clean, confirmed


def test_images_that_fall_at_the_first_step_cost_one_gradient(linear: Callable) -> None:
    """One gradient at the start, then a forward pass shows that all are wrong; one more confirms each."""
    case = linear(40)
    largest = float(case.smallest["linf"].max())
    case = case.at(np.flatnonzero(case.smallest["linf"] > 0.6 * largest))  # beyond the reach of noise
    eps = 1.1 * largest
    logits = case.target(case.x)
    case.target.forwards = 0
    found = apgd_ce(*case.given(), Threat("linf", eps), settings(batch_size=3), 0, clean_logits=logits)
    assert found.fooled.all() and len(case.x) == 6
    assert case.target.forward_backwards == len(case.x)
    assert case.target.forwards == 2 * len(case.x)


def test_a_gradient_of_zero_is_counted(linear: Callable) -> None:
    case = linear(4)

    class Flat(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return 0 * x.flatten(1)[:, :4] + torch.tensor([3.0, 2.0, 1.0, 0.0])

    target = Target(Flat(), "test/flat", "0" * 64, 1)
    labels = torch.zeros(4, dtype=torch.int64)
    found = apgd_ce(target, case.x, labels, case.ids, Threat("l2", 0.5), settings(iterations=9), 0)
    assert found.zero_gradients.tolist() == [9] * 4
    assert not found.fooled.any()


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_every_example_is_in_the_threat_and_wrong(curved: Any, norm: str) -> None:
    threat = Threat(norm, EPS[norm])
    found = apgd_t(*curved.given(), threat, settings(), 0)
    verify(curved.x, found.adversarial, threat, curved.ids)
    assert found.adversarial.dtype == torch.float32
    wrong = curved.target(found.adversarial).argmax(dim=1) != curved.labels
    assert torch.equal(wrong, found.fooled)
    assert torch.equal(found.adversarial[~found.fooled], curved.x[~found.fooled])
    assert found.queries.tolist() == [0] * 48


def test_an_example_that_is_none_when_looked_at_again_does_not_count(linear: Callable) -> None:
    case = linear(10)

    class Moody(nn.Module):
        """Wrong while it is searched (gradients are on), right when it is only asked."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logits = case.target.network(x)
            return -logits if torch.is_grad_enabled() else logits

    moody = Target(Moody(), "test/moody", "0" * 64, 1)
    found = apgd_ce(moody, case.x, case.labels, case.ids, Threat("linf", 1e-6), settings(), 0)
    assert not found.fooled.any()
    assert torch.equal(found.adversarial, case.x)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_named(linear: Callable, value: float) -> None:
    case = linear(10)

    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            logits = case.target.network(x)
            moved = (x != case.x[6]).flatten(1).any(dim=1) & (
                (x - case.x[6]).abs().amax(dim=(1, 2, 3)) < 1e-3
            )
            return torch.where(moved[:, None], value, logits)

    broken = Target(Broken(), "test/broken", "0" * 64, 1)
    with pytest.raises(
        CheckFailed, match=r"test/broken: logits of 1 images under attack are not finite: image 1006\."
    ):
        apgd_ce(broken, case.x, case.labels, case.ids, Threat("linf", 1e-6), settings(), 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: a.update(x=a["x"] * 255),
            r"10 of 10 images have pixels outside \[0, 1\]; image 1000 goes",
        ),
        (lambda a: a["x"][4].fill_(float("nan")), "1 of 10 images have pixels outside .* image 1004"),
        (lambda a: a.update(x=a["x"].double()), "pixels are torch.float64"),
        (lambda a: a.update(labels=a["labels"][:9]), "expected one int64 label and one id"),
        (lambda a: a.update(ids=np.zeros(10, int)), "ids are not distinct"),
        (lambda a: a["settings"].update(batch_size=0), "batch_size is 0"),
    ],
)
def test_wrong_inputs_are_refused_before_any_work(linear: Callable, change: Callable, message: str) -> None:
    case = linear(10)
    given = {"x": case.x, "labels": case.labels, "ids": case.ids, "settings": settings()}
    change(given)
    with pytest.raises(UsageError, match=message):
        apgd_ce(
            case.target, given["x"], given["labels"], given["ids"], Threat("linf", 0.1), given["settings"], 0
        )
    assert case.target.forwards + case.target.forward_backwards == 0
