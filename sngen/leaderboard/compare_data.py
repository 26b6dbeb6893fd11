"""What the page that puts models side by side loads: facts and headline scores, in many small scripts.

A page opened from a disk may not fetch, so the data are scripts; one for all models would weigh megabytes,
so a model is in the part that its id says (``part_of``, again in ``site/scripts/compare/data.js``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sngen.leaderboard.board_table import column_title
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
_PLACES = {(h.origin, h.family, h.method, h.setting, h.metric): place for place, h in enumerate(HEADLINES)}
#: A score in the scripts, in this order; the script's ``data.js`` names the places again.
SCORE_FIELDS = (
    _S.dataset_id, _S.value, _S.ci_low, _S.ci_high, _S.n, _S.protocol, _S.tier, _S.source_id,
    _S.data_fingerprint, _S.flags,
)  # fmt: skip


def part_of(model_id: str) -> int:
    """Which part holds a model: 32-bit FNV-1a of its id (ASCII by the contract's pattern)."""
    code = 0x811C9DC5
    for byte in model_id.encode("ascii"):
        code = ((code ^ byte) * 0x01000193) & 0xFFFFFFFF
    return code % PARTS


def compare_scripts(context: Context) -> Iterator[tuple[str, str]]:
    """Path below the docs folder and content of every script."""
    yield HEAD, f"{PROLOGUE}window.SecurityNet.compare={script_json(_head(context))};\n"
    parts: dict[int, dict[str, Any]] = defaultdict(dict)
    for model_id, model in context.snapshot.models.items():
        parts[part_of(model_id)][model_id] = _content(model, context)
    for part in range(PARTS):
        content = script_json(parts[part])
        yield (
            f"{FOLDER}/{part:03d}.js",
            f"{PROLOGUE}window.SecurityNet.compared=Object.assign(window.SecurityNet.compared||{{}},{content});\n",
        )


def _head(context: Context) -> dict[str, Any]:
    return {
        "facts": [_fact(name) for name in _FACTS],
        "quantities": [
            {
                "origin": entry.origin,
                "family": entry.family,
                "title": entry.title,
                "unit": METRICS[entry.metric].unit,
                "digits": DIGITS.get(METRICS[entry.metric].unit or ""),
                "ownImages": entry.metric in OVER_OWN_IMAGES,
            }
            for entry in HEADLINES
        ],
        "families": FAMILIES,
        "datasets": {key: row[DATASETS.c.name] for key, row in context.snapshot.datasets.items()},
    }


def _fact(name: str) -> dict[str, Any]:
    column = MODELS.by_name[name]
    kind = "number" if column.kind in {"int", "float"} else "text"
    digits = 0 if column.kind == "int" else None
    return {"name": name, "title": column_title(name), "kind": kind, "unit": column.unit, "digits": digits}


def _content(model: Row, context: Context) -> dict[str, Any]:
    scores: dict[int, list[list[Any]]] = defaultdict(list)
    for score in context.snapshot.scores_of.get(model[_M.model_id], ()):
        kind = score[_S.origin], score[_S.family], score[_S.method], score[_S.setting], score[_S.metric]
        if kind in _PLACES:
            scores[_PLACES[kind]].append([score[name] for name in SCORE_FIELDS])
    return {
        "name": model[_M.name],
        "facts": {name: model[name] for name in _FACTS if model[name] not in (None, [])},
        "scores": {str(place): scores[place] for place in sorted(scores)},
    }
