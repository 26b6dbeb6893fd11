"""Publishing through the Hub's real client, and as archives."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dataset_hub import TOKEN, DatasetHub
from huggingface_hub import constants
from release_examples import record

from sngen.cli.release import command
from sngen.errors import CheckFailed, UsageError
from sngen.release.manifest import files_of
from sngen.release.publishing.archive import publish_as_archive
from sngen.release.publishing.hub import publish_on_hub

Build = Callable[..., Path]
REPOSITORY = "lab/securitynet"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DatasetHub]:
    for name in ("HF_HUB_OFFLINE", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # read when the client was imported
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    with DatasetHub().running() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def said() -> list[str]:
    return []


def local(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in files_of(folder)}


def at(hub: DatasetHub, revision: str) -> dict[str, bytes]:
    repository = hub.repositories[REPOSITORY]
    commit = repository.commit_of(revision)
    assert commit is not None
    return {path: content for path, content in repository.commits[commit].items() if path != ".gitattributes"}


def test_a_release_becomes_one_tagged_commit(release: Path, hub: DatasetHub, said: list[str]) -> None:
    publish_on_hub(release, REPOSITORY, said.append)
    assert at(hub, "v0.1.0") == at(hub, "main") == local(release)
    assert [one for one in hub.asked if one[0] == "PUT"]  # both ways of sending were gone
    assert said[-1].startswith("lab/securitynet v0.1.0: published; load_dataset(")
    assert len(hub.repositories[REPOSITORY].commits) == 2


def test_publishing_again_changes_nothing(release: Path, hub: DatasetHub, said: list[str]) -> None:
    publish_on_hub(release, REPOSITORY, said.append)
    before = len(hub.changing())
    publish_on_hub(release, REPOSITORY, said.append)
    assert len(hub.changing()) == before
    assert "published already" in said[-1]


def test_the_next_version_takes_out_what_is_no_part_of_it(
    build_release: Build, tmp_path: Path, hub: DatasetHub, said: list[str]
) -> None:
    old = build_release("1.0.0", out=tmp_path / "a")
    new = build_release("1.0.1", out=tmp_path / "b", records=[record(accuracy=0.5)])
    publish_on_hub(old, REPOSITORY, said.append)
    publish_on_hub(new, REPOSITORY, said.append)
    assert at(hub, "v1.0.0") == local(old)
    assert at(hub, "v1.0.1") == at(hub, "main") == local(new)


def test_a_published_version_is_not_replaced(
    build_release: Build, tmp_path: Path, hub: DatasetHub, said: list[str]
) -> None:
    first = build_release("1.0.0", out=tmp_path / "a")
    publish_on_hub(first, REPOSITORY, said.append)
    for number, other in enumerate(({"records": [record(accuracy=0.5)]}, {"date": "2026-12-01"})):
        with pytest.raises(UsageError, match="A published version never changes"):
            publish_on_hub(
                build_release("1.0.0", out=tmp_path / f"b{number}", **other), REPOSITORY, said.append
            )
    assert at(hub, "v1.0.0") == at(hub, "main") == local(first)


@pytest.mark.parametrize(
    ("method", "part"), [("POST", "/commit/"), ("POST", "/tag/"), ("PUT", "/storage/"), ("POST", "/create")]
)
def test_a_run_that_was_cut_off_goes_on(
    release: Path, hub: DatasetHub, said: list[str], method: str, part: str
) -> None:
    hub.fail[method, part] = 403
    with pytest.raises(CheckFailed, match=r"access is denied \(403\).* run the same command"):
        publish_on_hub(release, REPOSITORY, said.append)
    assert "v0.1.0" not in getattr(hub.repositories.get(REPOSITORY), "tags", {})
    sent = len([one for one in hub.asked if one[0] == "PUT"])
    publish_on_hub(release, REPOSITORY, said.append)
    assert at(hub, "v0.1.0") == local(release)
    if part == "/tag/":
        assert len([one for one in hub.asked if "/commit/" in one[1]]) == 1
        assert len([one for one in hub.asked if one[0] == "PUT"]) == sent


def test_dry_run_says_all_and_changes_nothing(
    build_release: Build, tmp_path: Path, hub: DatasetHub, said: list[str]
) -> None:
    old = build_release("1.0.0", out=tmp_path / "a")
    publish_on_hub(old, REPOSITORY, said.append, dry_run=True)
    assert hub.changing() == []
    assert said[0] == "would create the repository lab/securitynet"
    publish_on_hub(old, REPOSITORY, said.append)
    before = len(hub.changing())
    said.clear()
    new = build_release("1.0.1", out=tmp_path / "b", records=[record(accuracy=0.5)])
    publish_on_hub(new, REPOSITORY, said.append, dry_run=True)
    assert len(hub.changing()) == before
    gone = sorted(set(local(old)) - set(local(new)))
    assert [line for line in said if "delete" in line] == [f"would delete {path}" for path in gone]
    assert said[-1] == "would tag the commit v1.0.1"


def test_a_wrong_token_is_one_sentence_without_the_token(
    release: Path, hub: DatasetHub, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong-secret")
    with pytest.raises(CheckFailed, match=r"access is denied \(401\): log in") as refused:
        publish_on_hub(release, REPOSITORY, said.append)
    assert "secret" not in str(refused.value)


def test_no_connection_and_no_name(
    release: Path, hub: DatasetHub, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="is no name of a repository"):
        publish_on_hub(release, "no/such/name", said.append)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(CheckFailed, match="no connection"):
        publish_on_hub(release, REPOSITORY, said.append)


def test_a_damaged_release_is_not_published(build_release: Build, hub: DatasetHub, said: list[str]) -> None:
    folder = build_release()
    (folder / "README.md").write_text("other", encoding="utf-8")
    with pytest.raises(CheckFailed, match=r"is not as it was built, so it is not published:\n  README"):
        publish_on_hub(folder, REPOSITORY, said.append)
    assert hub.asked == []


LOAD = """
import sys, datasets
datasets.disable_progress_bars()
for revision in ("v1.0.0", "v1.0.1", "v1.0.0"):
    what = {"path": "lab/securitynet", "name": "scores", "split": "train", "revision": revision}
    rows = datasets.load_dataset(**what)
    streamed = datasets.load_dataset(**what, streaming=True)
    assert list(rows) == list(streamed)
    print([row["value"] for row in rows if row["metric"] == "accuracy" and row["n"] == 8])
print(datasets.load_dataset("lab/securitynet", split="train", revision="v1.0.1").config_name)
"""


def test_published_versions_load_by_their_tags(
    build_release: Build, tmp_path: Path, hub: DatasetHub, said: list[str]
) -> None:
    """In a process of its own: the client reads its settings when it is imported."""
    for version, accuracy in (("1.0.0", 0.75), ("1.0.1", 0.5)):
        folder = build_release(version, out=tmp_path / version, records=[record(accuracy=accuracy)])
        publish_on_hub(folder, REPOSITORY, said.append)
    environment = {
        "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1",
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:4] == ["[0.75]", "[0.5]", "[0.75]", "leaderboard"]


# Archives


def test_an_archive_holds_the_release_and_is_the_same_each_time(build_release: Build, tmp_path: Path) -> None:
    folder = build_release("1.0.0")
    path = publish_as_archive(folder, tmp_path / "out")
    first = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            f"securitynet/{name}": content for name, content in local(folder).items()
        }
    assert publish_as_archive(folder, tmp_path / "out").read_bytes() == first


def test_versions_gather_in_an_index_and_none_is_replaced(build_release: Build, tmp_path: Path) -> None:
    out = tmp_path / "archives"
    for version in ("1.10.0", "1.9.0"):
        publish_as_archive(build_release(version, out=tmp_path / version), out)
    index = json.loads((out / "versions.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in index] == ["1.10.0", "1.9.0"]
    assert json.loads((out / ".zenodo.json").read_text(encoding="utf-8"))["version"] == "1.10.0"
    other = build_release("1.9.0", out=tmp_path / "other", records=[record(accuracy=0.5)])
    with pytest.raises(UsageError, match="published with other bytes"):
        publish_as_archive(other, out)


@pytest.mark.parametrize("arguments", [(), ("--hub", REPOSITORY, "--archives", "x")])
def test_the_command_wants_one_place(release: Path, arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(command, ["publish", str(release), *arguments])
    assert isinstance(result.exception, UsageError)


def test_the_command_publishes(release: Path, hub: DatasetHub, tmp_path: Path) -> None:
    def run(*arguments: Any) -> str:
        result = CliRunner().invoke(
            command, ["publish", str(release), *map(str, arguments)], catch_exceptions=False
        )
        assert result.exit_code == 0
        return result.output

    assert "v0.1.0: published" in run("--hub", REPOSITORY)
    assert run("--archives", tmp_path / "a").strip().endswith("securitynet-0.1.0.zip")
