"""The data contract: every table, column, type, unit, allowed value, key and reference.

Code that reads or writes a table takes its column names from here (``SCORES.c.value``), validation reads
its rules from here, and the dataset card and the site's data dictionary are generated from here.

Conventions: unknown is null, fractions lie in [0, 1], perturbation sizes are in pixel space with pixels in
[0, 1], dates are ISO 8601 text, identifiers are ``source/name`` in lower case and never reused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "float", "bool", "bytes", "texts", "ints", "floats"]

ID_PATTERN = r"[a-z0-9][a-z0-9._+-]*(/[a-z0-9][a-z0-9._+-]*)*"
SHA256_PATTERN = r"[0-9a-f]{64}"
URL_PATTERN = r"https?://[^\s<>\"']+"
DATE_PATTERN = r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?"
PROTOCOL_PATTERN = r"[a-z]+/[1-9]\d*"


@dataclass(frozen=True)
class Column:
    """One column. ``kind`` ending in "s" (texts, ints, floats) is a list; bounds are inclusive."""

    name: str
    kind: Kind
    description: str
    unit: str | None = None
    required: bool = False
    allowed: tuple[str, ...] | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    references: str | None = None

    @property
    def is_list(self) -> bool:
        return self.kind in {"texts", "ints", "floats"}

    @property
    def expectation(self) -> str:
        """What a cell of this column must be, in words, for errors and the data dictionary."""
        kinds = {
            "text": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
            "bytes": "bytes", "texts": "a list of texts", "ints": "a list of whole numbers",
            "floats": "a list of numbers",
        }  # fmt: skip
        words = kinds[self.kind]
        if self.allowed is not None:
            words = "one of " + ", ".join(self.allowed)
        if self.minimum is not None and self.maximum is not None:
            words += f" in [{self.minimum:g}, {self.maximum:g}]"
        elif self.minimum is not None:
            words += f" of at least {self.minimum:g}"
        if self.pattern is not None:
            words += f" matching {self.pattern}"
        if self.references is not None:
            words += f", an id of the table {self.references}"
        return words + ("" if self.required else ", or null")


class _Names:
    """Attribute access to a table's column names; a misspelt one raises at once."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)

    def __getattr__(self, name: str) -> str:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"no column {name!r}; columns are {', '.join(sorted(self._names))}")
        return name


class Table:
    """One table (dataset config): a name, what a row is, a primary key and columns."""

    def __init__(self, name: str, row: str, key: tuple[str, ...], columns: tuple[Column, ...]) -> None:
        self.name, self.row_is, self.key, self.columns = name, row, key, columns
        self.by_name = {column.name: column for column in columns}
        self.names = tuple(self.by_name)
        self.c = _Names(self.names)
        missing = [part for part in key if part not in self.by_name]
        if missing or len(self.by_name) != len(columns):
            raise ValueError(f"table {name}: bad key {missing} or a column named twice")

    def row(self, **values: Any) -> dict[str, Any]:
        """A complete row: given values, null elsewhere. Raises ``KeyError`` for an unknown column."""
        unknown = sorted(set(values) - set(self.by_name))
        if unknown:
            raise KeyError(f"table {self.name} has no column {', '.join(unknown)}")
        return {name: values.get(name) for name in self.names}

    def key_of(self, row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[part] for part in self.key)

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __repr__(self) -> str:
        return f"Table({self.name!r}, {len(self.columns)} columns)"


# --- Vocabularies ---------------------------------------------------------------------------------------

FAMILIES = {
    "utility": "Utility",
    "adversarial": "Adversarial examples",
    "membership": "Membership inference",
    "stealing": "Model stealing",
    "backdoor": "Backdoor detection",
}
ORIGINS = {
    "measured": "computed by this project's programs; the record says how",
    "reported": "stated by a publication; the source, revision and its own column name are given",
}
TIERS = {
    "reference": "the embedded suite of small models on a small real dataset, run on every machine",
    "cpu": "real small checkpoints, minutes per model and family on two cores",
    "gpu": "the scale of the original study",
}
PURPOSES = ("benchmark", "security", "other", "control")
TRAINING_KINDS = (
    "standard", "adversarial", "certified", "backdoored", "private", "compressed", "overfitted",
    "without-members", "stolen",
)  # fmt: skip
RELATIONS = {
    "same-weights": "the very same parameter values",
    "same-recipe-other-seed": "one training recipe, run again with another seed",
    "fine-tuned-from": "the first was trained further from the second",
    "same-architecture": "equal architecture, trained independently",
    "clean-twin": "same architecture, seed and budget; the first without the planted backdoor",
}
VERDICTS = {
    "supported": "the confidence interval lies wholly on the claimed side of zero",
    "contradicted": "the confidence interval lies wholly on the other side of zero",
    "undecided": "the confidence interval contains zero",
    "not-testable": "too few models, or one of the two quantities is constant",
}


@dataclass(frozen=True)
class Metric:
    """What a score's value means. ``better`` is "higher", "lower" or "neither", from the model owner's side.

    ``repeats`` says what another run gives: "exactly" the same value, or one that varies with the machine.
    """

    name: str
    title: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    description: str
    minimum: float | None = 0.0
    maximum: float | None = 1.0
    repeats: Literal["exactly", "with-machine"] = "exactly"


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", "Accuracy", "fraction", "higher", "Share of images whose top-1 label is right."),
        Metric(
            "overfitting_level", "Overfitting level", "fraction", "lower",
            "Train accuracy minus test accuracy, signed.", -1.0, 1.0,
        ),
        Metric(
            "expected_calibration_error", "Calibration error", "fraction", "lower",
            "Expected calibration error: mean |confidence - accuracy| over 15 equal-width confidence bins, "
            "weighted by the bins' sizes (Guo et al. 2017, arXiv:1706.04599).",
        ),
        Metric(
            "mean_confidence", "Clean confidence", "fraction", "neither",
            "Mean probability of the predicted class on clean images.",
        ),
        Metric("parameters", "Parameters", "count", "neither", "Number of parameters.", 0.0, None),
        Metric(
            "forward_time", "Forward time", "s", "lower",
            "Median wall time of one image's forward pass, in batches.", 0.0, None, "with-machine",
        ),
        Metric(
            "stealing_accuracy", "Stealing accuracy", "fraction", "lower",
            "Test accuracy of the surrogate that was trained on the target's answers.",
        ),
        Metric(
            "stealing_agreement", "Stealing agreement", "fraction", "lower",
            "Share of test images on which surrogate and target give the same label (fidelity).",
        ),
        Metric(
            "auc", "AUC", "fraction", "lower",
            "Area under the ROC curve of the attack's member score; 0.5 is chance.",
        ),
    )
}  # fmt: skip


# --- Tables ---------------------------------------------------------------------------------------------

SOURCES = Table(
    "sources",
    "one place that facts were taken from",
    ("source_id",),
    (
        Column("source_id", "text", "Identifier of the source.", required=True, pattern=ID_PATTERN),
        Column("title", "text", "What the source is called.", required=True),
        Column("url", "text", "Where it is.", pattern=URL_PATTERN),
        Column("revision", "text", "Commit or version that was read."),
        Column("file", "text", "File within the source that was read."),
        Column("file_sha256", "text", "SHA-256 of that file.", pattern=SHA256_PATTERN),
        Column("license", "text", "Licence of the facts, as an SPDX identifier or in the source's words."),
        Column("citation", "text", "How the source asks to be cited."),
    ),
)

DATASETS = Table(
    "datasets",
    "one public image dataset",
    ("dataset_id",),
    (
        Column("dataset_id", "text", "Identifier of the dataset.", required=True, pattern=ID_PATTERN),
        Column("name", "text", "Usual name.", required=True),
        Column("category", "text", "What the images show: natural, digit, medical."),
        Column("num_classes", "int", "Number of classes.", unit="count", minimum=2),
        Column("train_size", "int", "Images of the training split.", unit="images", minimum=1),
        Column("test_size", "int", "Images of the test split.", unit="images", minimum=1),
        Column("image_size", "text", "Channels x height x width.", pattern=r"\d+x\d+x\d+(x\d+)?"),
        Column("license", "text", "Licence or terms, as stated by the publisher."),
        Column("homepage", "text", "The publisher's page.", pattern=URL_PATTERN),
        Column("paper_url", "text", "The paper that introduced it.", pattern=URL_PATTERN),
        Column(
            "fingerprint", "text",
            "SHA-256 over shape, exact pixels, labels and image ids of the test split that was measured on.",
            pattern=SHA256_PATTERN,
        ),
        Column("source_id", "text", "Where the facts come from.", required=True, references="sources"),
    ),
)  # fmt: skip

MODELS = Table(
    "models",
    "one public model",
    ("model_id",),
    (
        Column("model_id", "text", "Identifier of the model.", required=True, pattern=ID_PATTERN),
        Column("name", "text", "Name in the source.", required=True),
        Column("source_id", "text", "Where the facts come from.", required=True, references="sources"),
        Column("source_row", "int", "Row of the source's table, from 1.", minimum=1),
        Column("architecture", "text", "Architecture, as precisely as it is known."),
        Column("model_type", "text", "Architecture family, in the source's words."),
        Column("parameters", "int", "Number of parameters.", unit="count", minimum=0),
        Column("input_size", "text", "Channels x height x width.", pattern=r"\d+x\d+x\d+"),
        Column("mean", "floats", "Mean that the network subtracts, per channel, pixels in [0, 1]."),
        Column("std", "floats", "Standard deviation that the network divides by, per channel."),
        Column("dataset_id", "text", "What it classifies.", required=True, references="datasets"),
        Column("training_size", "int", "Training images.", unit="images", minimum=1),
        Column("purpose", "text", "Why it was published.", allowed=PURPOSES),
        Column("training_kind", "text", "How it was trained.", allowed=TRAINING_KINDS),
        Column("publisher", "text", "Who published the weights."),
        Column("country", "text", "Country or countries of the authors' institutions, as in the source."),
        Column("num_authors", "int", "Authors of the paper.", unit="count", minimum=1),
        Column("venue", "text", "Where the paper appeared."),
        Column("venue_type", "text", "Kind of venue: CV, ML, Security, arXiv."),
        Column("year", "int", "Year of the paper, or of the first publication.", minimum=1990, maximum=2100),
        Column("paper_url", "text", "The paper.", pattern=URL_PATTERN),
        Column("weights_url", "text", "Page or file with the weights.", pattern=URL_PATTERN),
        Column("weights_revision", "text", "Commit or version of the weights' repository."),
        Column("weights_file", "text", "Path of the file within the repository."),
        Column("weights_sha256", "text", "SHA-256 of the published file.", pattern=SHA256_PATTERN),
        Column("weights_bytes", "int", "Size of the published file.", unit="bytes", minimum=1),
        Column("weights_format", "text", "Format of the published file.", allowed=("torch", "safetensors")),
        Column("weights_inferred", "bool", "True where the link to the file is our inference."),
        Column("license", "text", "Licence of the weights, as an SPDX identifier or in the source's words."),
        Column("loader", "text", "Builder of the network in this project; null: not loadable yet."),
        Column("flags", "texts", "Named oddities of the row; nothing is altered because of a flag."),
        Column("note", "text", "What a reader should know."),
    ),
)

SCORES = Table(
    "scores",
    "one number: model, dataset, origin, method, setting and metric",
    ("score_id",),
    (
        Column(
            "score_id", "text",
            "model:dataset:protocol-or-source:method:setting:metric, the score's name for ever.",
            required=True, pattern=r"[a-z0-9._+/:-]+",
        ),
        Column("model_id", "text", "The model.", required=True, references="models"),
        Column("dataset_id", "text", "What it was evaluated on.", required=True, references="datasets"),
        Column("family", "text", "Evaluation family.", required=True, allowed=tuple(FAMILIES)),
        Column("method", "text", "Attack, detector or measure.", required=True, pattern=ID_PATTERN),
        Column("setting", "text", "Setting within the method.", required=True, pattern=ID_PATTERN),
        Column("metric", "text", "What the value means.", required=True, allowed=tuple(METRICS)),
        Column("value", "float", "The number, in the unit of the next column.", required=True),
        Column("unit", "text", "Unit of value and interval.", required=True),
        Column("ci_low", "float", "Lower end of the 95 % confidence interval."),
        Column("ci_high", "float", "Upper end of the 95 % confidence interval."),
        Column("ci_method", "text", "How the interval was computed, or why there is none."),
        Column("n", "int", "Images (or repetitions) behind the value.", unit="count", minimum=1),
        Column("origin", "text", "Measured or reported.", required=True, allowed=tuple(ORIGINS)),
        Column("flags", "texts", "Named oddities of the number; nothing is altered because of a flag."),
        # Reported
        Column("source_id", "text", "Reported: the source.", references="sources"),
        Column("source_row", "int", "Reported: row of the source's table, from 1.", minimum=1),
        Column("source_column", "text", "Reported: the source's own column name."),
        # Measured
        Column("protocol", "text", "Measured: protocol and version.", pattern=PROTOCOL_PATTERN),
        Column("tier", "text", "Measured: size class of the protocol.", allowed=tuple(TIERS)),
        Column("record_id", "text", "Measured: key of the result record.", pattern=SHA256_PATTERN),
        Column("method_version", "int", "Measured: version of the method's code.", minimum=1),
        Column("arguments", "text", "Measured: the method's settings, given and defaulted, as JSON."),
        Column("weights_sha256", "text", "Measured: SHA-256 of the file.", pattern=SHA256_PATTERN),
        Column("data_fingerprint", "text", "Measured: fingerprint of images used.", pattern=SHA256_PATTERN),
        Column("seed", "int", "Measured: seed."),
        Column("code_commit", "text", "Measured: commit of this project; null outside a checkout."),
        Column("code_dirty", "bool", "Measured: whether the checkout had uncommitted changes."),
        Column("packages", "text", "Measured: package versions, as JSON."),
        Column("device", "text", "Measured: processor or accelerator."),
        Column("threads", "int", "Measured: threads.", unit="count", minimum=1),
        Column("runtime", "float", "Measured: wall time of the unit.", unit="s", minimum=0),
        Column("cpu_time", "float", "Measured: processor time of the unit.", unit="s", minimum=0),
        Column("peak_memory", "int", "Measured: peak resident memory.", unit="bytes", minimum=0),
        Column("forwards", "int", "Measured: images sent forward in the unit.", unit="count", minimum=0),
        Column(
            "forward_backwards", "int", "Measured: images sent forward and back in the unit.",
            unit="count", minimum=0,
        ),
        Column("queries", "int", "Measured: black-box queries in the unit.", unit="count", minimum=0),
        Column(
            "forward_rate", "float",
            "Measured: this model's bare forwards per CPU-second on this machine, mean of before and after.",
            unit="1/s", minimum=0,
        ),
        Column(
            "calibration", "float",
            "Measured: time of a fixed calibration kernel on the same machine, mean of before and after.",
            unit="s", minimum=0,
        ),
        Column("date", "text", "Measured: when, in UTC.", pattern=DATE_PATTERN),
    ),
)  # fmt: skip

OUTCOMES = Table(
    "outcomes",
    "one model in one evaluation setting, one bit per image",
    ("outcome_id",),
    (
        Column(
            "outcome_id", "text", "model:dataset:protocol:method:setting.", required=True,
            pattern=r"[a-z0-9._+/:-]+",
        ),
        Column("model_id", "text", "The model.", required=True, references="models"),
        Column("dataset_id", "text", "The images' dataset.", required=True, references="datasets"),
        Column("protocol", "text", "Protocol and version.", required=True, pattern=PROTOCOL_PATTERN),
        Column("tier", "text", "Size class of the protocol.", required=True, allowed=tuple(TIERS)),
        Column("method", "text", "Attack, detector or measure.", required=True, pattern=ID_PATTERN),
        Column("setting", "text", "Setting within the method.", required=True, pattern=ID_PATTERN),
        Column("split", "text", "Split of the images.", required=True),
        Column("meaning", "text", "What a set bit says.", required=True),
        Column("n", "int", "Images.", unit="count", required=True, minimum=1),
        Column("image_ids", "ints", "Position of each image in the publisher's order.", required=True),
        Column("bits", "bytes", "n bits, first image in the highest bit (numpy.packbits).", required=True),
        Column("record_id", "text", "Key of the result record.", required=True, pattern=SHA256_PATTERN),
    ),
)  # fmt: skip

RELATIVES = Table(
    "relatives",
    "one pair of models",
    ("model_a", "model_b", "relation"),
    (
        Column("model_a", "text", "The first model.", required=True, references="models"),
        Column("model_b", "text", "The second model.", required=True, references="models"),
        Column("relation", "text", "How they are related.", required=True, allowed=tuple(RELATIONS)),
        Column("ground", "text", "Why this is said.", required=True),
        Column("source_id", "text", "Who says it.", required=True, references="sources"),
    ),
)

PROJECTS = Table(
    "projects",
    "one publication with public weights that is not yet split into models",
    ("project_id",),
    (
        Column("project_id", "text", "Identifier of the project.", required=True, pattern=ID_PATTERN),
        Column("title", "text", "Title of the publication.", required=True),
        Column("venue", "text", "Where it appeared."),
        Column("venue_type", "text", "Kind of venue: CV, ML, Security, arXiv."),
        Column("year", "int", "Year.", minimum=1990, maximum=2100),
        Column("paper_url", "text", "The paper.", pattern=URL_PATTERN),
        Column("weights_url", "text", "Page with the weights.", pattern=URL_PATTERN),
        Column("note", "text", "The source's remark."),
        Column("source_id", "text", "Where the facts come from.", required=True, references="sources"),
        Column("source_row", "int", "Row of the source's table, from 1.", minimum=1),
        Column("flags", "texts", "Named oddities of the row."),
    ),
)

FINDINGS = Table(
    "findings",
    "one claim, dataset and origin",
    ("finding_id",),
    (
        Column(
            "finding_id", "text", "claim:dataset:origin:method.", required=True, pattern=r"[a-z0-9._/:-]+"
        ),
        Column("claim_id", "text", "The claim.", required=True, pattern=ID_PATTERN),
        Column("title", "text", "The claim in a few words.", required=True),
        Column("statement", "text", "The claim in words.", required=True),
        Column("remark", "text", "What a reader should know of this method."),
        Column("family", "text", "Evaluation family.", required=True, allowed=tuple(FAMILIES)),
        Column("dataset_id", "text", "The dataset.", required=True, references="datasets"),
        Column("origin", "text", "Which numbers it was tested on.", required=True, allowed=tuple(ORIGINS)),
        Column("method", "text", "Attack or detector.", required=True),
        Column("statistic", "text", "What was computed.", required=True),
        Column("value", "float", "The statistic.", minimum=-1, maximum=1),
        Column("ci_low", "float", "Lower end of the 95 % confidence interval."),
        Column("ci_high", "float", "Upper end of the 95 % confidence interval."),
        Column("ci_method", "text", "How the interval was computed, or why there is none.", required=True),
        Column("n", "int", "Models behind the value.", unit="count", required=True, minimum=0),
        Column("clusters", "int", "Groups of related models behind it.", unit="count", minimum=0),
        Column("p_value", "float", "Two-sided p-value.", minimum=0, maximum=1),
        Column("p_adjusted", "float", "After Benjamini-Hochberg over all findings.", minimum=0, maximum=1),
        Column("verdict", "text", "What follows.", required=True, allowed=tuple(VERDICTS)),
        Column("query", "text", "The selection of rows of the table scores.", required=True),
    ),
)


@dataclass(frozen=True)
class Headline:
    """A column of the leaderboard that repeats one kind of score: which one, and under which name."""

    column: str
    origin: Literal["measured", "reported"]
    family: str
    method: str
    setting: str
    metric: str
    title: str


# The measured settings are those of the protocols; the reported ones are the original SecurityNet columns.
HEADLINES = (
    Headline("measured_test_accuracy", "measured", "utility", "clean", "test", "accuracy", "Test accuracy"),
    Headline(
        "measured_train_accuracy", "measured", "utility", "clean", "train", "accuracy", "Train accuracy"
    ),
    Headline(
        "measured_overfitting_level", "measured", "utility", "clean", "train-test", "overfitting_level",
        "Overfitting level",
    ),
    Headline(
        "measured_calibration_error", "measured", "utility", "clean", "test", "expected_calibration_error",
        "Calibration error",
    ),
    Headline(
        "measured_mean_confidence", "measured", "utility", "clean", "test", "mean_confidence",
        "Clean confidence",
    ),
    Headline(
        "measured_forward_time", "measured", "utility", "clean", "batch", "forward_time", "Forward time (s)"
    ),
    Headline("reported_test_accuracy", "reported", "utility", "clean", "test", "accuracy", "Test accuracy"),
    Headline(
        "reported_train_accuracy", "reported", "utility", "clean", "train", "accuracy", "Train accuracy"
    ),
    Headline(
        "reported_overfitting_level", "reported", "utility", "clean", "train-test", "overfitting_level",
        "Overfitting level",
    ),
    Headline(
        "reported_stealing_accuracy", "reported", "stealing", "partial-training-data", "default",
        "stealing_accuracy", "Stealing accuracy",
    ),
    Headline(
        "reported_stealing_agreement", "reported", "stealing", "partial-training-data", "default",
        "stealing_agreement", "Stealing agreement",
    ),
    Headline(
        "reported_stealing_wrn_accuracy", "reported", "stealing", "wrn-column", "default",
        "stealing_accuracy", "Stealing accuracy (Wrn)",
    ),
    Headline(
        "reported_stealing_wrn_agreement", "reported", "stealing", "wrn-column", "default",
        "stealing_agreement", "Stealing agreement (Wrn)",
    ),
    Headline(
        "reported_stealing_imagenet_accuracy", "reported", "stealing", "imgnet-column", "default",
        "stealing_accuracy", "Stealing accuracy (ImgNet)",
    ),
    Headline(
        "reported_stealing_imagenet_agreement", "reported", "stealing", "imgnet-column", "default",
        "stealing_agreement", "Stealing agreement (ImgNet)",
    ),
    Headline(
        "reported_mia_correctness_auc", "reported", "membership", "correctness", "default", "auc",
        "AUC, prediction correctness",
    ),
    Headline(
        "reported_mia_modified_entropy_auc", "reported", "membership", "modified-entropy", "default", "auc",
        "AUC, modified entropy",
    ),
)  # fmt: skip

_IDENTITY = (
    "model_id", "name", "dataset_id", "architecture", "model_type", "parameters", "training_size", "purpose",
    "training_kind", "publisher", "country", "num_authors", "venue", "venue_type", "year", "paper_url",
    "weights_url", "license", "source_id", "loader", "flags",
)  # fmt: skip


def _headline_columns() -> Iterator[Column]:
    for headline in HEADLINES:
        metric = METRICS[headline.metric]
        words = f"{headline.origin.capitalize()}: {metric.description}"
        yield Column(
            headline.column, "float", words, metric.unit, minimum=metric.minimum, maximum=metric.maximum
        )
        if headline.origin == "measured":
            yield Column(f"{headline.column}_ci_low", "float", "Lower end of its 95 % interval.", metric.unit)
            yield Column(
                f"{headline.column}_ci_high", "float", "Upper end of its 95 % interval.", metric.unit
            )
            yield Column(f"{headline.column}_n", "int", "Images (or repetitions) behind it.", "count")


LEADERBOARD = Table(
    "leaderboard",
    "one public model and dataset, with its headline scores side by side",
    ("model_id", "dataset_id"),
    (
        *(MODELS.by_name[name] for name in _IDENTITY),
        Column("data_category", "text", "What the dataset's images show."),
        Column("num_classes", "int", "Classes of the dataset.", unit="count", minimum=2),
        Column("measured_protocol", "text", "Protocol and version of the measured columns."),
        Column("measured_tier", "text", "Size class of the measured columns.", allowed=tuple(TIERS)),
        *_headline_columns(),
    ),
)

#: Tables that facts and records are written to; the rest are derived when a release is built.
CATALOG_TABLES = (SOURCES, DATASETS, MODELS, SCORES, RELATIVES, PROJECTS)
#: Every config of a release; the first is the default.
TABLES = {
    table.name: table
    for table in (
        LEADERBOARD, MODELS, SCORES, FINDINGS, DATASETS, OUTCOMES, RELATIVES, PROJECTS, SOURCES,
    )
}  # fmt: skip


def score_id(model_id: str, dataset_id: str, basis: str, method: str, setting: str, metric: str) -> str:
    """The score's name. ``basis`` is the protocol (``utility/1``) or ``reported/<source_id>``."""
    return ":".join((model_id, dataset_id, basis, method, setting, metric))
