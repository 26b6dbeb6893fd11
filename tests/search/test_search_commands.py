"""``sngen models``, ``show``, ``fields`` and ``cohort`` as a user calls them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from search_examples import COPY, FIVE, ONE, TWO

from sngen.cli import cli, run

Sngen = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sngen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small_catalog: Path) -> Sngen:
    """Exit code, standard output, standard error; the catalogue is the small one."""
    monkeypatch.setenv("SECURITYNET_CATALOG", str(small_catalog))

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sngen", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            run(cli, "sngen")
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_the_same_question_in_three_ways(sngen: Sngen) -> None:
    answers = {
        sngen("models", *question, "--format", "ids")
        for question in (
            ("dataset=CIFAR-10", "accuracy>=90%"),
            ("--dataset", "cifar10", "--accuracy", "0.9.."),
            ("dataset = cifar10 accuracy >= 0.9",),
        )
    }
    assert answers == {(0, f"{ONE}\n", "1 model found.\n")}


def test_copies_are_mentioned(sngen: Sngen) -> None:
    code, out, err = sngen("models", "dataset=cifar10", "--sort", "-accuracy,year", "--limit", "2")
    assert code == 0
    assert err == "1 row shares its weights with another; --distinct keeps one of each.\n"
    assert out.endswith("4 models found, 2 shown; --limit 0 shows all.\n")
    code, out, err = sngen("models", "dataset=cifar10", "--distinct")
    assert (code, err) == (0, "")
    assert COPY not in out


def test_an_answer_in_a_file(sngen: Sngen, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    code, out, err = sngen("models", "year=2019", "--format", "csv", "-o", path)
    assert (code, out, err) == (0, "", "1 model found.\n")
    assert path.read_text().splitlines()[1].startswith(f"{FIVE},svhn,0.95,reported,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("models", "accurracy>0.9"), "unknown field 'accurracy'; nearest: accuracy"),
        (("models", "accuracy=90"), "accuracy is a fraction in [0, 1]; write 0.9 or 90%"),
        (("models", "year"), "'year' is the name of a field and no condition"),
        (("models", "--purpose", "sekurity"), "purpose has no value 'sekurity'; nearest: security"),
        (("models", "--datset", "cifar10"), "nearest: --dataset"),
        (("models", "--sort", "yaer"), "unknown field 'yaer'; nearest: year"),
        (("models", "--catalog", "nowhere"), "no catalogue folder nowhere"),
        (("models", "--release", "nowhere"), "nowhere"),
        (("models", "--format", "xml"), "'xml' is not one of"),
        (("show", "lab/cifar10/oen"), f"Nearest: {ONE}"),
        (("fields", "accurracy"), "nearest: accuracy"),
        (("cohort", "make", "nothing-like-it"), "a cohort has at least one"),
        (("cohort", "show", "0123456789abcdef"), "no cohort 0123456789abcdef"),
    ],
)
def test_mistakes_end_in_a_sentence_and_exit_code_2(
    sngen: Sngen, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = sngen(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_fields(sngen: Sngen) -> None:
    code, out, _ = sngen("fields")
    assert code == 0
    assert "\nyear " in out
    assert "Also: params." in out
    code, out, _ = sngen("fields", "purpose")
    assert "one of benchmark, security, other, control" in out
    assert "      2  security" in out
    assert "      0  control" in out
    code, out, _ = sngen("fields", "Accuracy")
    assert "values: a number in [0, 1], unit: fraction" in out
    assert "from 0.2 to 0.95" in out


def test_a_cohort_from_making_to_checking(sngen: Sngen, small_catalog: Path) -> None:
    code, out, _ = sngen("cohort", "make", "--name", "good ones", "accuracy>=0.9")
    assert code == 0
    name = out.split()[1].rstrip(":")
    path = small_catalog.parent / "cohorts" / f"{name}.json"
    assert out == f"cohort {name}: 2 models, written to {path}\n"
    assert sngen("cohort", "show", "--ids", name) == (0, f"{FIVE}\n{ONE}\n", "")
    assert sngen("cohort", "check", path) == (0, f"cohort {name}: 2 models, all there\n", "")
    code, again, _ = sngen("cohort", "make", f"id={ONE},{FIVE}")
    assert again == out  # the same set
    hub = small_catalog / "hub" / "models.csv"
    lines = hub.read_text().splitlines(keepends=True)
    hub.write_text("".join(line for line in lines if not line.startswith(FIVE)))
    code, _, err = sngen("cohort", "check", name)
    assert code == 1
    assert FIVE in err


def test_show_as_json(sngen: Sngen) -> None:
    code, out, err = sngen("show", TWO, "--format", "json")
    assert (code, err) == (0, "")
    assert '"robust_accuracy"' in out


def test_a_malformed_catalogue_is_named(sngen: Sngen, small_catalog: Path) -> None:
    path = small_catalog / "lab" / "models.csv"
    path.write_text(path.read_text().replace(",2018,", ",twenty,"))
    code, _, err = sngen("models", "dataset=cifar10")
    assert code == 1
    assert "models.csv, line 2, table models, row lab/cifar10/one, column year: found 'twenty'" in err


def test_the_whole_catalogue_answers_without_heavy_imports(repository: Path) -> None:
    """They would take longer than the search; how long that takes is told by benchmarks/search_time.py."""
    code = (
        "import sys; sys.argv = ['sngen', 'models', 'dataset=cifar10', 'accuracy=0.9..0.96', '--format', "
        "'ids']\nfrom sngen.cli import main\ntry: main()\nexcept SystemExit as end: assert not end.code\n"
        "print('heavy:', *sorted({'pandas', 'pyarrow', 'torch'} & set(sys.modules)))"
    )
    environment = os.environ | {"SECURITYNET_CATALOG": str(repository / "data" / "catalog")}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    *found, last = run.stdout.splitlines()
    assert len(found) > 20
    assert last == "heavy:"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (("venue=ICLM",), "No model has venue=ICLM; try 'venue=ICML'."),
        (('"svhn"', '"natural"'), "No model has \"natural\"; try 'data_category=natural'."),
        (("zzz",), "No model has zzz."),
        (("year=2019", "purpose=security"), "Each condition finds models, but no model fulfils all of them."),
    ],
)
def test_nothing_found_is_explained(sngen: Sngen, terms: tuple[str, ...], words: str) -> None:
    code, out, err = sngen("models", *terms)
    assert (code, out) == (0, "No model found.\n")
    assert words in err


def test_cite_gives_the_papers_of_models_and_the_release(
    sngen: Sngen, small_catalog: Path, tmp_path: Path
) -> None:
    (tmp_path / "none").mkdir()
    inputs = ("--catalog", small_catalog, "--results", tmp_path / "none")
    built = sngen("release", "build", "--version", "0.1.0", *inputs, "--out", tmp_path)
    assert built[0] == 0, built[2]
    code, said, _ = sngen("cite", ONE, FIVE, "--release", tmp_path / "securitynet")
    assert code == 0
    assert said.startswith("@misc{securitynet_0_1_0,")
    assert "Version 0.1.0, fingerprint sha256:" in said
    assert said.endswith(sngen("models", f"model_id={ONE},{FIVE}", "--format", "bibtex")[1])
    code, said, _ = sngen("cite", FIVE)
    assert code == 0 and said == sngen("models", f"model_id={FIVE}", "--format", "bibtex")[1]
    assert sngen("cite")[::2] == (
        2, "error: say what to cite: a release (--release FOLDER), models (ID...), or both.\n"
    )  # fmt: skip
    assert sngen("cite", "no/such")[0] == 2
