"""What units share and has to be made first, such as reference models: each once, in its own process."""

from __future__ import annotations

from collections.abc import Sequence

from evaluations.engine.engine import Job
from evaluations.engine.inputs import Inputs
from evaluations.engine.plan import Unit
from evaluations.method import Preparation
from evaluations.registry import find_method


def preparations(units: Sequence[Unit], inputs: Inputs) -> list[Preparation]:
    """What the methods of these units say is not there yet, each once."""
    found: dict[str, Preparation] = {}
    asked: list[tuple[object, ...]] = []
    for unit in units:
        work = unit.work
        method = find_method(work.protocol.family, work.method)
        if method.prepare is None:
            continue
        data = {role: work.data[role] for role in method.prepares_on}
        question = (
            method.prepare,
            work.settings,
            *(inputs.images_name(work.model, choice) for choice in data.values()),
        )
        if question not in asked:
            asked.append(question)
            images = {role: inputs.images(work.model, choice) for role, choice in data.items()}
            for preparation in method.prepare(images, work.settings, inputs.settings):
                found.setdefault(preparation.name, preparation)
    return list(found.values())


def as_job(preparation: Preparation) -> Job:
    return Job(preparation.name, preparation.function, preparation.arguments)
