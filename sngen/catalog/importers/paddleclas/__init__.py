"""PaddleClas, the image classifiers of PaddlePaddle: the list of ImageNet models, in Chinese, one table per
series of networks. Models distilled by the publisher's method SSLD stand in tables of their own before, most
of them a second time in the table of their series.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.paddleclas.cleaning import (
    FLAGS,
    FRACTION_RULES,
    RULES,
    check_repeated,
    report_columns,
)
from sngen.catalog.importers.paddleclas.listing import read_listing
from sngen.catalog.importers.paddleclas.merging import merge_repeated
from sngen.catalog.importers.paddleclas.tables import (
    LICENSE,
    MODEL_LIST,
    REPOSITORY,
    SOURCE_ID,
    TITLE,
    model_rows,
    score_rows,
)
from sngen.catalog.reported import source_row
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES, SOURCES


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, clean, merge, flag. Raises ``DataProblem`` with everything that is not as expected."""
    listing = read_listing(upstream.only())
    audit = Audit()
    apply_rules(FRACTION_RULES, listing.rows, MODELS.name, audit)
    models, problems = merge_repeated(listing.rows)
    if problems:
        raise DataProblem(problems)
    apply_rules(RULES, models, MODELS.name, audit)
    apply_flags(FLAGS, models, MODELS.name, audit)
    check_repeated(models, audit)
    report_columns(listing, models, audit)

    source = source_row(
        SOURCE_ID, upstream, MODEL_LIST, title=TITLE, url=REPOSITORY, license=LICENSE, citation=None
    )
    tables = {
        SOURCES.name: [source],
        MODELS.name: model_rows(models, vocabulary),
        SCORES.name: score_rows(models),
    }
    return Imported(tables, audit.entries)


IMPORTER = Importer(TITLE, REPOSITORY, (MODEL_LIST,), convert)
