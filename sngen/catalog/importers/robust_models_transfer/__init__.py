"""microsoft/robust-models-transfer: 67 ImageNet networks trained against bounds of all sizes, and how well
they transfer to twelve other datasets.

H. Salman et al., "Do Adversarially Robust ImageNet Models Transfer Better?", NeurIPS 2020. ``README.md`` has
the networks with their standard accuracy, ``best_params_per_dataset_per_arch.md`` the best transfer of each
architecture.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.robust_models_transfer.models import (
    FLAGS,
    PAPER_TITLE,
    README,
    RULES,
    SOURCE_ID,
    model_row,
    model_scores,
    read_models,
)
from sngen.catalog.importers.robust_models_transfer.transfer import (
    BEST,
    TRANSFER_FLAGS,
    read_transfers,
    transfer_score,
)
from sngen.catalog.reported import source_row
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

REPOSITORY = "https://github.com/microsoft/robust-models-transfer"
CITATION = (
    "Hadi Salman, Andrew Ilyas, Logan Engstrom, Ashish Kapoor, Aleksander Madry. "
    f"{PAPER_TITLE} NeurIPS, 2020."
)
FILES = (README, BEST)


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, clean, flag. Raises ``DataProblem`` with everything that is not as expected."""
    lookup = Lookup(vocabulary, [])
    models = read_models(upstream.files[README], lookup)
    ids = {row.row_id for row in models}
    transfers = read_transfers(upstream.files[BEST], ids, lookup)
    lookup.refuse()

    audit = Audit()
    apply_rules(RULES, models, MODELS.name, audit)
    apply_flags(FLAGS, models, MODELS.name, audit)
    apply_flags(TRANSFER_FLAGS, transfers, SCORES.name, audit)
    source = source_row(
        SOURCE_ID, upstream, ", ".join(FILES), title=PAPER_TITLE, url=REPOSITORY, license="MIT",
        citation=CITATION,
    )  # fmt: skip
    scores = [score for row in models for score in model_scores(row)]
    tables = {
        SOURCES.name: [source],
        MODELS.name: [model_row(row, lookup) for row in models],
        SCORES.name: scores + [transfer_score(row) for row in transfers],
    }
    lookup.refuse()
    return Imported(tables, audit.entries)


IMPORTER = Importer(PAPER_TITLE, REPOSITORY, FILES, convert)
