"""pytorchcv, the PyTorch part of imgclsmob: classifiers by Oleg Sémery, one table per dataset in its README.

The README holds the numbers; the list in ``model_store.py`` holds the files, their checksums and the input
sizes. It is parsed as text and never executed. A row of the README names its entry of the list in the
address of its training log.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.pytorchcv.cleaning import FLAGS, LAST_RULES, RULES
from sngen.catalog.importers.pytorchcv.readme import read_models
from sngen.catalog.importers.pytorchcv.reporting import check_numbers, report_left_out
from sngen.catalog.importers.pytorchcv.store import read_store
from sngen.catalog.importers.pytorchcv.tables import (
    README,
    REPOSITORY,
    SOURCE_ID,
    STORE,
    TITLE,
    model_rows,
    score_rows,
)
from sngen.catalog.reported import source_row
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

FILES = (README, STORE)


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read both files, join, clean, flag, check. Raises ``DataProblem`` with everything that is odd."""
    lookup = Lookup(vocabulary, [])
    store = read_store(upstream.files[STORE])
    listing = read_models(upstream.files[README], store, lookup)
    lookup.refuse()

    audit = Audit()
    report_left_out(listing, audit)
    apply_rules(RULES, listing.models, MODELS.name, audit)
    apply_flags(FLAGS, listing.models, MODELS.name, audit)
    apply_rules(LAST_RULES, listing.models, MODELS.name, audit)
    check_numbers(listing.models, audit)

    source = source_row(
        SOURCE_ID, upstream, ", ".join(FILES), title=TITLE, url=REPOSITORY, license="MIT", citation=None
    )
    tables = {
        SOURCES.name: [source],
        MODELS.name: model_rows(listing.models, vocabulary),
        SCORES.name: score_rows(listing.models),
    }
    return Imported(tables, audit.entries)


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
