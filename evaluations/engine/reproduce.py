"""Run the unit behind a published score again and compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evaluations.engine.devices import elsewhere, fits
from evaluations.engine.engine import Engine, Failed, Job, completed
from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import Unit, make_plan, to_prepare
from evaluations.engine.pool import Pool
from evaluations.engine.preparing import as_job, preparations
from evaluations.engine.provenance import Environment
from evaluations.engine.published import Published
from evaluations.engine.unit import Conditions, Gauge, gauge_rates, measure
from evaluations.engine.verdict import Verdict, judge
from evaluations.engine.work import Catalog, Selection, Work, choose_models, select
from evaluations.method import CPU, Method
from evaluations.protocol import Protocol
from sngen.canonical import canonical_json
from sngen.errors import CheckFailed, UsageError
from sngen.results import Record, ScoreEntry
from sngen.schema import DATASETS, MODELS, SCORES
from sngen.store.folder import FolderStore


@dataclass(frozen=True)
class Reproduction:
    """``changes``: what of the unit's key is no longer what it was, in words."""

    published: Published
    now: Record
    verdict: Verdict
    changes: tuple[str, ...]


def find_work(
    published: Published,
    catalog: Catalog,
    protocols: Sequence[Protocol],
    methods: Mapping[tuple[str, str], Method],
) -> Work:
    """The work that gave the score. Raises ``UsageError`` where it no longer exists."""
    record = published.record
    protocol = next((p for p in protocols if p.protocol_id == record.protocol), None)
    if protocol is None:
        raise UsageError(f"the protocol {record.protocol} is not here; give its file with --protocol FILE.")
    models = choose_models(catalog[MODELS.name], None, [record.model_id])
    selection = select(models, catalog[DATASETS.name], [protocol], methods, catalog[MODELS.name])
    for work in selection.works:
        if (work.method, work.tier) == (record.method, record.tier):
            return work
    reasons = "; ".join(left_out.reason for left_out in selection.left_out)
    raise UsageError(
        f"{published.score_id} cannot be run again: {record.protocol} has no method {record.method} at tier "
        f"{record.tier} for it{' (' + reasons + ')' if reasons else ''}."
    )


def run_again(
    published: Published,
    work: Work,
    inputs: Inputs,
    now: Callable[[], datetime],
    gauge: Gauge = gauge_rates,
    device: str = CPU,
) -> Reproduction:
    """Measure the score's unit again, with as many threads as then, in a process of its own.

    Nothing is stored. Raises ``CheckFailed`` where the unit fails, ``UsageError`` for a device on which its
    tier is not measured.
    """
    record = published.record
    if not fits(work.tier, device):
        raise UsageError(f"{work.name}: {elsewhere(record.protocol, work.tier)}.")
    with Pool(workers=1) as pool, TemporaryDirectory() as folder:
        for model in to_prepare([work], inputs):
            _value(pool, Job(model[MODELS.c.model_id], inputs.weights, (model,)))
        [unit] = _units(work, inputs)
        for preparation in preparations([unit], inputs):
            _value(pool, as_job(preparation))
        threads = record.provenance[SCORES.c.threads]
        how = Conditions(threads, Environment.here(device), now, gauge, device)
        again: Record = _value(
            pool, Job(work.name, measure, (unit, inputs, how, FolderStore(Path(folder)), "kept"))
        )
    calibration = (record.provenance[SCORES.c.calibration], again.provenance[SCORES.c.calibration])
    verdict = judge(published.score, _same_score(published, again), calibration)
    return Reproduction(published, again, verdict, tuple(changes(record.key, unit.key)))


def _units(work: Work, inputs: Inputs) -> tuple[Unit, ...]:
    plan = make_plan(Selection((work,), ()), inputs)
    if not plan.units:
        reasons = "; ".join(left_out.reason for left_out in plan.left_out)
        raise CheckFailed(f"{work.name} cannot be run again: {reasons}")
    return plan.units


def _value(engine: Engine, job: Job) -> Any:
    [finished] = completed(engine, [job])
    if isinstance(finished.value, Failed):
        raise CheckFailed(f"{job.name}: {finished.value.cause}")
    return finished.value


def _same_score(published: Published, again: Record) -> ScoreEntry:
    wanted = (published.score.setting, published.score.metric)
    for score in again.scores:
        if (score.setting, score.metric) == wanted:
            return score
    raise CheckFailed(
        f"{published.score_id}: the method ran (version {again.method_version}, published with version "
        f"{published.record.method_version}) and gave no {wanted[1]} of the setting {wanted[0]}."
    )


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Each part of a unit's key that is another one now."""
    found: list[str] = []
    for name in sorted({*then, *now}):
        before, after = then.get(name), now.get(name)
        if canonical_json(before) == canonical_json(after):
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += [f"{name}.{change}" for change in changes(before, after)]
        else:
            found.append(f"{name}: published with {before}, now {after}")
    return found
