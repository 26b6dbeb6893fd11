"""timm (PyTorch Image Models): every pretrained entry of the registry, with the project's own evaluations.

The registry is that of the installed package; the evaluations are ``results/results-*.csv`` of the
repository at the revision that is given. Not read: ``results-imagenet-a-clean.csv`` and
``results-imagenet-r-clean.csv`` (ImageNet-1k restricted to 200 classes), and the speed benchmarks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.timm.checks import check_results, flag_lone, left_out, without_clean
from sngen.catalog.importers.timm.parameters import count_parameters, last_counts
from sngen.catalog.importers.timm.registry import Entry, read_registry
from sngen.catalog.importers.timm.results import FILES, Result, read_results
from sngen.catalog.importers.timm.rules import FLAGS, RULES, source_rows_of
from sngen.catalog.importers.timm.tables import (
    REPOSITORY,
    SOURCE_ID,
    TITLE,
    model_row,
    provenance,
    score_rows,
)
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """The registry of the installed timm with the upstream's results. Takes a minute or two where the
    networks' parameters have to be counted, seconds where the catalogue that the vocabulary is part of has
    the counts of this version of timm."""
    registry, package = read_registry()
    version = f"timm {package.revision} (registry)"
    names = {entry.name for entry in registry}
    parameters = last_counts(vocabulary.folder.parent / SOURCE_ID, version)
    parameters |= count_parameters(names - set(parameters))
    both = Upstream(
        f"{version}, {upstream.revision} (results)", None, {**upstream.files, **package.files}
    )  # fmt: skip
    return combine(registry, parameters, read_results(upstream), both, vocabulary)


def combine(
    registry: Sequence[Entry], parameters: Mapping[str, int], results: Sequence[Result],
    upstream: Upstream, vocabulary: Vocabulary,
) -> Imported:  # fmt: skip
    """Tables and audit. ``parameters`` are by name; ``upstream`` is for the
    row of the table sources. Raises ``DataProblem`` with everything that is not as expected."""
    lookup = Lookup(vocabulary, [])
    rows = source_rows_of(registry, parameters, lookup)
    lookup.refuse()
    audit = Audit()
    apply_rules(RULES, rows, MODELS.name, audit)
    apply_flags(FLAGS, rows, MODELS.name, audit)
    named = {str(row["name"]): row for row in rows}
    known = [result for result in results if result.model in named]
    left_out((result for result in results if result.model not in named), audit)
    check_results(known, named, audit)
    lone = without_clean(known)
    scores = [
        score
        for result in known
        for score in score_rows(result, named[result.model], no_clean=(result.model, result.size) in lone)
    ]
    flag_lone(scores, audit)
    tables = {
        SOURCES.name: [provenance(upstream)],
        MODELS.name: [model_row(row, vocabulary) for row in rows],
        SCORES.name: scores,
    }
    return Imported(tables, audit.entries)


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)

__all__ = ["IMPORTER", "SOURCE_ID", "combine", "convert"]
