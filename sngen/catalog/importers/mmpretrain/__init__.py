"""MMPreTrain, OpenMMLab's toolbox for pre-training: one ``metafile.yml`` per method lists its checkpoints.

Classifiers and the checkpoints of pre-training without a result are taken; models that caption, retrieve or
answer questions are not.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.mmpretrain.cleaning import FLAGS, RULES, report_numbers
from sngen.catalog.importers.mmpretrain.metafiles import SOURCE_ID, read_metafiles
from sngen.catalog.importers.mmpretrain.selection import choose_models
from sngen.catalog.importers.mmpretrain.tables import REPOSITORY, TITLE, model_rows, score_rows
from sngen.catalog.reported import source_row
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, SCORES, SOURCES

METAFILES = "configs/**/metafile.yml"


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, choose, clean, flag. Raises ``DataProblem`` with everything that is not as expected."""
    lookup = Lookup(vocabulary, [])
    entries = read_metafiles(upstream, lookup.problems)
    audit = Audit()
    models = choose_models(entries, lookup, audit)
    lookup.refuse()

    apply_rules(RULES, models, MODELS.name, audit)
    apply_flags(FLAGS, models, MODELS.name, audit)
    report_numbers(models, audit)

    source = source_row(
        SOURCE_ID, upstream, METAFILES, title=TITLE, url=REPOSITORY, license="Apache-2.0", citation=None
    )
    tables = {
        SOURCES.name: [source],
        MODELS.name: model_rows(models, vocabulary),
        SCORES.name: score_rows(models),
    }
    return Imported(tables, audit.entries)


IMPORTER = Importer(TITLE, REPOSITORY, (METAFILES,), convert)
