"""What different sources report of the very same weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.schema import METRICS, SCORES

RULE = "sources-disagree-about-same-weights"
#: Half a percentage point; for metrics without an upper bound this share of the value.
TOLERANCE = 0.005
RELATIVE_TOLERANCE = 0.02


@dataclass(frozen=True)
class Disagreement:
    """Two scores of one kind on one dataset: the one of the entry that stands for the weights, or of the
    first source, and another source's. ``difference`` is the second minus the first."""

    score_a: str
    score_b: str
    value_a: float
    value_b: float
    metric: str

    @property
    def difference(self) -> float:
        return self.value_b - self.value_a

    @property
    def large(self) -> bool:
        """Beyond the tolerance, to nine digits."""
        bounded = METRICS[self.metric].maximum is not None
        allowed = TOLERANCE if bounded else RELATIVE_TOLERANCE * abs(self.value_a)
        return round(abs(self.difference) - allowed, 9) > 0


def compare_sources(scores: Iterable[Mapping[str, Any]], distinct: Mapping[str, str]) -> list[Disagreement]:
    """Every pair that can be compared, whether or not it agrees: reported scores of the same weights
    (``distinct`` is ``distinct_weights(relatives)``), dataset, method, setting and metric by different
    sources. Each is compared with one of them, so that n sources give n - 1 pairs."""
    c = SCORES.c
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for score in scores:
        weights = distinct.get(score[c.model_id], score[c.model_id])
        kind = tuple(score[part] for part in (c.dataset_id, c.family, c.method, c.setting, c.metric))
        groups[weights, *kind].append(score)
    pairs = []
    for (weights, *_), group in groups.items():
        first = min(group, key=lambda one: (one[c.model_id] != weights, one[c.score_id]))
        pairs += [
            Disagreement(
                first[c.score_id], other[c.score_id], first[c.value], other[c.value], first[c.metric]
            )
            for other in group
            if other[c.source_id] != first[c.source_id]
        ]
    return sorted(pairs, key=lambda pair: (-abs(pair.difference), pair.score_a, pair.score_b))


def record_disagreements(pairs: Iterable[Disagreement], audit: Audit) -> None:
    """One entry: all that disagree beyond the tolerance, the largest difference first. ``before`` is the
    value of the score that the row names, ``after`` says what the other score is, and which."""
    pairs = list(pairs)
    words = (
        "Different sources report the same weights, dataset, method, setting and metric with values that are "
        f"more than {100 * TOLERANCE:g} percentage points apart (mCE and the like: "
        f"{100 * RELATIVE_TOLERANCE:g} % of the value). Usual reasons: another number of test images, "
        "another resizing of images, a weight file that was replaced. "
        f"{len(pairs):,} pairs were compared; before is the value of the score that the row names, after "
        "says the other one."
    )
    found = audit.open(RULE, "check", words, SCORES.name, SCORES.c.value)
    found.extend(
        touched(pair.score_b, pair.value_b, f"{pair.value_a:g} in {pair.score_a}")
        for pair in pairs
        if pair.large
    )
