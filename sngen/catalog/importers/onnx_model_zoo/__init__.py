"""The ONNX model zoo: validated image classifiers in ONNX format, most in several opsets, many quantised.

Names, results and licences are those of the folders' READMEs; checksums, sizes and shapes those of the hub's
manifest. Every file is a copy of weights that were trained in another framework.
"""

from __future__ import annotations

from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.onnx_model_zoo.auditing import audit_entries
from sngen.catalog.importers.onnx_model_zoo.manifest import read_manifest
from sngen.catalog.importers.onnx_model_zoo.oddities import LEFT_OUT
from sngen.catalog.importers.onnx_model_zoo.readmes import read_folder
from sngen.catalog.importers.onnx_model_zoo.tables import (
    FILES,
    MANIFEST,
    REPOSITORY,
    ROOT,
    TITLE,
    Network,
    model_row,
    networks,
    relative_rows,
    score_rows,
    source_rows,
)
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, RELATIVES, SCORES, SOURCES


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per file that a README lists. Raises ``DataProblem`` with all that is not as expected."""
    lookup = Lookup(vocabulary, [])
    manifest = read_manifest(upstream.files[MANIFEST])
    not_taken = {folder for _, folders in LEFT_OUT.values() for folder in folders}
    found: list[Network] = []
    for path, file in upstream.files.items():
        if path in (ROOT, MANIFEST) or path.split("/")[-2] in not_taken:
            continue
        folder = read_folder(file, lookup.problems)
        if folder is not None:
            notice = upstream.files[ROOT].text
            found += networks(folder, manifest, notice, lookup.problems)
    models = [model_row(network, lookup) for network in found]
    scores = [score for network in found for score in score_rows(network, lookup)]
    lookup.refuse()
    tables = {
        SOURCES.name: source_rows(upstream), MODELS.name: models, SCORES.name: scores,
        RELATIVES.name: relative_rows(found),
    }  # fmt: skip
    return Imported(tables, audit_entries(found, models, scores))


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
