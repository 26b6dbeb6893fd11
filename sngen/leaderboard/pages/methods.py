"""The protocols, as their files say, and how numbers are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import text
from sngen.leaderboard.page import Body, Page, plain_table
from sngen.leaderboard.ranks import OVERLAP, PAIRED
from sngen.schema import METRICS, ORIGINS, SCORES, TIERS

PATH = "methods.md"


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
        rows = [
            (f"<code>{text(key)}</code>", f"<code>{text(value)}</code>")
            for key, value in (settings or {}).items()
        ]
        body.add(
            f"### Method {text(method)}",
            plain_table(f"Settings of {text(method)}", ("Setting", "Value"), rows),
        )
    tiers = [_tier(name, tier) for name, tier in protocol["tiers"].items()]
    body.add("### Data by tier", plain_table("Data by tier", ("Tier", "Datasets", "Images"), tiers))
    if protocol.get("limits"):
        body.add("### Limits", "\n".join(f"- {text(limit)}" for limit in protocol["limits"]))


def _tier(name: str, tier: Mapping[str, Any]) -> tuple[str, str, str]:
    roles = "; ".join(
        f"{text(role)}: {text(', '.join(f'{key} {value}' for key, value in choice.items()))}"
        for role, choice in tier.get("data", {}).items()
    )
    return text(name), text(", ".join(tier.get("datasets", ()))), roles


def _terms(words: Mapping[str, str]) -> str:
    return "\n".join(f"- **{text(name)}**: {text(meaning)}" for name, meaning in words.items())
