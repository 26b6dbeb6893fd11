"""BiT-M models fine-tuned on the 19 tasks of VTAB-1k, three runs each, from google-research/big_transfer.

The README lists the files as one pattern and states no score of a single file.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import combinations, product
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.catalog.big_transfer import (
    FILES,
    OWNER,
    REPOSITORY,
    architecture,
    line_of,
    shared_columns,
    source,
)
from sngen.catalog.identifiers import model_id, slug
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.markdown_tables import read_tables
from sngen.catalog.reported import with_source_words
from sngen.catalog.table_cells import record_left_out
from sngen.catalog.upstream import Upstream, UpstreamFile
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, RELATIVES, SOURCES
from sngen.validation import show

SOURCE_ID = "bit-vtab"
TITLE = "Big Transfer (BiT): models fine-tuned on VTAB-1k"
PAPER = "Big Transfer (BiT): General Visual Representation Learning"
PAPER_URL = "https://arxiv.org/abs/1912.11370"
#: "VTAB-1k uses 1000 labelled images of each task", X. Zhai et al. 2019, arXiv:1910.04867, section 3.
TRAINING_IMAGES = 1000
_PATTERN = re.compile(r"wget (?P<pattern>https://storage\.googleapis\.com/bit_models/vtab/BiT-M-\S+\.npz)$")
_STATED = re.compile(r"we release a total of (?:\d+x)+\d+=(?P<count>\d+) models")
_AUTHORS = re.compile(r"^\*by (?P<authors>[^*]+)\*$")
_BRACES = re.compile(r"\{([^{}]*)\}")
_FILE = re.compile(r"(?P<network>BiT-M-R\d+x\d+)-(?P<run>run\d+)-(?P<task>[a-z0-9_-]+)")

FLAGS = {
    "no-score-in-source": "The source states no accuracy of the single file.",
    "trained-on-1000-images": "VTAB-1k trains on 1000 images of the dataset, whatever its size; the accuracy "
    "is far below that of training on all of it (arXiv:1910.04867).",
    "url-from-pattern": "The source gives one pattern for all files; the address is its expansion.",
}
NOT_TAKEN = {
    "base-models-left-out": (
        "Models pre-trained on ILSVRC-2012 (BiT-S) and ImageNet-21k (BiT-M), and BiT-M fine-tuned on "
        "ILSVRC-2012, which the README names by a pattern only. They are starting points for fine-tuning, "
        "or catalogued where they were converted with a measured accuracy.",
        ("BiT-S-*", "BiT-M-*", "BiT-M-*-ILSVRC2012"),
    ),
}

Row = dict[str, Any]


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per file that the pattern stands for. Raises ``DataProblem`` with all that is unexpected."""
    file = upstream.only()
    lookup = Lookup(vocabulary, [])
    line, match = line_of(file, _PATTERN, "the pattern wget .../vtab/BiT-M-{...}.npz of all files")
    models = _models(file, line, expand(match["pattern"]), lookup)
    lookup.refuse()
    _check_count(file, models)
    audit = Audit()
    for rule, explanation in FLAGS.items():
        rows = audit.open(rule, "flag", explanation, MODELS.name, MODELS.c.weights_url)
        rows.extend(
            touched(m[MODELS.c.model_id], m[MODELS.c.weights_url], m[MODELS.c.weights_url]) for m in models
        )
    _record_averages(file, audit)
    for rule, (explanation, names) in NOT_TAKEN.items():
        record_left_out(audit, SOURCE_ID, rule, explanation, names)
    citation = f"{_authors(file)}. {PAPER}. ECCV 2020. {PAPER_URL}"
    tables = {
        SOURCES.name: [source(SOURCE_ID, TITLE, upstream, citation)],
        MODELS.name: models,
        RELATIVES.name: _runs(models),
    }
    return Imported(tables, audit.entries)


def expand(pattern: str) -> list[str]:
    """A shell's brace expansion, without nesting: ``a{b,c}`` is ``ab`` and ``ac``."""
    pieces = _BRACES.split(pattern)  # text and choices by turns
    choices = [piece.split(",") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    return ["".join(chosen) for chosen in product(*choices)]


def _models(file: UpstreamFile, line: int, urls: list[str], lookup: Lookup) -> list[Row]:
    shared = shared_columns(SOURCE_ID, file, lookup)
    authors = _authors(file)
    models = []
    for url in urls:
        name = url.rsplit("/", 1)[-1].removesuffix(".npz")
        match = _FILE.fullmatch(name)
        if match is None:
            expected = "BiT-M-<architecture>-run<number>-<task>"
            lookup.problems.append(f"{file.path}, line {line}: found {show(name)}, expected {expected}")
            continue
        task = f"VTAB-1k {match['task']}"
        dataset = lookup.dataset(task, f"{file.path}, line {line}")
        network = architecture(match["network"])
        model = MODELS.row(
            **shared, name=name, source_row=line, dataset_id=dataset,
            model_id=model_id(SOURCE_ID, slug(name.removeprefix("BiT-M-"))), architecture=network,
            model_type=lookup.vocabulary.model_type(network or name), training_size=TRAINING_IMAGES,
            pretrained_on=["imagenet-21k"], weights_url=url, paper_title=PAPER, paper_url=PAPER_URL,
            venue="ECCV", venue_type="CV", year=2020, authors=authors,
            num_authors=authors.count(",") + 1, flags=list(FLAGS),
        )  # fmt: skip
        models.append(
            with_source_words(
                model,
                dataset_id=task,
                pretrained_on="ImageNet-21k",
                architecture=match["network"],
                publisher=OWNER,
            )
        )
    return models


def _check_count(file: UpstreamFile, models: list[Row]) -> None:
    line, match = line_of(file, _STATED, 'the number of files, "we release a total of ...=... models"')
    if len(models) != int(match["count"]):
        raise DataProblem(
            [f"{file.path}, line {line}: found {match['count']} models stated, expected {len(models)} as in "
             f"the pattern of their files"]
        )  # fmt: skip


def _authors(file: UpstreamFile) -> str:
    return line_of(file, _AUTHORS, "the paper's authors, *by ...*")[1]["authors"]


def _record_averages(file: UpstreamFile, audit: Audit) -> None:
    """The README's results are those of no single published file."""
    names = [
        f"{table.heading}, line {line}: {' | '.join(cells)}"
        for table in read_tables(file.text, file.path)
        if table.heading == "VTAB-1k results"
        for line, cells in table.rows
    ]
    explanation = (
        "Expected VTAB scores, averaged over the tasks and runs of one architecture: numbers of no single "
        "file, so they are no score of a model."
    )
    record_left_out(audit, SOURCE_ID, "averages-over-files-left-out", explanation, names)


def _runs(models: list[Row]) -> list[Row]:
    recipes: dict[str, list[str]] = defaultdict(list)
    for model in models:
        recipes[re.sub(r"-run\d+-", "-", model[MODELS.c.name])].append(model[MODELS.c.model_id])
    return [
        RELATIVES.row(
            model_a=a, model_b=b, relation="same-recipe-other-seed", source_id=SOURCE_ID, rule="run-in-name",
            ground="names that differ only in the run; the source says that each model was run three times",
        )
        for runs in recipes.values()
        for a, b in combinations(runs, 2)
    ]  # fmt: skip


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
