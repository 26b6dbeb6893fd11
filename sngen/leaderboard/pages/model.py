"""The page of one model: what it is, where it comes from, every number, and how to use it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text, web_address
from sngen.leaderboard.numbers import number
from sngen.leaderboard.page import Body, Page, code_block, flags, key_values, model_link, plain_table
from sngen.leaderboard.pages.model_scores import measured_scores, reported_scores
from sngen.leaderboard.pages.model_standing import standing
from sngen.leaderboard.snapshot import Row
from sngen.schema import DATASETS, MODELS, RELATIONS, RELATIVES, SCORES, SOURCES

_M = MODELS.c


def path_of(model_id: str) -> str:
    return f"models/{model_id}.md"


def model_page(model: Row, context: Context) -> Page:
    model_id = model[_M.model_id]
    body = Body(path_of(model_id))
    dataset = context.snapshot.datasets[model[_M.dataset_id]]
    body.add(_lead(model, dataset))
    body.add(
        "## Identity", _identity(model, dataset), "## Publication and weights", _publication(model, context)
    )
    scores = context.snapshot.scores_of.get(model_id, [])
    body.add("## Measured by this project", measured_scores(scores, context))
    body.add("## Reported by publications", reported_scores(scores, context))
    body.add("## Standing", standing(model_id, context, body.root))
    body.add(*_flags(model, scores, context))
    body.add(*_relatives(model_id, context, body.root))
    body.add("## Use", code_block(use(model, dataset, context.snapshot.version)))
    body.add("## Cite", _cite(model, context))
    body.add("## Report a mistake", _report(model, context, body.root))
    return body.page(f"{model[_M.name]} ({dataset[DATASETS.c.name]})", searchable=False)


def _lead(model: Row, dataset: Row) -> str:
    purpose, training = model[_M.purpose], model[_M.training_kind]
    kind = f"{text(purpose)} model" if purpose else "model"
    trained = f", {text(training)} training" if training else ""
    name = text(dataset[DATASETS.c.name])
    return f"<p><code>{text(model[_M.model_id])}</code>: {kind}{trained}, classifies {name}.</p>"


def _identity(model: Row, dataset: Row) -> str:
    def of(column: str) -> str | None:
        return None if model[column] is None else text(model[column])

    return key_values(
        (
            ("Name in the source", of(_M.name)),
            ("Architecture", of(_M.architecture)),
            ("Type", of(_M.model_type)),
            ("Parameters", _count(model[_M.parameters])),
            ("Input (channels x height x width)", of(_M.input_size)),
            ("Normalisation: mean", _list(model[_M.mean])),
            ("Normalisation: standard deviation", _list(model[_M.std])),
            ("Dataset", _linked(dataset[DATASETS.c.homepage], dataset[DATASETS.c.name])),
            ("Classes", _count(dataset[DATASETS.c.num_classes])),
            ("Training images", _count(model[_M.training_size])),
            ("Purpose", of(_M.purpose)),
            ("Training", of(_M.training_kind)),
            ("Note", of(_M.note)),
        )
    )  # fmt: skip


def _publication(model: Row, context: Context) -> str:
    def of(column: str, shown: str = "{}") -> str | None:
        return None if model[column] is None else shown.format(text(model[column]))

    def address(column: str) -> str | None:
        return None if model[column] is None else link(model[column])

    source = context.snapshot.sources[model[_M.source_id]]
    inferred = " (our inference, not stated by the source)" if model[_M.weights_inferred] else ""
    return key_values(
        (
            ("Publisher", of(_M.publisher)),
            ("Country", of(_M.country)),
            ("Authors", of(_M.num_authors)),
            ("Venue", of(_M.venue)),
            ("Kind of venue", of(_M.venue_type)),
            ("Year", of(_M.year)),
            ("Paper", address(_M.paper_url)),
            ("Weights", address(_M.weights_url)),
            ("Revision", of(_M.weights_revision, "<code>{}</code>")),
            ("File", of(_M.weights_file, "<code>{}</code>" + inferred)),
            ("SHA-256", of(_M.weights_sha256, "<code>{}</code>")),
            ("Bytes", _count(model[_M.weights_bytes])),
            ("Format", of(_M.weights_format)),
            ("Licence of the weights", of(_M.license) or "unknown"),
            ("Builder in this project", of(_M.loader, "<code>{}</code>") or "none: not loadable yet"),
            ("Facts from", _source(source, model[_M.source_row])),
        )
    )


def _source(source: Row, row: int | None) -> str:
    c = SOURCES.c
    parts = [_linked(source[c.url], source[c.title])]
    parts += [f"revision <code>{text(source[c.revision])}</code>"] if source[c.revision] else []
    parts += [f"file <code>{text(source[c.file])}</code>"] if source[c.file] else []
    parts += [f"row {row}"] if row is not None else []
    parts += [f"licence {text(source[c.license])}"] if source[c.license] else []
    return ", ".join(parts)


def _flags(model: Row, scores: list[Row], context: Context) -> Iterable[str]:
    names = set(model[_M.flags] or ()) | {flag for score in scores for flag in score[SCORES.c.flags] or ()}
    if names:
        meanings = context.snapshot.flag_meanings
        items = "".join(
            f"<li>{flags([name])} "
            f"{text(meanings[name]) if name in meanings else 'no explanation in the audit report'}</li>"
            for name in sorted(names)
        )
        yield "## Flags"
        yield f"<p>A flag names an oddity; nothing is altered because of it.</p><ul>{items}</ul>"


def _relatives(model_id: str, context: Context, root: str) -> Iterable[str]:
    c = RELATIVES.c
    rows = []
    for pair in context.snapshot.relatives_of.get(model_id, ()):
        first = pair[c.model_a] == model_id
        other = pair[c.model_b] if first else pair[c.model_a]
        relation = (
            f"{text(pair[c.relation])} ({'this one is the first' if first else 'this one is the second'})"
        )
        rows.append(
            # By id: runs of one recipe share their name.
            (
                model_link(root, other, other),
                relation,
                text(RELATIONS[pair[c.relation]]),
                text(pair[c.ground]),
            )
        )
    if rows:
        yield "## Relatives"
        yield plain_table("Relatives", ("Model", "Relation", "Meaning", "Why this is said"), rows)


# Module, function, and the line that gives a safetensors file.
_PUBLISHED = (
    "sngen.zoo.weights",
    "safe_tensors",
    "tensors = safe_tensors(model, Settings.from_environment())  # the file must be on this machine",
)
_TRAINED = (
    "evaluations.reference.suite",
    "weights_for",
    'tensors, _ = weights_for(model["model_id"], Settings.from_environment())  # trains it where needed',
)


def use(model: Row, dataset: Row, version: str) -> str:
    """Python that loads the model's scores and, where this project can build it, the network itself."""
    model_id = str(model[_M.model_id])
    lines = [
        f"# release {version}; run this in the folder that holds the release folder 'securitynet'",
        "from datasets import load_dataset",
        "",
        'scores = load_dataset("securitynet", "scores", split="train").to_pandas()',
        f"print(scores[scores.model_id == {model_id!r}])",
    ]
    if model[_M.loader] is not None and dataset[DATASETS.c.num_classes] is not None:
        finder = _TRAINED if model[_M.weights_sha256] is None else _PUBLISHED
        lines += [
            "",
            "# the network itself: pixels in [0, 1] to logits",
            "from sngen.release.read import Release",
            "from sngen.settings import Settings",
            "from sngen.zoo.load import load_network",
            f"from {finder[0]} import {finder[1]}",
            "",
            'models = Release.open("securitynet").table("models")',
            f"model = models[models.model_id == {model_id!r}].iloc[0].to_dict()",
            finder[2],
            f"network = load_network(model, tensors, num_classes={dataset[DATASETS.c.num_classes]})",
        ]
    return "\n".join(lines)


def _cite(model: Row, context: Context) -> str:
    snapshot = context.snapshot
    key = "".join(c if c.isalnum() else "-" for c in str(model[_M.model_id]))
    fields = [
        ("title", model[_M.name]),
        ("year", model[_M.year]),
        ("howpublished", web_address(model[_M.paper_url]) or web_address(model[_M.weights_url])),
        ("note", f"{model[_M.model_id]} in SecurityNet {snapshot.version}, sha256:{snapshot.fingerprint}"),
    ]
    entry = ",\n".join(f"  {name} = {{{_bibtex(value)}}}" for name, value in fields if value is not None)
    return code_block(f"@misc{{{key},\n{entry}\n}}")


def _bibtex(value: Any) -> str:
    """A field's value: braces and backslashes would end it or start a command."""
    kept = "".join(" " if c in "{}\\" or ord(c) < 32 else c for c in str(value).replace("&amp;", "&"))
    return "".join(f"\\{c}" if c in "%#$&_" and "://" not in kept else c for c in kept)


def _report(model: Row, context: Context, root: str) -> str:
    where = f'<a href="{root}contribute.html">How to report a mistake</a>'
    if context.repository_url is None:
        return f"<p>{where}; name the model id or the score id.</p>"
    query = urlencode({"template": "correction.yml", "title": f"Correction: {model[_M.model_id]}"})
    address = f"{context.repository_url.rstrip('/')}/issues/new?{query}"
    return f"<p>{link(address, 'Open a correction for this model')}. {where}.</p>"


def _linked(address: str | None, words: str) -> str:
    return text(words) if address is None else link(address, words)


def _count(value: int | None) -> str | None:
    return None if value is None else number(value, "count")


def _list(values: list[float] | None) -> str | None:
    return None if values is None else ", ".join(f"{value:g}" for value in values)
