"""The protocols, as their files say, and how numbers are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.leaderboard.ranks import OVERLAP, OVERLAP_AUC, PAIRED
from sngen.schema import METRICS, ORIGINS, SCORES, TIERS

PATH = "methods.md"
#: Splits that mean more than their name.
SPLITS = {
    "train": "the images that the model was trained on",
    "members": "the training split, with the labels that the model was taught",
    "test": "the test split",
}


def methods_page(context: Context) -> Page:
    body = Body(PATH)
    body.add(
        "A protocol fixes data, sizes, settings, seeds and metrics of one family and has a version; a "
        "measured number names it. Changing what a number means makes a new version."
    )
    for protocol in context.protocols:
        _add_protocol(body, protocol, context)
    body.add("## Where numbers come from", _terms(ORIGINS))
    body.add("## Tiers", "Records of different tiers are never compared with each other.", _terms(TIERS))
    body.add(
        "## Comparing",
        "A table holds scores of one protocol version, one tier, the same images, the same n and the same "
        "version of the method's code; what is left out is counted and named below the table. Times are "
        "compared on one device with one number of threads only.",
        text(PAIRED),
        "Where that cannot be had:",
        text(OVERLAP),
        "For AUCs of membership attacks:",
        text(OVERLAP_AUC),
        "Proportions carry Wilson intervals at 95 %. Reported numbers are quoted as their source gives "
        "them, without intervals, and are not ranked.",
    )
    rows = [
        (
            f"<code>{name}</code>",
            text(metric.title),
            text(metric.description),
            text(metric.unit),
            text(metric.better),
        )
        for name, metric in METRICS.items()
    ]
    head = ("Metric", "Title", "Meaning", "Unit", "Better for the model's owner")
    body.add("## Metrics", plain_table("Metrics", head, rows))
    return body.page("Methods")


def _add_protocol(body: Body, protocol: Mapping[str, Any], context: Context) -> None:
    name = str(protocol["protocol"])
    used = sum(score[SCORES.c.protocol] == name for score in context.snapshot.scores)
    body.add(
        f"## {text(protocol['title'])}: protocol {text(name)}",
        text(protocol["summary"]),
        f"Seed {text(protocol['seed'])}; {used:,} numbers in this release.",
    )
    for method, settings in protocol["methods"].items():
        body.add(f"### Method {text(method)}", _settings(str(method), settings or {}, protocol["tiers"]))
    if protocol.get("datasets"):
        body.add("### Settings by dataset", _by_dataset(protocol["datasets"]))
    tiers = [_tier(name, tier) for name, tier in protocol["tiers"].items()]
    head = ("Tier", "Datasets", "Images", "Methods")
    body.add("### Data by tier", plain_table("Data by tier", head, tiers))
    if protocol.get("limits"):
        body.add("### Limits", "\n".join(f"- {text(limit)}" for limit in protocol["limits"]))


def _settings(method: str, settings: Mapping[str, Any], tiers: Mapping[str, Any]) -> str:
    """A method's settings, a column for every tier that has other ones."""
    own = {name: (tier.get("methods") or {}).get(method) or {} for name, tier in tiers.items()}
    overruling = {name: values for name, values in own.items() if values}
    names = [*settings, *(key for values in overruling.values() for key in values if key not in settings)]
    rows = [
        (
            f"<code>{text(name)}</code>",
            _value(settings[name]) if name in settings else "",
            *(_value(values[name]) if name in values else "as said" for values in overruling.values()),
        )
        for name in dict.fromkeys(names)
    ]
    head = ("Setting", "Value", *(f"At tier {text(name)}" for name in overruling))
    return plain_table(f"Settings of {text(method)}", head, rows) if rows else "It has no settings."


def _by_dataset(datasets: Mapping[str, Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for settings in datasets.values() for name in settings))
    rows = [
        (text(dataset), *(_value(settings[name]) if name in settings else "" for name in names))
        for dataset, settings in datasets.items()
    ]
    head = ("Dataset", *(f"<code>{text(name)}</code>" for name in names))
    return plain_table("Settings that depend on the dataset", head, rows)


def _value(value: Any) -> str:
    """A setting as it would be said: lists with commas, mappings as name = value."""
    if value is None:
        return "by dataset, see below"
    if isinstance(value, Mapping):
        return ", ".join(f"<code>{text(key)}</code> = {_value(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_value(inner) for inner in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"<code>{text(value)}</code>"


def _tier(name: str, tier: Mapping[str, Any]) -> tuple[str, str, str, str]:
    roles = "; ".join(f"{text(role)}: {text(_images(choice))}" for role, choice in tier["data"].items())
    methods = "all" if "methods" not in tier else ", ".join(text(method) for method in tier["methods"])
    return text(name), text(", ".join(tier["datasets"])), roles, methods


def _images(choice: Mapping[str, Any]) -> str:
    """Which images of a split a role has, in words."""
    split, first, skip = choice["split"], choice.get("first"), choice.get("skip", 0)
    meant = SPLITS.get(split, f"the split {split}")
    if first is None:
        return f"{meant} without its first {skip:,} images" if skip else f"all of {meant}"
    if skip:
        return f"images {skip + 1:,} to {skip + first:,} of {meant}"
    return f"the first {first:,} images of {meant}"


def _terms(words: Mapping[str, str]) -> str:
    return "\n".join(f"- **{text(name)}**: {text(meaning)}" for name, meaning in words.items())
