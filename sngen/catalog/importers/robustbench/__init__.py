"""RobustBench: leaderboards of defences on CIFAR-10, CIFAR-100 and ImageNet, and a zoo of their weights.

F. Croce et al., "RobustBench: a standardized adversarial robustness benchmark", NeurIPS Datasets and
Benchmarks 2021. One JSON file per model (``model_info``), the checkpoints in the Python files of
``robustbench/model_zoo``, the weights' licences in ``LICENSE``. The tables of accuracies per single
corruption (``unaggregated_results*.csv``) are not read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.robustbench.cleaning import CHECKPOINT, RULES
from sngen.catalog.importers.robustbench.entries import (
    DATASET_FOLDER,
    FOLDER,
    KEY,
    SOURCE_ID,
    THREAT,
    read_entries,
)
from sngen.catalog.importers.robustbench.licenses import Licenses, read_licenses
from sngen.catalog.importers.robustbench.oddities import (
    FLAGS,
    IN_ZOO,
    SEVERAL_FILES,
    check_same_checkpoint,
    check_zoo,
)
from sngen.catalog.importers.robustbench.tables import (
    CITATION,
    LICENSE_WORDS,
    REPOSITORY,
    TITLE_OF_SOURCE,
    model_rows,
    score_rows,
    unknown_venues,
)
from sngen.catalog.importers.robustbench.zoo import ZOO, Checkpoint, ZooKey, read_zoo
from sngen.catalog.reported import source_row
from sngen.catalog.rules import SourceRow, apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

LICENSE = "LICENSE"
FILES = (f"{FOLDER}/**/*.json", f"{ZOO}/*.py", f"{ZOO}/architectures/*.py", LICENSE)


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, clean, flag, check. Raises ``DataProblem`` with everything that is not as expected."""
    lookup = Lookup(vocabulary, [])
    rows, stated, problems = read_entries(upstream.files, lookup)
    zoo, zoo_problems = read_zoo(upstream.files)
    licenses, license_problems = read_licenses(upstream.files[LICENSE], lookup)
    lookup.problems += problems + zoo_problems + license_problems
    if licenses is None or lookup.problems:
        lookup.refuse()
        raise AssertionError("a LICENSE that cannot be read is a problem")
    checkpoints = _join(rows, zoo, licenses)

    audit = Audit()
    apply_rules(RULES, rows, MODELS.name, audit)
    unknown_venues(rows, lookup)
    lookup.refuse()
    apply_flags(FLAGS, rows, MODELS.name, audit)
    check_same_checkpoint(rows, audit)
    check_zoo(rows, zoo, licenses, vocabulary, audit)

    source = source_row(
        SOURCE_ID, upstream, ", ".join(FILES), title=TITLE_OF_SOURCE, url=REPOSITORY, license="MIT",
        citation=CITATION,
    )  # fmt: skip
    tables = {
        SOURCES.name: [source],
        MODELS.name: model_rows(rows, stated, checkpoints, vocabulary),
        SCORES.name: score_rows(rows),
    }
    return Imported(tables, audit.entries)


def _join(
    rows: Sequence[SourceRow], zoo: Mapping[ZooKey, Checkpoint], licenses: Licenses
) -> dict[str, Checkpoint]:
    """Put into each row what the zoo and the licences say of it; the checkpoints by row id."""
    checkpoints = {}
    for row in rows:
        checkpoint = zoo.get((row[DATASET_FOLDER], row[THREAT], row[KEY]))
        row.values[IN_ZOO] = checkpoint is not None
        if checkpoint is None:
            continue
        checkpoints[row.row_id] = checkpoint
        row.values[CHECKPOINT] = ";".join(checkpoint.drive_ids) or checkpoint.loader
        row.values[SEVERAL_FILES] = len(checkpoint.drive_ids)
        named = licenses.of(row[MODELS.c.dataset_id], row[THREAT], row[KEY])
        row.values[MODELS.c.license], row.values[LICENSE_WORDS] = named
    return checkpoints


IMPORTER = Importer(TITLE_OF_SOURCE, REPOSITORY, FILES, convert)
