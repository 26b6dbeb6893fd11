"""PULC, small classifiers of PaddleClas for nine everyday questions, as the English list has them.

The list gives names, numbers and addresses; below it stands which number is of which metric. Each model has a
page of its own, in English and in Chinese, which says what data it was made from and at which false positive
rate it was evaluated.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.paddleclas_pulc.cleaning import FLAGS, RULES, compare_lists
from sngen.catalog.importers.paddleclas_pulc.listing import CHINESE_LIST, LIST, read_chinese_list, read_list
from sngen.catalog.importers.paddleclas_pulc.pages import CHINESE_PAGES, PAGES, add_pages
from sngen.catalog.importers.paddleclas_pulc.tables import (
    LICENSE,
    REPOSITORY,
    SOURCE_ID,
    TITLE,
    model_rows,
    score_rows,
)
from sngen.catalog.reported import source_row
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

FILES = (LIST, PAGES, CHINESE_LIST, CHINESE_PAGES)


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, join, flag, compare. Raises ``DataProblem`` with everything that is not as expected."""
    lookup = Lookup(vocabulary, [])
    models = read_list(upstream.files[LIST], lookup)
    chinese = read_chinese_list(upstream.files[CHINESE_LIST], lookup.problems)
    lookup.problems += add_pages(models, upstream)
    lookup.refuse()

    audit = Audit()
    apply_rules(RULES, models, MODELS.name, audit)
    apply_flags(FLAGS, models, MODELS.name, audit)
    compare_lists(models, chinese, audit)

    source = source_row(
        SOURCE_ID, upstream, ", ".join(FILES), title=TITLE, url=REPOSITORY, license=LICENSE, citation=None
    )
    tables = {
        SOURCES.name: [source],
        MODELS.name: model_rows(models, vocabulary),
        SCORES.name: score_rows(models),
    }
    return Imported(tables, audit.entries)


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
