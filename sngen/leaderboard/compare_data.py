"""What the page that puts models side by side loads: facts and all scores, in many small scripts.

A page opened from a disk may not fetch, so the data are scripts; one for all models would weigh megabytes,
so a model is in the part that its id says (``part_of``, again in ``site/scripts/compare/data.js``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sngen.leaderboard.board_table import column_title, quantity_title
from sngen.leaderboard.comparable import OVER_OWN_IMAGES
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import script_json
from sngen.leaderboard.numbers import DIGITS
from sngen.leaderboard.snapshot import Row
from sngen.leaderboard.tables import PROLOGUE
from sngen.schema import DATASETS, FAMILIES, HEADLINES, METRICS, MODELS, SCORES

PARTS = 128
FOLDER = "compare"
HEAD = f"{FOLDER}/head.js"
_M, _S = MODELS.c, SCORES.c
_FACTS = (
    _M.dataset_id, _M.task, _M.copy_kind, _M.architecture, _M.model_type, _M.parameters,
    _M.parameters_rounded, _M.macs, _M.input_size, _M.num_outputs, _M.training_size, _M.pretrained_on,
    _M.extra_data, _M.trained_split, _M.purpose, _M.security_role, _M.training_kind, _M.threat_norm,
    _M.threat_eps, _M.publisher, _M.venue, _M.year, _M.paper_title, _M.license, _M.license_scope,
    _M.source_id, _M.weights_kind, _M.weights_bytes, _M.loader, _M.flags,
)  # fmt: skip
#: (origin, family, method, setting, metric): what a row of the page is about.
_Kind = tuple[str, str, str, str, str]
_HEADLINES = tuple((h.origin, h.family, h.method, h.setting, h.metric) for h in HEADLINES)
#: A score in the scripts, in this order, without what is unknown at its end; ``data.js`` names the places
#: again. What decides whether two may be compared is what decides it for a leaderboard (``comparable``).
SCORE_FIELDS = (
    _S.dataset_id, _S.value, _S.ci_low, _S.ci_high, _S.n, _S.source_id, _S.flags, _S.protocol, _S.tier,
    _S.data_fingerprint, _S.method_version, _S.device, _S.threads,
)  # fmt: skip
#: Characters of a fingerprint that tell sets of images apart.
_FINGERPRINT = 12


def part_of(model_id: str) -> int:
    """Which part holds a model: 32-bit FNV-1a of its id (ASCII by the contract's pattern)."""
    code = 0x811C9DC5
    for byte in model_id.encode("ascii"):
        code = ((code ^ byte) * 0x01000193) & 0xFFFFFFFF
    return code % PARTS


def compare_scripts(context: Context) -> Iterator[tuple[str, str]]:
    """Path below the docs folder and content of every script."""
    kinds = _kinds(context)
    yield HEAD, f"{PROLOGUE}window.SecurityNet.compare={script_json(_head(kinds, context))};\n"
    places = {kind: place for place, kind in enumerate(kinds)}
    parts: dict[int, dict[str, Any]] = defaultdict(dict)
    for model_id, model in context.snapshot.models.items():
        parts[part_of(model_id)][model_id] = _content(model, places, context)
    for part in range(PARTS):
        content = script_json(parts[part])
        yield (
            f"{FOLDER}/{part:03d}.js",
            f"{PROLOGUE}window.SecurityNet.compared=Object.assign(window.SecurityNet.compared||{{}},{content});\n",
        )


def _kinds(context: Context) -> list[_Kind]:
    """The headlines in their order, then every other kind of score that a model has."""
    found = {_kind(score) for score in context.snapshot.scores}
    return [*_HEADLINES, *sorted(found.difference(_HEADLINES), key=_by_number)]


def _kind(score: Row) -> _Kind:
    return score[_S.origin], score[_S.family], score[_S.method], score[_S.setting], score[_S.metric]


def _by_number(kind: _Kind) -> list[tuple[float, str]]:
    """Words by letters, the numbers in them by size: 4/255 before 16/255."""
    return [
        (float(part), "") if part[0].isdigit() else (-1.0, part)
        for part in re.findall(r"\d+(?:\.\d+)?|[^\d]+", "\0".join(kind))
    ]


def _head(kinds: list[_Kind], context: Context) -> dict[str, Any]:
    titles = Counter((kind[0], kind[1], _title(kind)) for kind in kinds)
    return {
        "facts": [_fact(name) for name in _FACTS],
        "headlines": len(_HEADLINES),
        "quantities": [_quantity(kind, titles[kind[0], kind[1], _title(kind)] > 1) for kind in kinds],
        "families": FAMILIES,
        "datasets": {key: row[DATASETS.c.name] for key, row in context.snapshot.datasets.items()},
    }


def _title(kind: _Kind) -> str:
    return quantity_title(kind[0], kind[1], kind[2:])


def _quantity(kind: _Kind, ambiguous: bool) -> dict[str, Any]:
    origin, family, method, _, metric = kind
    return {
        "origin": origin,
        "family": family,
        "title": f"{_title(kind)} ({method})" if ambiguous else _title(kind),
        "unit": METRICS[metric].unit,
        "digits": DIGITS.get(METRICS[metric].unit or ""),
        "ownImages": metric in OVER_OWN_IMAGES,
    }


def _fact(name: str) -> dict[str, Any]:
    column = MODELS.by_name[name]
    kind = "number" if column.kind in {"int", "float"} else "text"
    digits = 0 if column.kind == "int" else None
    return {"name": name, "title": column_title(name), "kind": kind, "unit": column.unit, "digits": digits}


def _content(model: Row, places: dict[_Kind, int], context: Context) -> dict[str, Any]:
    scores: dict[int, list[list[Any]]] = defaultdict(list)
    for score in context.snapshot.scores_of.get(model[_M.model_id], ()):
        scores[places[_kind(score)]].append(_score(score))
    return {
        "name": model[_M.name],
        "facts": {name: model[name] for name in _FACTS if model[name] not in (None, [])},
        "scores": {str(place): scores[place] for place in sorted(scores)},
    }


def _score(score: Row) -> list[Any]:
    fields = {name: score[name] for name in SCORE_FIELDS}
    fields[_S.data_fingerprint] = (score[_S.data_fingerprint] or "")[:_FINGERPRINT] or None
    if METRICS[score[_S.metric]].repeats != "with-machine":
        fields[_S.device] = fields[_S.threads] = None  # the number does not depend on it
    cells = list(fields.values())
    while cells[-1] is None:
        cells.pop()
    return cells
