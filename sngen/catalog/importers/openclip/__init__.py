"""OpenCLIP: contrastive image-text models and their zero-shot results on 38 datasets.

G. Ilharco et al., OpenCLIP, doi:10.5281/zenodo.5143773. The results are those of DataComp's evaluation
(S. Gadre et al. 2023, arXiv:2304.14108), one column per dataset; three sets are retrieval and are left out.
"""

from __future__ import annotations

from typing import Any

from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.openclip.auditing import audit_entries
from sngen.catalog.importers.openclip.registry import find, read_registry
from sngen.catalog.importers.openclip.results import read_image_size, read_results, read_towers
from sngen.catalog.importers.openclip.tables import (
    CONSTANTS,
    FILES,
    PRETRAINED,
    PROFILE,
    REPOSITORY,
    RESULTS,
    TITLE,
    Listed,
    config_path,
    model_row,
    relative_rows,
    score_rows,
    source_rows,
)
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Lookup, Vocabulary
from sngen.schema import MODELS, RELATIVES, SCORES, SOURCES


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """One model per row of the results. Raises ``DataProblem`` with all that is not as expected."""
    registry = read_registry(upstream.files[PRETRAINED], upstream.files[CONSTANTS])
    lookup = Lookup(vocabulary, [])
    listed = []
    towers = read_towers(upstream.files[PROFILE])
    for result in read_results(upstream.files[RESULTS], lookup.problems):
        place = f"{RESULTS}, line {result.line}"
        weights = find(registry, result.name, result.tag)
        config = upstream.files.get(config_path(result.name))
        if weights is None:
            expected = f"a name and tag that {PRETRAINED} registers"
            lookup.problems.append(f"{place}: found {result.name} with {result.tag}, expected {expected}")
        elif config is None:
            lookup.problems.append(f"{place}: found {result.name}, expected a model that has a configuration")
        else:
            size = read_image_size(config, lookup.problems)
            listed.append(Listed(result, weights, size, towers.get(result.name)))
    models = [model_row(one, lookup) for one in listed]
    scores: list[dict[str, Any]] = [score for one in listed for score in score_rows(one, lookup)]
    lookup.refuse()
    tables = {
        SOURCES.name: source_rows(upstream), MODELS.name: models, SCORES.name: scores,
        RELATIVES.name: relative_rows(listed),
    }  # fmt: skip
    return Imported(tables, audit_entries(listed, registry, models, scores))


IMPORTER = Importer(TITLE, REPOSITORY, FILES, convert)
