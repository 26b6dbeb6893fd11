"""The sources without an importer, whose rows are reviewed by people, against an independent extraction."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sngen.catalog.audit import load_audit
from sngen.catalog.text_tables import read_table
from sngen.catalog.vocabulary import Vocabulary, load_vocabulary
from sngen.schema import DATASETS, MODELS, PROJECTS, SCORES, SOURCES, TASKS, Table

M, S, P, D, C = MODELS.c, SCORES.c, PROJECTS.c, DATASETS.c, SOURCES.c
Facts = list[dict[str, str]]
Rows = dict[str, list[dict[str, Any]]]

#: Sources of the facts' three tables that have an importer.
IMPORTED = {
    "bit-vtab", "bit-distilled", "aitlas-arena", "onnx-model-zoo", "pytorch-cifar-models", "paddleclas-pulc",
    "auto-attack", "robust-models-transfer",
}  # fmt: skip
#: Read on web pages, or in excerpts: there is no commit to name.
WITHOUT_REVISION = {
    "hub": "model cards, seen in excerpts",
    "medmnist-published": "a transcription in another repository, of no known commit",
    "odyssey": "a web page",
    "sewer-ml": "the paper as a web page",
    "topotrojdetection": "a page, seen in an excerpt",
    "trojai": "pages of a data catalogue",
    "trojannn": "a page, seen in an excerpt",
}
#: One source per repository, since each has a commit of its own.
SPLIT = {
    "stanleybak/vnncomp2021": "vnn-comp-2021",
    "ChristopherBrix/vnncomp2022_benchmarks": "vnn-comp-2022",
    "ChristopherBrix/vnncomp2023_benchmarks": "vnn-comp-2023",
}
#: The repository marks these rows as the checkpoint of the row above, evaluated at a larger size.
LARGER = {
    "revisiting-at/convnext-b-cvst-256": ("revisiting-at/convnext-b-cvst-224", "256"),
    "revisiting-at/convnext-l-cvst-320": ("revisiting-at/convnext-l-cvst-224", "320"),
}
#: Rows whose facts name another file of the same commit than the one in which the weights are named.
OTHER_FILE = {
    "mico": "starting-kit/cifar10.ipynb",
    "texture-vs-shape": "models/load_pretrained_models.py",
    "torchxrayvision": "torchxrayvision/models.py",
}
#: The facts name the repository only; the file in it was found since.
FILE_FOUND = {"security/nad/cifar10-badnets"}
#: Words of the facts -> the contract's, with no loss.
WORDS = {
    "weights_kind": {"script": "repository"},  # the flag says which script
    "license_scope": {"repository-badge": "repository"},  # the flag says that it is a badge
    "extra_data": {"true": "yes", "false": "no"},
    "method": {"None": "None (no defence)"},
}
#: Flags that hold a number or a sentence are scores or remarks here.
FLAG_AS_REMARK = {
    r"covid-sensitivity-([\d.]+)-pct": r"COVID-19 sensitivity \1 %.",
    r"benchmark-algorithm-f2ciw-([\d.]+)-f1normal-([\d.]+)": r"F2-CIW is \1 % and its F1-normal \2 %.",
    r"datasets (.*)": r"Datasets: \1.",
    r"mean-computed-here-over-(\d+)-pathologies": r"Mean over \1 pathologies.",
    r"license-from-(docs/pretrained.rst)": r"Licence as stated in \1.",
    r"count-from-folder-numbering \((.*)\)": r"Folders: \1.",
}
FLAG_AS_SCORE = {
    "top5-99.6": ("test", "top5_accuracy", 0.996),
    "train-99.948": ("train", "accuracy", 0.99948),
    "validation-98.5904": ("validation", "accuracy", 0.985904),
}
#: Flags that the facts do not have; what each is for is in the audit.
OWN_FLAGS = {
    "after-backdoor-removal", "count-from-folder-numbering", "license-from-badge", "license-from-docs",
    "mean-computed-here", "role-not-stated", "same-checkpoint-evaluated-at-larger-resolution",
    "weights-link-not-in-the-named-file",
}  # fmt: skip
METRIC_NAMES = {
    "top1_accuracy": "accuracy", "mean_auc": "mean_label_auc", "clean_accuracy": "accuracy",
    "lfw_verification_accuracy": "verification_accuracy", "mce": "mean_corruption_error",
    "mfr": "mean_flip_rate", "mt5d": "mean_top5_distance", "noise_test_accuracy": "accuracy",
    "cross_trigger_accuracy": "accuracy",
}  # fmt: skip
RELATIVE_TO_ALEXNET = {"mce", "mfr", "mt5d"}
FAMILY = {
    "evasion": "adversarial", "certified": "adversarial", "corruption": "corruption",
    "shape-bias": "corruption", "backdoor": "backdoor", "backdoor-removal": "backdoor",
    "stealing": "stealing",
}  # fmt: skip

TEXTS = {
    "name": M.name, "architecture": M.architecture, "paper_title": M.paper_title, "paper_url": M.paper_url,
    "weights_url": M.weights_url, "method": M.training_method, "eps": M.threat_eps, "role": M.security_role,
    "extra_data": M.extra_data, "task": M.task, "weights_kind": M.weights_kind,
    "license_scope": M.license_scope, "dataset": M.dataset_id, "source_file": M.source_file,
}  # fmt: skip
COLLECTION_TEXTS = {
    "name": P.title, "architecture": P.architecture, "paper_url": P.paper_url, "weights_url": P.weights_url,
    "method": P.training_method, "role": P.security_role, "weights_kind": P.weights_kind,
    "license_scope": P.license_scope, "dataset": P.dataset_id, "source_file": P.source_file,
}  # fmt: skip
#: Columns of the facts that a test below compares in another way.
ELSEWHERE = {
    "id", "source", "source_repo", "source_commit", "source_row", "entry_type", "model_count", "flags",
    "dataset_source", "pretraining", "metric", "value_pct", "top5_pct", "params_m", "macs_m", "input_size",
    "quantized", "license", "venue", "year", "norm", "eps_value", "clean_accuracy_pct", "alt_weights_url",
}  # fmt: skip


def source_of(fact: dict[str, str]) -> str:
    return SPLIT.get(fact["source_repo"], fact["source"])


def id_of(fact: dict[str, str], key: str = "id") -> str:
    """The id here: without the facts' prefix, and one for a file that is evaluated several times."""
    name = re.sub(r"^(public|security)/", "", fact[key])
    if fact.get("metric") == "mean_auc" and fact.get("source") == "torchxrayvision":
        return f"torchxrayvision/{fact['name']}"
    return LARGER.get(name, (name, ""))[0]


def read(path: Path) -> Facts:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def models_stated(facts_folder: Path) -> Facts:
    both = read(facts_folder / "public_models.csv") + read(facts_folder / "security_models.csv")
    return [fact for fact in both if fact["source"] not in IMPORTED]


@pytest.fixture(scope="module")
def attacks_stated(facts_folder: Path) -> Facts:
    facts = read(facts_folder / "attack_scores.csv")
    return [fact for fact in facts if fact["source_repo"] != "fra31/auto-attack"]


@pytest.fixture(scope="module")
def catalog(repository: Path) -> Path:
    return repository / "data" / "catalog"


@pytest.fixture(scope="module")
def vocabulary(catalog: Path) -> Vocabulary:
    return load_vocabulary(catalog / "vocabulary")


@pytest.fixture(scope="module")
def ours(catalog: Path) -> Rows:
    """Without checkpoints that are in the catalogue for their weights: they are named by their publishers,
    and ``tests/zoo`` compares them with an index of their own."""
    tables = {
        table.name: [row for source in reviewed(catalog) for row in rows_of(catalog, source, table)]
        for table in (SOURCES, MODELS, SCORES, PROJECTS)
    }
    sources = {*reviewed(catalog), "vnn-comp"}
    checkpoints = {
        row[M.model_id]
        for row in tables[MODELS.name]
        if row[M.weights_sha256] and row[M.model_id].partition("/")[0] not in sources
    }
    for table in (MODELS, SCORES):
        tables[table.name] = [row for row in tables[table.name] if row[M.model_id] not in checkpoints]
    return tables


def reviewed(catalog: Path) -> list[str]:
    """Folders whose audit says how the rows were compared with their source."""
    return sorted(
        path.parent.name
        for path in catalog.glob("*/audit.json")
        if any(entry["rule"] == "stands-in-the-source" for entry in load_audit(path.parent))
    )


def rows_of(catalog: Path, source: str, table: Table) -> list[dict[str, Any]]:
    path = catalog / source / f"{table.name}.csv"
    return list(read_table(table, path)) if path.exists() else []


def expected(fact: dict[str, str], field: str) -> str | None:
    value = WORDS.get(field, {}).get(fact.get(field, ""), fact.get(field, ""))
    return value or None


# --- What needs no facts ------------------------------------------------------------------------------


def test_every_row_names_its_file_and_every_source_its_commit(ours: Rows) -> None:
    revisions = {row[C.source_id]: row[C.revision] for row in ours[SOURCES.name]}
    assert len(revisions) == 55
    assert {source for source, revision in revisions.items() if revision is None} == set(WITHOUT_REVISION)
    assert all(re.fullmatch(r"[0-9a-f]{40}", revision) for revision in revisions.values() if revision)
    for table in (MODELS, SCORES, PROJECTS):
        unplaced = [row for row in ours[table.name] if row[S.source_file] is None]
        assert {row[S.source_id] for row in unplaced} <= {"medmnist-published"}, table.name


def test_every_row_of_a_text_names_its_line(ours: Rows) -> None:
    """A file of weights has no lines; a page outside the repository has none that last."""
    texts = (".md", ".rst", ".py", ".yaml", ".ipynb")
    for table in (MODELS, SCORES, PROJECTS):
        assert [
            row[table.key[0]]
            for row in ours[table.name]
            if row[S.source_row] is None
            and row[S.source_id] not in WITHOUT_REVISION
            and row[S.source_file].lower().endswith(texts)
            and not row[S.source_file].startswith("http")
        ] == []


def test_every_score_names_the_source_s_own_column(ours: Rows) -> None:
    assert len(ours[SCORES.name]) > 600
    assert all(row[S.source_column] for row in ours[SCORES.name])


def test_what_was_looked_up_stood_there(catalog: Path) -> None:
    """The audit's check lists the exceptions: numbers on pages that are not in the repository."""
    for source in reviewed(catalog):
        (check,) = [e for e in load_audit(catalog / source) if e["rule"] == "stands-in-the-source"]
        assert check["kind"] == "check"
        assert check["explanation"].endswith((".", "to check."))
        if source in WITHOUT_REVISION:
            assert "No file of a known revision was read" in check["explanation"]
        elif source != "detectors":  # its numbers stand on the model cards
            assert check["rows"] == [], source
        assert not re.search(r"[1-9]\d* did not stand there", check["explanation"]), source


def test_weights_files_that_lie_in_a_repository_are_pinned(ours: Rows) -> None:
    pinned = [row for row in ours[MODELS.name] if row[M.weights_sha256]]
    assert len(pinned) == 38
    commits = {row[C.source_id]: row[C.revision] for row in ours[SOURCES.name]}
    for row in pinned:
        assert row[M.weights_revision] == commits[row[M.source_id]]
        if f"security/{row[M.model_id]}" not in FILE_FOUND:
            assert row[M.weights_file] == row[M.source_file]
        assert row[M.weights_bytes] > 500


def test_flags_are_explained_in_the_audit(catalog: Path) -> None:
    for source in reviewed(catalog):
        explained = {
            (e["rule"], row["row_id"])
            for e in load_audit(catalog / source)
            if e["kind"] == "flag" and e["explanation"]
            for row in e["rows"]
        }
        flagged = {
            (flag, row[table.key[0]])
            for table in (MODELS, SCORES, PROJECTS)
            for row in rows_of(catalog, source, table)
            for flag in row[M.flags] or ()
        }
        assert flagged == explained, source


def test_copies_and_networks_without_a_classifier_say_so(ours: Rows) -> None:
    kinds = Counter((row[M.source_id], row[M.copy_kind]) for row in ours[MODELS.name] if row[M.copy_kind])
    assert kinds == {
        ("cadene", "converted"): 24, ("mlperf-tiny", "converted"): 2, ("mlperf-tiny", "quantised"): 2,
    }  # fmt: skip
    tasks = Counter(row[M.task] for row in ours[MODELS.name])
    assert set(tasks) <= set(TASKS)
    assert tasks["embedding"] == 8


# --- Against the facts --------------------------------------------------------------------------------


def test_every_column_of_the_facts_is_compared(models_stated: Facts) -> None:
    assert {name for fact in models_stated for name in fact} == {*TEXTS, *ELSEWHERE}


def test_all_models_and_collections_are_there(
    ours: Rows, models_stated: Facts, attacks_stated: Facts
) -> None:
    kinds = {"model": {row[M.model_id] for row in ours[MODELS.name]}}
    published = {row[P.project_id] for row in ours[PROJECTS.name] if row[P.source_id] == "medmnist-published"}
    kinds["collection"] = {row[P.project_id] for row in ours[PROJECTS.name]} - published
    for kind, ids in kinds.items():
        assert {id_of(fact) for fact in models_stated if fact["entry_type"] == kind} == ids
    assert (len(kinds["model"]), len(kinds["collection"])) == (547, 29)
    assert {row[S.model_id] for row in ours[SCORES.name]} >= {
        id_of(fact, "model_id") for fact in attacks_stated
    }


def pairs(ours: Rows, facts: Facts, kind: str) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    table, key = (MODELS, M.model_id) if kind == "model" else (PROJECTS, P.project_id)
    rows = {row[key]: row for row in ours[table.name]}
    for fact in facts:
        if fact["entry_type"] == kind and re.sub(r"^\w+/", "", fact["id"]) not in LARGER:
            yield fact, rows[id_of(fact)]


def differs(fact: dict[str, str], field: str, value: Any) -> bool:
    """Where a field is deliberately another, see the tables at the top."""
    source = fact["source"]
    if field == "source_file" and source in OTHER_FILE and value == OTHER_FILE[source]:
        return False
    if field == "dataset" and fact.get("metric") == "mean_auc":  # trained on several datasets
        return bool(value is not None)
    if field == "weights_kind" and value == "file" and fact["id"] in FILE_FOUND:
        return False
    if field == "task" and "task" not in fact:
        return bool(value != "classification")
    return bool(expected(fact, field) != value)


@pytest.mark.parametrize(("kind", "fields"), [("model", TEXTS), ("collection", COLLECTION_TEXTS)])
def test_texts(ours: Rows, models_stated: Facts, kind: str, fields: dict[str, str]) -> None:
    wrong = [
        (fact["id"], field, fact.get(field), row[column])
        for fact, row in pairs(ours, models_stated, kind)
        for field, column in fields.items()
        if differs(fact, field, row[column])
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", ["model", "collection"])
def test_normalised_words_and_numbers(
    ours: Rows, models_stated: Facts, vocabulary: Vocabulary, kind: str
) -> None:
    for fact, row in pairs(ours, models_stated, kind):
        assert row[M.source_id] == source_of(fact)
        assert row[M.year] == (int(fact["year"]) if fact["year"] else None), fact["id"]
        venue = vocabulary.venue(fact["venue"]) if fact["venue"] else (None, None)
        assert (row[M.venue], row[M.venue_type]) == venue, fact["id"]
        licence = vocabulary.license(fact["license"]) or fact["license"] or None
        assert row[M.license] == licence, fact["id"]
        moved = fact.get("metric") == "mean_auc" or row[M.source_file] != fact["source_file"]
        if fact["source_row"] and not moved:
            assert row[M.source_row] == int(fact["source_row"]), fact["id"]


def test_commits(ours: Rows, models_stated: Facts, attacks_stated: Facts) -> None:
    commits = {row[C.source_id]: row[C.revision] for row in ours[SOURCES.name]}
    for fact in models_stated:
        assert commits[source_of(fact)] == (fact["source_commit"] or None), fact["id"]
    stated = {fact["source_commit"] for fact in attacks_stated}
    assert stated <= set(commits.values())


def test_threat_models(ours: Rows, models_stated: Facts) -> None:
    """The norm of a verification benchmark is that of the properties: nobody defended the network."""
    for fact, row in pairs(ours, models_stated, "model"):
        verified = fact.get("role") == "verification-benchmark"
        assert row[M.threat_norm] == (None if verified else fact.get("norm") or None), fact["id"]
        if verified:
            assert "L∞" in row[M.note]
        if fact.get("eps_value"):
            assert row[M.threat_eps_value] == pytest.approx(float(fact["eps_value"]), abs=1e-8)
        else:
            assert row[M.threat_eps_value] is None


def test_sizes(ours: Rows, models_stated: Facts) -> None:
    for fact, row in pairs(ours, models_stated, "model"):
        millions, macs = fact.get("params_m") or None, fact.get("macs_m") or None
        assert row[M.parameters_rounded] == (float(millions) if millions else None)
        assert row[M.macs] == (float(Decimal(macs) * 10**6) if macs else None)
        words = json.loads(row[M.source_words] or "{}")
        assert words.get(M.input_size) == (fact.get("input_size") or None)
        if re.fullmatch(r"\d+(x\d+)?", fact.get("input_size", "")):
            side = fact["input_size"].split("x")
            assert row[M.input_size] == f"3x{side[0]}x{side[-1]}"
        assert row[M.pretrained_on] == ([fact["pretraining"]] if fact.get("pretraining") else None)
        assert (row[M.copy_kind] == "quantised") == (fact.get("quantized") == "true")
        if fact.get("alt_weights_url"):
            assert fact["alt_weights_url"] in row[M.note]


def test_collections_have_their_counts(ours: Rows, models_stated: Facts) -> None:
    counts = []
    for fact, row in pairs(ours, models_stated, "collection"):
        counts.append(row[P.model_count] or 0)
        assert row[P.model_count] == (int(fact["model_count"]) if fact.get("model_count") else None)
        assert row[P.kind] == "collection"
        if fact["paper_title"]:
            assert fact["paper_title"] in row[P.note]
    assert sum(counts) == 11_584  # as the facts sum it up


def key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    words = (S.source_id, S.model_id, S.dataset_id, S.family, S.metric, S.norm, S.eps)
    return (*(row[column] for column in words), round(row[S.value], 9), row[S.n])


def stated_scores(models: Facts, attacks: Facts) -> Iterator[tuple[Any, ...]]:
    for fact in models:
        source, model, dataset = source_of(fact), id_of(fact), fact["dataset"]
        images = re.search(r"(?:of|on)-(\d+)-images", fact["flags"])
        n = int(images[1]) if images else None
        if fact.get("metric") == "lfw_verification_accuracy":
            dataset = "lfw"  # the facts name the training set; the number is about these pairs of faces
        for field, metric in (
            ("value_pct", METRIC_NAMES.get(fact.get("metric", ""), "")), ("top5_pct", "top5_accuracy"),
            ("clean_accuracy_pct", "accuracy"),
        ):  # fmt: skip
            if fact.get(field):
                value = round(float(Decimal(fact[field]) / 100), 9)
                yield source, model, dataset, "utility", metric, None, None, value, n
        for flag in fact["flags"].split(";"):
            if flag in FLAG_AS_SCORE:
                _, metric, value = FLAG_AS_SCORE[flag]
                yield source, model, dataset, "utility", metric, None, None, value, n
    sources = {fact["source_repo"]: source_of(fact) for fact in models}
    sources["Harry24k/adversarial-attacks-pytorch"] = "adversarial-attacks-pytorch"
    for fact in attacks:
        unit = 1 if fact["metric"] in RELATIVE_TO_ALEXNET else 100
        yield (
            sources[fact["source_repo"]], id_of(fact, "model_id"), fact["dataset"],
            FAMILY[fact["attack_family"]], METRIC_NAMES.get(fact["metric"], fact["metric"]),
            fact["norm"] or None, fact["eps"] or None,
            round(float(Decimal(fact["value_pct"]) / unit), 9),
            int(fact["n_examples"]) if fact["n_examples"] else None,
        )  # fmt: skip


def test_scores(ours: Rows, models_stated: Facts, attacks_stated: Facts) -> None:
    """All of them, each as often as the facts have it, and no other."""
    stated = Counter(stated_scores(models_stated, attacks_stated))
    found = Counter(map(key_of, ours[SCORES.name]))
    assert found - stated == Counter()
    assert stated - found == Counter()


def test_larger_sizes_have_settings_of_their_own(ours: Rows) -> None:
    for model, size in LARGER.values():
        settings = {row[S.setting] for row in ours[SCORES.name] if row[S.model_id] == model}
        assert settings == {"test", f"test-{size}", "linf-4-255", f"linf-4-255-at-{size}"}


def test_who_attacked_and_when(ours: Rows, attacks_stated: Facts) -> None:
    for fact in attacks_stated:
        if not fact["submitted_by"]:
            continue
        value = float(Decimal(fact["value_pct"]) / 100)
        found = [
            row
            for row in ours[SCORES.name]
            if row[S.model_id] == id_of(fact, "model_id")
            and row[S.value] == value
            and f"Submitted by {fact['submitted_by']}" in (row[S.note] or "")
        ]
        assert found, fact["id"]
        assert all(fact["attack_url"] in row[S.note] for row in found if fact["attack_url"])
        year = re.search(r"\d{4}$", fact["date"])
        if "impossible-date" in fact["flags"]:
            assert found[0][S.source_date] is None
            assert fact["date"] in found[0][S.note]
        elif year:
            assert found[0][S.source_date].startswith(year[0])


def test_flags(ours: Rows, models_stated: Facts, attacks_stated: Facts) -> None:
    """Over a model and its scores: a flag is on what it is about."""
    flags: dict[str, set[str]] = {}
    remarks: dict[str, str] = {}
    for table, key in ((MODELS, M.model_id), (SCORES, S.model_id), (PROJECTS, P.project_id)):
        for row in ours[table.name]:
            flags.setdefault(row[key], set()).update(row[M.flags] or ())
            remarks[row[key]] = f"{remarks.get(row[key], '')} {row[M.note] or ''}"
    stated: dict[str, set[str]] = {}
    for fact, key in [(f, "id") for f in models_stated] + [(f, "model_id") for f in attacks_stated]:
        name = id_of(fact, key)
        mine = stated.setdefault(name, set())
        for flag in filter(None, fact["flags"].split(";")):
            remark = next((p for p in FLAG_AS_REMARK if re.fullmatch(p, flag)), None)
            if remark is not None:
                assert re.sub(remark, FLAG_AS_REMARK[remark], flag) in remarks[name]
            elif flag not in FLAG_AS_SCORE:
                mine.add(flag)
    for name, found in stated.items():
        assert found <= flags[name], name
        assert flags[name] - found <= OWN_FLAGS, name


# --- Datasets and MedMNIST ----------------------------------------------------------------------------


def test_datasets(catalog: Path, facts_folder: Path) -> None:
    rows = {row[D.dataset_id]: row for row in rows_of(catalog, "datasets", DATASETS)}
    facts = {fact["id"]: fact for fact in read(facts_folder / "datasets.csv")}
    assert set(rows) == {*facts, "lfw"}  # lfw: what the face models' accuracy was measured on
    assert len({row[D.category] for row in rows.values()}) == 20
    numbers = {"classes": D.num_classes, "train_size": D.train_size, "test_size": D.test_size}
    for name, fact in facts.items():
        row = rows[name]
        for field in ("name", "category", "task", "license", "homepage", "paper_title", "paper_url"):
            assert row[field] == (fact[field] or None), (name, field)
        for field, column in {**numbers, "year": D.year}.items():
            assert row[column] == (int(fact[field]) if fact[field] else None), (name, field)
        assert (row[D.flags] or []) == list(filter(None, fact["flags"].split(";")))


def test_what_nothing_confirms_is_published_as_unverified(catalog: Path, facts_folder: Path) -> None:
    rows = {row[D.dataset_id]: row for row in rows_of(catalog, "datasets", DATASETS)}
    columns = {"classes": D.num_classes, "train_size": D.train_size, "test_size": D.test_size}
    general = 0
    for fact in read(facts_folder / "datasets.csv"):
        row = rows[fact["id"]]
        stated = {columns[name] for name in fact["unconfirmed_fields"].split(";") if name}
        if "general-knowledge-unchecked" in fact["facts_from"]:
            general += 1
            stated |= {
                name
                for name in (
                    D.license, D.homepage, D.paper_title, D.paper_url, D.year, D.image_size,
                )
                if row[name] is not None
            }  # fmt: skip
        assert set(row[D.unverified] or ()) == stated, fact["id"]
        assert all(row[name] is not None for name in stated), fact["id"]
    assert general == 80


def test_image_sizes_have_channels_and_agree_with_the_sides(catalog: Path, facts_folder: Path) -> None:
    turned = {"ham10000", "celeba"}  # width x height in the facts
    filled = 0
    rows = {row[D.dataset_id]: row for row in rows_of(catalog, "datasets", DATASETS)}
    for fact in read(facts_folder / "datasets.csv"):
        size = rows[fact["id"]][D.image_size]
        if size is not None:
            sides = fact["image_size"].split("x")
            assert size.split("x")[1:] == (sides[::-1] if fact["id"] in turned else sides)
            assert size.split("x")[0] in {"1", "3"}
            filled += 1
    assert filled == 56
    assert rows["pathmnist"][D.image_size] == "3x28x28"
    assert rows["organmnist3d"][D.image_size] == "1x28x28x28"
    assert rows["bigearthnet-19"][D.image_size] is None  # twelve bands, of several resolutions


def test_published_medmnist_results_are_collections(catalog: Path, facts_folder: Path) -> None:
    """A mean over three runs is no score of one model."""
    facts = {fact["id"]: fact for fact in read(facts_folder / "medmnist_published.csv")}
    rows = {row[P.project_id]: row for row in rows_of(catalog, "medmnist-published", PROJECTS)}
    left_out = {name for name, fact in facts.items() if fact["weights_published"] != "true"}
    assert set(rows) == set(facts) - left_out
    assert {facts[name]["method"] for name in left_out} == {"auto-sklearn"}
    models = {row[M.model_id] for row in rows_of(catalog, "securitynet", MODELS)}
    for name, row in rows.items():
        fact = facts[name]
        assert f"accuracy {fact['accuracy']}, AUC {fact['auc']}" in row[P.note]
        assert row[P.model_count] == (int(fact["securitynet_runs"]) if fact["securitynet_runs"] else None)
        named = re.search(r"securitynet/\S+-1\b", row[P.note])
        assert bool(named) == bool(fact["securitynet_runs"])
        assert named is None or named[0] in models
        assert set(fact["flags"].split(";")) <= set(row[P.flags])
    audit = {entry["rule"]: entry for entry in load_audit(catalog / "medmnist-published")}
    assert all(facts[name]["dataset"] in audit["no-public-weights"]["explanation"] for name in left_out)
    apart = {row["row_id"] for row in audit["published-mean-against-measured-runs"]["rows"]}
    assert apart == {
        name
        for name, fact in facts.items()
        if fact["difference_pp"] and abs(float(fact["difference_pp"])) > 0.05
    }
