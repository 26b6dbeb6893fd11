"""What a reader finds on each kind of page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from reading import Read, read_page
from stand_in import StandIn, stand_in

from sngen.errors import CheckFailed, UsageError
from sngen.leaderboard.context import Context
from sngen.leaderboard.pages.leaderboard import leaderboard_page
from sngen.leaderboard.pages.model import model_page
from sngen.leaderboard.pages.versions import versions_page
from sngen.leaderboard.protocols import read_protocols
from sngen.leaderboard.snapshot import Snapshot
from sngen.schema import ERRATA, MODELS, TABLES

MEASURED, REPORTED = "reference/digits/net-0", "securitynet/cifar10/net-0"


def _read(texts: dict[str, str], path: str) -> Read:
    return read_page(texts[path])


def test_home_has_the_figures_of_the_release(texts: dict[str, str], small: StandIn) -> None:
    page = _read(texts, "index.md")
    origins = [score["origin"] for score in small.rows["scores"]]
    controls = sum(model["purpose"] == "control" for model in small.rows["models"])
    assert controls > 0
    for figure in (
        f"{len(small.rows['models']) - controls} public models", f"{controls} control models", "3 datasets",
        f"{origins.count('measured')} measured numbers",
        f"{origins.count('reported')} reported numbers", "1.2.3 release", "sha256:" + "f" * 64,
    ):  # fmt: skip
        assert figure in page.text
    assert page.attributes("action") == ["models.html"]
    assert [a["name"] for tag, a in page.elements if tag == "input"] == ["q"]
    assert "Stealing falls: Stealing gets harder as targets get better. On CIFAR10" in page.text


def test_headings_go_down_one_level_at_a_time(texts: dict[str, str]) -> None:
    assert len(texts) > 30
    for path in texts:
        levels = [int(tag[1]) for tag, _ in _read(texts, path).elements if tag in {"h1", "h2", "h3", "h4"}]
        assert levels[0] == 1, path
        assert levels.count(1) == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_every_table_has_a_caption_and_scoped_headers(texts: dict[str, str]) -> None:
    for path in texts:
        elements = _read(texts, path).elements
        tags = [tag for tag, _ in elements]
        assert tags.count("table") == tags.count("caption"), path
        assert all("scope" in attributes for tag, attributes in elements if tag == "th"), path


def test_ids_of_a_page_are_unique(texts: dict[str, str]) -> None:
    for path in texts:
        ids = _read(texts, path).attributes("id")
        assert len(ids) == len(set(ids)), path


def test_measured_score_on_the_model_page(texts: dict[str, str]) -> None:
    page = _read(texts, f"models/{MEASURED}.md")
    score_id = f"{MEASURED}:digits:utility/1:clean:test:accuracy"
    for words in (
        f"python -m evaluations reproduce {score_id}", "with uncommitted changes", "cpu: x",
        "2026-11-24T10:00:00Z",
        "batch_size = 500", "torch = 2.14", "tier reference", "Rank interval", "same-recipe-other-seed",
        f"weights_for('{MEASURED}'", "@misc{reference-digits-net-0,",
    ):  # fmt: skip
        assert words in page.text
    assert score_id in page.attributes("id")
    assert "Nothing reported in this release." in page.text


def test_reported_score_says_where_it_stands_in_the_source(texts: dict[str, str]) -> None:
    page = _read(texts, f"models/{REPORTED}.md")
    assert "The study's database, revision 0123456789ab" in page.text.replace(" ,", ",")
    assert "row 1, column “Stealing accuracy”" in page.text
    assert "n is not stated." in page.text
    assert "Train accuracy is exactly 1." in page.text  # the flag, explained
    assert "evaluations reproduce" not in page.text
    assert "load_model" not in page.text  # no builder, so no snippet that could not work
    addresses = page.attributes("href")
    assert "https://example.org/database" in addresses
    assert any(
        address.startswith("https://example.org/project/issues/new?template=correction")
        for address in addresses
    )


def test_a_report_link_needs_no_repository(context: Context) -> None:
    page = model_page(context.snapshot.models[REPORTED], replace(context, repository_url=None))
    assert "issues/new" not in page.body
    assert "../../../contribute.html" in page.body


def test_model_pages_stay_out_of_the_search_index(texts: dict[str, str]) -> None:
    front = texts[f"models/{REPORTED}.md"].split("---\n")[1]
    assert "search:\n  exclude: true" in front
    assert "exclude" not in texts["methods.md"].split("---\n")[1]


def test_leaderboard_separates_measured_and_reported(texts: dict[str, str]) -> None:
    measured = _read(texts, "leaderboards/utility/digits.md")
    assert measured.attributes("data-name")[0] == "utility-digits-measured-utility--1-reference"
    assert "exact McNemar test" in measured.text
    assert "can claim rank 1" in measured.text
    assert "No reported numbers of this family on DIGITS" in measured.text
    reported = _read(texts, "leaderboards/stealing/cifar10.md")
    assert "No measured numbers of this family on CIFAR10" in reported.text
    assert "Not ranked" in reported.text
    assert "Left out, one answer to every image: 1 (net-1)." in reported.text


def test_what_is_left_out_is_counted_and_named(make_context: Callable[..., Context]) -> None:
    release = stand_in({}, measured=4)
    for score in release.rows["scores"]:
        if score["model_id"].endswith("net-3") and score["metric"] == "accuracy":
            score["n"] = 99
    page = read_page(leaderboard_page("utility", "digits", make_context(release)).markdown())
    assert "another number of images, or another device: 2 scores of digits net 3" in page.text


def test_small_boards_have_no_chart_and_say_so(texts: dict[str, str]) -> None:
    page = _read(texts, "leaderboards/stealing/bloodmnist.md")
    assert page.attributes("data-spec") == []
    assert "No chart of The study's database: fewer than 10 comparable models" in page.text


def test_methods_come_from_the_protocol_files(texts: dict[str, str], repository: Path) -> None:
    page = _read(texts, "methods.md")
    for protocol in read_protocols(repository / "evaluations" / "protocols"):
        assert f"protocol {protocol['protocol']}" in page.text
        for settings in protocol["methods"].values():
            assert all(name in page.text for name in settings or ())
        for limit in protocol.get("limits", ()):
            assert " ".join(limit.split()) in page.text


def test_dictionary_has_every_column(texts: dict[str, str]) -> None:
    page = _read(texts, "dictionary.md")
    for table in TABLES.values():
        for column in table:
            assert column.description in page.text
    codes = [tag for tag, _ in page.elements].count("code")
    assert codes > sum(len(table.columns) for table in TABLES.values())


def test_audit_and_findings(texts: dict[str, str]) -> None:
    audit, findings = _read(texts, "audit.md"), _read(texts, "findings.md")
    assert "some:score" in audit.text
    assert "Train accuracy is exactly 1." in audit.text
    for words in (
        "-0.5000 [-0.7000, -0.2000]",
        "0.002",
        "family == 'stealing'",
        "supported",
        "Of one method.",
        "CIFAR10, reported (partial-training-data): odd-flag (it is <odd>): some/model",
    ):
        assert words in findings.text
    assert "leaderboards/stealing/cifar10.html" in findings.attributes("href")


def test_data_page_cites_version_fingerprint_and_date(texts: dict[str, str]) -> None:
    page = _read(texts, "data.md")
    assert "fingerprint sha256:" + "f" * 64 in page.text
    assert "version = {1.2.3}" in page.text
    assert "year = {2026}" in page.text


def test_versions_page_shows_the_change_log(small: StandIn, make_context: Callable[..., Context]) -> None:
    section = {"title": "Scores changed", "lines": ["a:b: 0.5, now 0.6 (+0.1): measured again"], "more": 1200}
    entry = {
        "version": "1.2.3", "date": "2026-11-24", "fingerprint": "f" * 64, "previous": "1.2.2",
        "summary": ["PATCH: the score a:b changed"], "sections": [section],
    }  # fmt: skip
    page = read_page(versions_page(make_context(replace(small, log=[entry]))).markdown())
    for words in ("1.2.3, 2026-11-24", "PATCH: the score a:b changed", *section["lines"], "and 1,200 more"):
        assert words in page.text


def test_a_withdrawn_number_is_shown_apart_and_on_no_board(make_context: Callable[..., Context]) -> None:
    release = stand_in({"cifar10": 14}, measured=2)
    score = next(row for row in release.rows["scores"] if row["model_id"] == REPORTED)
    score["withdrawn"] = "2026-001"
    release.rows["errata"] = [
        ERRATA.row(
            erratum_id="2026-001", score_id=score["score_id"], date="2026-03-01", who="The <maintainers>",
            reason="A cell of another row.", issue_url="https://example.org/issues/1", source_id="the-study",
        )
    ]  # fmt: skip
    context = make_context(release)
    page = read_page(model_page(context.snapshot.models[REPORTED], context).markdown())
    for words in ("Withdrawn on", "2026-03-01", "The <maintainers>", "A cell of another row."):
        assert words in page.text
    board = next(board for board in context.boards if board.family == score["family"])
    assert score not in board.scores.get(REPORTED, {}).values()
    (left,) = (one for one in board.left_out if one.reason == "withdrawn by an erratum")
    assert (left.scores, left.models) == (1, (REPORTED,))
    assert "A cell of another row." in read_page(versions_page(context).markdown()).text


def test_a_release_of_another_contract_is_refused(small: StandIn) -> None:
    class Older(StandIn):
        def table(self, name: str):  # type: ignore[no-untyped-def]
            return super().table(name).drop(columns=["license"], errors="ignore")

    with pytest.raises(CheckFailed, match="has no column license"):
        Snapshot.of(Older(small.rows))


@pytest.mark.parametrize("model_id", ["../../etc/passwd", "a//b", "A/b", "a/<b>", "a/..", ""])
def test_an_id_that_is_no_address_is_refused(model_id: str) -> None:
    release = stand_in({}, measured=1)
    release.rows["models"][0][MODELS.c.model_id] = model_id
    with pytest.raises(CheckFailed, match="cannot be page addresses"):
        Snapshot.of(release)


def test_protocol_files_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no protocol files"):
        read_protocols(tmp_path)
    (tmp_path / "x-1.yaml").write_text("protocol: x/1\n")
    with pytest.raises(CheckFailed, match=r"x-1\.yaml: lacks title, summary"):
        read_protocols(tmp_path)
    (tmp_path / "x-1.yaml").write_text("a: [")
    with pytest.raises(CheckFailed, match="not valid YAML"):
        read_protocols(tmp_path)
