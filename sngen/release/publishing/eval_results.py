"""``.eval_results/*.yaml``: measured headline scores in the form that the Hub shows on a model's own page.

The format is huggingface_hub's ``EvalResultEntry`` (https://huggingface.co/docs/hub/eval-results): each
number names the benchmark's dataset repository, here that of the release, and a task within it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sngen.errors import CheckFailed
from sngen.release.leaderboard import BY_SCORE, KIND
from sngen.release.read import Release
from sngen.schema import LEADERBOARD, MODELS, SCORES

FOLDER = ".eval_results"
_S, _M, _L = SCORES.c, MODELS.c, LEADERBOARD.c


def write_eval_results(release: Release, repository: str, out: Path) -> list[Path]:
    """A file for every model with a repository: ``out/<repository>/.eval_results/securitynet-<id>.yaml``.

    ``repository``: where the release is published, ``namespace/name``. The scores are those of the table
    leaderboard. Raises ``CheckFailed`` for a name that cannot be one of a repository.
    """
    from huggingface_hub import eval_result_entries_to_yaml  # noqa: PLC0415 - not for those who only read

    _check(repository, "--hub")
    models = release.table(MODELS.name).dropna(subset=[_M.weights_hub_id]).set_index(_M.model_id)
    written = []
    for model_id, scores in _shown(release, set(models.index)).groupby(_S.model_id, sort=True):
        hub_id = str(models.at[model_id, _M.weights_hub_id])
        _check(hub_id, str(model_id))
        entries = [_entry(score, release, repository) for _, score in scores.iterrows()]
        path = out / hub_id / FOLDER / f"securitynet-{str(model_id).replace('/', '--')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = eval_result_entries_to_yaml(entries)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        written.append(path)
    return written


def _shown(release: Release, model_ids: set[str]) -> pd.DataFrame:
    """The measured scores behind the table leaderboard, of these models, by score id."""
    scores = release.table(SCORES.name)
    scores = scores[(scores[_S.origin] == "measured") & scores[_S.model_id].isin(model_ids)]
    headline = pd.Series([kind in BY_SCORE for kind in _kinds(scores)], index=scores.index, dtype=bool)
    scores = scores[scores[_S.withdrawn].isna() & headline]
    rows = release.table(LEADERBOARD.name)[
        [_L.model_id, _L.dataset_id, _L.measured_protocol, _L.measured_tier]
    ]
    joined = scores.merge(rows, on=[_S.model_id, _S.dataset_id], validate="many_to_one")
    stands = [
        score[_S.tier] == score[_L.measured_tier]
        and score[_S.protocol] in str(score[_L.measured_protocol]).split(", ")
        for score in joined.to_dict("records")
    ]
    return joined[pd.Series(stands, index=joined.index, dtype=bool)].sort_values(_S.score_id)


def _kinds(scores: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(scores[list(KIND)].itertuples(index=False, name=None))


def _entry(score: pd.Series[Any], release: Release, repository: str) -> Any:
    from huggingface_hub import EvalResultEntry  # noqa: PLC0415

    version = f"v{release.version}"
    return EvalResultEntry(
        dataset_id=repository,
        task_id=str(score[_S.score_id]).removeprefix(f"{score[_S.model_id]}:"),
        value=float(score[_S.value]),
        date=str(score[_S.date]),
        source_url=f"https://huggingface.co/datasets/{repository}/tree/{version}",
        source_name=f"SecurityNet {release.version}",
        notes=_notes(score),
    )


def _notes(score: pd.Series[Any]) -> str:
    """Everything without which the number says nothing."""
    interval = "no interval"
    if not pd.isna(score[_S.ci_low]):
        interval = f"95 % interval {score[_S.ci_low]:.6g} to {score[_S.ci_high]:.6g}"
    return (
        f"{score[_S.metric]} ({score[_S.unit]}), n = {score[_S.n]}, {interval}, tier {score[_S.tier]}, "
        f"weights SHA-256 {score[_S.weights_sha256]}, record {score[_S.record_id]}"
    )


def _check(name: str, where: str) -> None:
    from huggingface_hub.errors import HFValidationError  # noqa: PLC0415
    from huggingface_hub.utils import validate_repo_id  # noqa: PLC0415

    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise CheckFailed(f"{where}: {name!r} is no repository of the Hub ({error}).") from error
    if "/" not in name:
        raise CheckFailed(f"{where}: {name!r}, expected NAMESPACE/NAME.")
