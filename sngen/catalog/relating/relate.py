"""All that is found by looking at several sources at once: the source ``relatives`` of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sngen.catalog.audit import Audit, touched
from sngen.catalog.disagreements import compare_sources, record_disagreements
from sngen.catalog.importers import Imported
from sngen.catalog.relating import (
    architectures,
    equal_accuracy,
    same_file,
    same_names,
    same_publication,
    seeds,
    torchvision_weights,
    training_chain,
)
from sngen.catalog.relating.checks import check_numbers
from sngen.catalog.relating.distinct import copies, distinct_weights
from sngen.catalog.relating.facts import Facts, Model
from sngen.catalog.relating.rules import RelationRule, apply_rules
from sngen.catalog.store import DERIVED, Tables
from sngen.schema import DATASETS, MODELS, RELATIVES, SCORES, SOURCES

SOURCE_ID = DERIVED
TITLE = "Relations found by rule across sources"

#: The strongest evidence first: a pair is said once, by the first rule that finds it.
RULES: tuple[RelationRule, ...] = (
    same_file.same_checksum,
    same_file.same_file_address,
    same_file.converted_from_named_file,
    same_file.same_hub_repository,
    torchvision_weights.loads_torchvision_weights,
    torchvision_weights.torchvision_tag,
    same_names.name_and_dataset,
    same_names.checkpoint_file_name,
    equal_accuracy.equal_clean_and_autoattack_accuracy,
    equal_accuracy.same_paper_architecture_and_clean_accuracy,
    same_publication.same_paper_architecture_and_threat_model,
    same_file.later_epoch,
    training_chain.tag_extends_tag,
    training_chain.named_as_downstream,
    training_chain.fine_tuned_clip,
    seeds.names_differ_in_seed,
    architectures.same_named_architecture,
    architectures.same_builder,
    architectures.architecture_in_file_name,
)


SLIP = (
    "The source names a repository of a model hub that is named for another file than the one it links to, "
    "and names the same repository for that other file too. No relation is derived from it."
)
SHARED = (
    "The source gives one address for models of different datasets, architecture families or accuracies: it "
    "leads to more than one model, or is a slip. No relation is derived from it."
)


def relate(tables: Tables, rules: Sequence[RelationRule] = RULES) -> Imported:
    """Relatives among ``tables``, which are the catalogue's without this source, and checks of their scores
    against each other. The audit names every rule, how many pairs it found, and every exception."""
    facts = Facts(tables[MODELS.name], tables[SCORES.name])
    rows, counts = apply_rules(rules, facts, tables[RELATIVES.name], SOURCE_ID)
    source: dict[str, Any] = SOURCES.row(source_id=SOURCE_ID, title=TITLE)
    audit = Audit()
    for rule in rules:
        words = f"{rule.explanation} Relation {rule.relation}; {counts[rule.name]:,} pairs."
        audit.open(rule.name, "derivation", words, RELATIVES.name, RELATIVES.c.relation)
    _flag(audit, "hub-repository-of-another-file", SLIP, MODELS.c.weights_hub_id, same_file.slips(facts))
    _flag(audit, "address-of-several-models", SHARED, MODELS.c.weights_url, same_file.shared_addresses(facts))
    distinct = distinct_weights([*tables[RELATIVES.name], *rows], copies(tables[MODELS.name]))
    record_disagreements(compare_sources(tables[SCORES.name], distinct), audit)
    check_numbers(tables[SCORES.name], tables[DATASETS.name], audit)
    return Imported({SOURCES.name: [source], RELATIVES.name: rows}, audit.entries)


def _flag(audit: Audit, name: str, words: str, column: str, models: Iterable[Model]) -> None:
    found = audit.open(name, "flag", words, MODELS.name, column)
    found.extend(touched(model[MODELS.c.model_id], model[column], model[column]) for model in models)
