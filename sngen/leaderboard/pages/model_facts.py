"""What a model is, who published it, and where each fact comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.numbers import number
from sngen.leaderboard.page import key_values
from sngen.leaderboard.snapshot import Row
from sngen.schema import (
    ALIASES,
    COPY_KINDS,
    DATASETS,
    MODELS,
    NORMS,
    SOURCES,
    TASKS,
    WEIGHTS_KINDS,
)
from sngen.schema.vocabularies import TRAINED_SPLITS

_M = MODELS.c

#: What a licence covers, beside the licence.
_SCOPES = {
    "weights": "stated for the weights",
    "repository": "stated for the code repository, not for the weights",
    "dataset": "stated for the training data, not for the weights",
    "unknown": "the source does not say what it covers",
}


def identity(model: Row, dataset: Row | None, root: str) -> str:
    def of(column: str) -> str | None:
        return None if model[column] is None else text(model[column])

    return key_values(
        (
            ("Name in the source", of(_M.name)),
            ("Task", _explained(model[_M.task], TASKS)),
            ("Copy", _explained(model[_M.copy_kind], COPY_KINDS)),
            ("Architecture", of(_M.architecture)),
            ("Type", of(_M.model_type)),
            ("Parameters", _parameters(model)),
            ("Multiply-adds per image", _count(model[_M.macs])),
            ("Input (channels x height x width)", of(_M.input_size)),
            ("Crop", _number(model[_M.crop_fraction])),
            ("Interpolation", of(_M.interpolation)),
            ("Normalisation: mean", _numbers(model[_M.mean])),
            ("Normalisation: standard deviation", _numbers(model[_M.std])),
            ("Dataset", None if dataset is None else _dataset(dataset, root)),
            ("Classes", None if dataset is None else _count(dataset[DATASETS.c.num_classes])),
            ("Outputs", _count(model[_M.num_outputs])),
            ("Training images", _count(model[_M.training_size])),
            ("Of which images", _explained(model[_M.trained_split], TRAINED_SPLITS)),
            ("Why that is said", of(_M.trained_split_ground)),
            ("Trained on before", _list(model[_M.pretrained_on], ", then ")),
            ("Further training data", of(_M.extra_data)),
            ("Purpose", of(_M.purpose)),
            ("Part in research on security", of(_M.security_role)),
            ("Training", of(_M.training_kind)),
            ("Training in the source's words", of(_M.training_method)),
            ("Defended against", _threat(model)),
            ("Note", of(_M.note)),
        )
    )


def publication(model: Row) -> str:
    def of(column: str, shown: str = "{}") -> str | None:
        return None if model[column] is None else shown.format(text(model[column]))

    def address(column: str) -> str | None:
        return None if model[column] is None else link(model[column])

    kind = model[_M.publisher_type]
    inferred = " (our inference, not stated by the source)" if model[_M.weights_inferred] else ""
    return key_values(
        (
            ("Publisher", of(_M.publisher, "{}" + (f" ({text(kind)})" if kind else ""))),
            ("Countries", _list(model[_M.country])),
            ("Authors", of(_M.authors)),
            ("Number of authors", of(_M.num_authors)),
            ("Paper", of(_M.paper_title)),
            ("Venue", of(_M.venue)),
            ("Kind of venue", of(_M.venue_type)),
            ("Year", of(_M.year)),
            ("Paper's address", address(_M.paper_url)),
            ("Weights", _explained(model[_M.weights_kind], WEIGHTS_KINDS)),
            ("Weights' address", address(_M.weights_url)),
            ("Repository on the Hugging Face Hub", of(_M.weights_hub_id, "<code>{}</code>")),
            ("Revision of the weights", of(_M.weights_revision, "<code>{}</code>")),
            ("File", of(_M.weights_file, "<code>{}</code>" + inferred)),
            ("SHA-256", of(_M.weights_sha256, "<code>{}</code>")),
            ("Checksum stated by the publisher", of(_M.weights_checksum, "<code>{}</code>")),
            ("Bytes", _count(model[_M.weights_bytes])),
            ("Format", of(_M.weights_format)),
            ("Licence", license_words(model[_M.license], model[_M.license_scope])),
            ("Builder in this project", of(_M.loader, "<code>{}</code>") or "none: not loadable yet"),
        )
    )


def provenance(model: Row, context: Context) -> str:
    """The source, the place in it, and its own words where ours are normalised."""
    source = context.snapshot.sources[model[_M.source_id]]
    c = SOURCES.c
    file, row = model[_M.source_file] or source[c.file], model[_M.source_row]
    former = [
        f"<code>{text(row[ALIASES.c.alias])}</code> until {text(row[ALIASES.c.since])} "
        f"({text(row[ALIASES.c.reason])})"
        for row in context.snapshot.aliases_of.get(model[_M.model_id], ())
    ]
    return key_values(
        (
            ("Source", _linked(source[c.url], source[c.title])),
            ("Revision", f"<code>{text(source[c.revision])}</code>" if source[c.revision] else None),
            ("File", f"<code>{text(file)}</code>" if file else None),
            ("Line or row", None if row is None else f"{row:,}"),
            ("Licence of the facts", text(source[c.license]) if source[c.license] else None),
            ("In the source's words", _source_words(model[_M.source_words])),
            ("Former ids", ", ".join(former)),
        )
    )


def _source_words(value: str | None) -> str | None:
    """A JSON object as ``column: words`` pairs; anything else as it is."""
    if value is None:
        return None
    try:
        content = json.loads(value)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        return text(value)
    return "; ".join(f"<code>{text(name)}</code>: “{text(words)}”" for name, words in sorted(content.items()))


def license_words(name: str | None, scope: str | None) -> str:
    """The licence, and what it was stated for."""
    if name is None:
        return "unknown"
    return text(name) + (f" ({_SCOPES[scope]})" if scope in _SCOPES else "")


def _parameters(model: Row) -> str | None:
    if model[_M.parameters] is not None:
        return number(model[_M.parameters], "count")
    rounded = model[_M.parameters_rounded]
    return None if rounded is None else f"about {rounded:g} million, as the source rounds it"


def _threat(model: Row) -> str | None:
    norm, eps = model[_M.threat_norm], model[_M.threat_eps]
    if norm is None and eps is None:
        return None
    size = f" of at most {text(eps)} (pixels in &#91;0, 1&#93;)" if eps else ""
    named = f"{text(norm)} ({NORMS[norm]})" if norm in NORMS else text(norm or "any norm")
    return f"perturbations{size}, norm {named}"


def _explained(value: str | None, meanings: dict[str, str]) -> str | None:
    if value is None:
        return None
    return f"{text(value)}: {text(meanings[value])}" if value in meanings else text(value)


def _dataset(dataset: Row, root: str) -> str:
    address = f"{root}datasets/{text(dataset[DATASETS.c.dataset_id])}.html"
    return f'<a href="{address}">{text(dataset[DATASETS.c.name])}</a>'


def _linked(address: str | None, words: str) -> str:
    return text(words) if address is None else link(address, words)


def _count(value: float | None) -> str | None:
    return None if value is None else number(value, "count")


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _numbers(values: list[float] | None) -> str | None:
    return ", ".join(f"{value:g}" for value in values or ()) or None


def _list(values: list[str] | None, between: str = ", ") -> str | None:
    return between.join(text(value) for value in values or ()) or None


def task_words(model: Row, dataset: Row | None) -> Iterator[str]:
    """What the model is, in a few words for its first sentence; already escaped."""
    purpose, training, copy = model[_M.purpose], model[_M.training_kind], model[_M.copy_kind]
    yield f"{text(purpose)} model" if purpose else "model"
    if copy:
        yield f"{text(copy)} copy of weights published elsewhere"
    if training:
        yield f"{text(training)} training"
    if dataset is not None:
        yield f"classifies {text(dataset[DATASETS.c.name])}"
    elif model[_M.task] is not None:
        yield text(TASKS[model[_M.task]])
