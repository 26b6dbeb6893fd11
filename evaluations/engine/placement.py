"""In which order units start, so that workers run out of work together and what a model needs is read once.

Workers take the next unit when they are free. If the longest are taken first, the last worker ends at most a
third later than in the best schedule (Graham, SIAM J. Appl. Math. 17, 1969). Here only the long ones are: the
short ones level out whatever their order, and stay with their model's others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from evaluations.engine.costs import Costs
from evaluations.engine.plan import Unit

#: A unit is long if it takes more than this part of what one worker has to do in all.
LONG = 0.02


def placed(units: Sequence[Unit], costs: Costs, workers: int) -> list[Unit]:
    """The units, those first that would make the others wait, then model by model, the largest first.

    Units that nothing measured tells of come first of all: they may be long.
    """
    known: dict[str, float] = {}
    first: list[Unit] = []
    for unit in units:
        cost = costs.of(unit.work)
        if cost is None:
            first.append(unit)
        else:
            known[unit.record_id] = cost.seconds

    def seconds(unit: Unit) -> float:
        return known[unit.record_id]

    limit = LONG * sum(known.values()) / workers
    ordered = sorted((unit for unit in units if unit.record_id in known), key=seconds, reverse=True)
    models: dict[str, list[Unit]] = defaultdict(list)
    for unit in ordered:
        if seconds(unit) > limit:
            first.append(unit)
        else:
            models[unit.work.model_id].append(unit)
    largest_first = sorted(models.values(), key=lambda group: -sum(map(seconds, group)))
    return [*first, *(unit for group in largest_first for unit in group)]
