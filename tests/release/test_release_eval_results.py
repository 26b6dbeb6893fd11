"""Files for models' own repositories, read back by the Hub's own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from huggingface_hub import parse_eval_result_entries
from release_examples import MODEL, catalogue, record

from sngen.cli.release import command
from sngen.errors import CheckFailed
from sngen.release.read import Release
from sngen.schema import ERRATA, MODELS, SCORES

Build = Callable[..., Path]
REPOSITORY = "lab/securitynet"


def built(build_release: Build, hub_id: str | None, **tables: list[dict[str, object]]) -> Path:
    rows = catalogue()
    for row in rows[MODELS.name]:
        if row["model_id"] == MODEL:
            row["weights_hub_id"] = hub_id
    return build_release("1.0.0", tables=rows | tables)


def run(folder: Path, out: Path) -> str:
    arguments = ["eval-results", str(folder), "--hub", REPOSITORY, "--out", str(out)]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_model_with_a_repository_gets_its_headline_scores(build_release: Build, tmp_path: Path) -> None:
    folder = built(build_release, "someone/one")
    out = tmp_path / "hub"
    path = out / "someone/one/.eval_results/securitynet-study--cifar10--one.yaml"
    assert run(folder, out) == f"{path}\n"
    entries = parse_eval_result_entries(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert len(entries) == 2  # accuracy and the time of a forward pass
    (entry,) = [one for one in entries if one.task_id.endswith(":accuracy")]
    assert (entry.dataset_id, entry.value, entry.date) == (REPOSITORY, 0.75, "2026-11-20T10:00:00Z")
    assert entry.task_id == "cifar10:utility/1:clean:test:accuracy"
    assert entry.source_url == "https://huggingface.co/datasets/lab/securitynet/tree/v1.0.0"
    scores = Release.open(folder).table(SCORES.name)
    assert f"{MODEL}:{entry.task_id}" in set(scores["score_id"])
    assert entry.notes is not None
    assert "n = 8, 95 % interval 0.409" in entry.notes
    assert "tier cpu" in entry.notes and record().record_id in entry.notes


def test_without_a_repository_nothing_is_written(build_release: Build, tmp_path: Path) -> None:
    assert "nothing was written" in run(built(build_release, None), tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


def test_a_withdrawn_score_is_not_told(build_release: Build, tmp_path: Path) -> None:
    erratum = ERRATA.row(
        erratum_id="2026-002", record_id=record().record_id, date="2026-02-03", who="Somebody",
        reason="Wrong weights.", issue_url="https://example.org/issues/2", source_id="lab",
    )  # fmt: skip
    folder = built(build_release, "someone/one", errata=[erratum])
    assert "nothing was written" in run(folder, tmp_path / "hub")


@pytest.mark.parametrize("hub_id", ["../../outside", "a/../b", "one", "a/b/c"])
def test_a_name_that_is_no_repository_is_refused(build_release: Build, tmp_path: Path, hub_id: str) -> None:
    folder = built(build_release, hub_id)
    with pytest.raises(CheckFailed, match=MODEL):
        run(folder, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()
