"""The tables that facts, records and findings are written to."""

from __future__ import annotations

from sngen.schema.columns import (
    DATE_PATTERN,
    ID_PATTERN,
    PROTOCOL_PATTERN,
    SHA256_PATTERN,
    URL_PATTERN,
    Column,
    Table,
)
from sngen.schema.metrics import METRICS
from sngen.schema.vocabularies import (
    COPY_KINDS,
    FAMILIES,
    LICENSE_SCOPES,
    NORMS,
    ORIGINS,
    PROJECT_KINDS,
    PUBLISHER_TYPES,
    PURPOSES,
    RELATIONS,
    SECURITY_ROLES,
    TASKS,
    TIERS,
    TRAINED_SPLITS,
    TRAINING_KINDS,
    VENUE_TYPES,
    VERDICTS,
    WEIGHTS_FORMATS,
    WEIGHTS_KINDS,
)

_SOURCE_FILE = Column("source_file", "text", "File of the source that says so, where it has several.")

SOURCES = Table(
    "sources",
    "one place that facts were taken from",
    ("source_id",),
    (
        Column("source_id", "text", "Identifier of the source.", required=True, pattern=ID_PATTERN),
        Column("title", "text", "What the source is called.", required=True),
        Column("url", "text", "Where it is.", pattern=URL_PATTERN),
        Column("revision", "text", "Commit or version that was read."),
        Column("file", "text", "File within the source that was read; of several, their patterns."),
        Column(
            "file_sha256",
            "text",
            "SHA-256 of that file; of several, of the lines 'SHA-256, two spaces, path' sorted by path.",
            pattern=SHA256_PATTERN,
        ),
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
        Column("category", "text", "What the images show, in one word.", pattern=ID_PATTERN),
        Column("task", "text", "What is asked of a model: multi-class, binary-class, multi-label, ..."),
        Column("num_classes", "int", "Number of classes.", unit="count", minimum=2),
        Column("train_size", "int", "Images of the training split.", unit="images", minimum=1),
        Column("test_size", "int", "Images of the test split.", unit="images", minimum=1),
        Column("image_size", "text", "Channels x height x width.", pattern=r"\d+x\d+x\d+(x\d+)?"),
        Column("license", "text", "Licence or terms, as stated by the publisher."),
        Column("homepage", "text", "The publisher's page.", pattern=URL_PATTERN),
        Column("paper_title", "text", "The paper that introduced it."),
        Column("paper_url", "text", "Address of that paper.", pattern=URL_PATTERN),
        Column("year", "int", "Year of first publication.", minimum=1990, maximum=2100),
        Column(
            "unverified", "texts",
            "Columns of this row that hold common knowledge which no source that was read confirms.",
        ),
        Column("flags", "texts", "Named oddities of the row."),
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
        _SOURCE_FILE,
        Column("source_row", "int", "Line or row of the source's table or list, from 1.", minimum=1),
        Column("task", "text", "What the network does.", allowed=tuple(TASKS)),
        Column(
            "copy_kind",
            "text",
            "Set for a version of weights published elsewhere.",
            allowed=tuple(COPY_KINDS),
        ),
        Column("architecture", "text", "Architecture, as precisely as it is known, in the source's words."),
        Column("model_type", "text", "Architecture family.", pattern=ID_PATTERN),
        Column("parameters", "int", "Number of parameters.", unit="count", minimum=0),
        Column(
            "parameters_rounded",
            "float",
            "Number of parameters in millions as the source rounds it, where the exact number is not known.",
            unit="10^6",
            minimum=0,
        ),
        Column("macs", "float", "Multiply-accumulate operations per image.", unit="count", minimum=0),
        Column("input_size", "text", "Channels x height x width.", pattern=r"\d+x\d+x\d+"),
        Column(
            "crop_fraction",
            "float",
            "Share of the resized image's side that is cropped.",
            minimum=0,
            maximum=1,
        ),
        Column("interpolation", "text", "How images are resized."),
        Column("mean", "floats", "Mean that the network subtracts, per channel, pixels in [0, 1]."),
        Column("std", "floats", "Standard deviation that the network divides by, per channel."),
        Column(
            "dataset_id", "text", "What it classifies; null if nothing, or not known.", references="datasets"
        ),
        Column("num_outputs", "int", "Outputs of the last layer.", unit="count", minimum=1),
        Column("training_size", "int", "Training images.", unit="images", minimum=1),
        Column("pretrained_on", "texts", "What it was trained on before, in order."),
        Column("purpose", "text", "Why it was published.", allowed=PURPOSES),
        Column("training_kind", "text", "How it was trained.", allowed=tuple(TRAINING_KINDS)),
        Column("training_method", "text", "How it was trained, in the source's words."),
        Column("security_role", "text", "Its part in research on security.", allowed=tuple(SECURITY_ROLES)),
        Column(
            "threat_norm",
            "text",
            "Norm of the perturbations that it was defended against.",
            allowed=tuple(NORMS),
        ),
        Column("threat_eps", "text", "Their size, as the source writes it; pixels in [0, 1]."),
        Column("threat_eps_value", "float", "Their size as a number; pixels in [0, 1].", minimum=0),
        Column("extra_data", "text", "Training data beyond the dataset, in the source's words."),
        Column(
            "trained_split",
            "text",
            "The images that it was trained on: exactly its dataset's official training split, a part of it, "
            "or other ones (also more); by the publisher's own code. Null: not known.",
            allowed=tuple(TRAINED_SPLITS),
        ),
        Column(
            "trained_split_ground",
            "text",
            "Why trained_split says so: file, line and commit in the publisher's repository; which images.",
        ),
        Column(
            "trigger",
            "text",
            "The trigger of a planted backdoor, as JSON: what it does to an image. Null: none, or not "
            "published.",
        ),
        Column(
            "trigger_target",
            "int",
            "Class that images with the trigger are sent to. Null: none, not published, or it depends on the "
            "image.",
            minimum=0,
        ),
        Column(
            "trigger_ground",
            "text",
            "Where the publisher says so: file, line and commit in the publisher's repository.",
        ),
        Column("publisher", "text", "Who published the weights."),
        Column("publisher_type", "text", "What the publisher is.", allowed=tuple(PUBLISHER_TYPES)),
        Column("country", "texts", "Countries of the authors' institutions."),
        Column("authors", "text", "Authors of the paper."),
        Column("num_authors", "int", "Authors of the paper.", unit="count", minimum=1),
        Column("venue", "text", "Where the paper appeared."),
        Column("venue_type", "text", "Kind of venue.", allowed=VENUE_TYPES),
        Column("year", "int", "Year of the paper, or of the first publication.", minimum=1990, maximum=2100),
        Column("paper_title", "text", "Title of the paper."),
        Column("paper_url", "text", "The paper.", pattern=URL_PATTERN),
        Column(
            "weights_kind", "text", "What the link to the weights leads to.", allowed=tuple(WEIGHTS_KINDS)
        ),
        Column("weights_url", "text", "Page or file with the weights.", pattern=URL_PATTERN),
        Column("weights_hub_id", "text", "Repository on the Hugging Face Hub."),
        Column("weights_revision", "text", "Commit or version of the weights' repository."),
        Column("weights_file", "text", "Path of the file within the repository or archive."),
        Column("weights_sha256", "text", "SHA-256 of the published file.", pattern=SHA256_PATTERN),
        Column("weights_checksum", "text", "Checksum that the publisher states, as algorithm:value."),
        Column("weights_bytes", "int", "Size of the published file.", unit="bytes", minimum=1),
        Column(
            "weights_format",
            "text",
            "Format of the published file, or of the file within its archive.",
            allowed=tuple(WEIGHTS_FORMATS),
        ),
        Column(
            "weights_key", "text", "Where the tensors are in the file, for instance state_dict or net[0]."
        ),
        Column(
            "weights_prefix",
            "text",
            "Beginning of the names of the network's tensors: removed; others are left out.",
        ),
        Column("weights_inferred", "bool", "True where the link to the file is our inference."),
        Column("license", "text", "Licence as an SPDX identifier, or in the source's words if it has none."),
        Column("license_scope", "text", "What the licence was stated for.", allowed=tuple(LICENSE_SCOPES)),
        Column("loader", "text", "Builder of the network in this project; null: not loadable yet."),
        Column("flags", "texts", "Named oddities of the row; nothing is altered because of a flag."),
        Column("note", "text", "What a reader should know."),
        Column(
            "source_words",
            "text",
            "The source's own words where a column holds a normalised form, as a JSON object by column.",
        ),
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
        Column("norm", "text", "Norm that bounds the perturbation.", allowed=tuple(NORMS)),
        Column("eps", "text", "Bound of the perturbation, as written; pixels in [0, 1]."),
        Column("eps_value", "float", "That bound as a number.", minimum=0),
        Column("value", "float", "The number, in the unit of the next column.", required=True),
        Column("unit", "text", "Unit of value and interval.", required=True),
        Column("ci_low", "float", "Lower end of the 95 % confidence interval."),
        Column("ci_high", "float", "Upper end of the 95 % confidence interval."),
        Column("ci_method", "text", "How the interval was computed, or why there is none."),
        Column("n", "int", "Images (or repetitions) behind the value.", unit="count", minimum=1),
        Column("origin", "text", "Measured or reported.", required=True, allowed=tuple(ORIGINS)),
        Column("flags", "texts", "Named oddities of the number; nothing is altered because of a flag."),
        Column(
            "withdrawn", "text",
            "The erratum that withdraws the number. It is kept, and stands in no ranking, chart or finding.",
            references="errata",
        ),
        # Reported
        Column("source_id", "text", "Reported: the source.", references="sources"),
        _SOURCE_FILE,
        Column("source_row", "int", "Reported: line or row of the source's table, from 1.", minimum=1),
        Column("source_column", "text", "Reported: the source's own column name."),
        Column("source_date", "text", "Reported: when, as the source dates it.", pattern=DATE_PATTERN),
        Column("note", "text", "Reported: what else the source says of the number."),
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
            "Measured: this model's bare forwards per CPU-second on this machine (on an accelerator, per "
            "second of wall time), mean of before and after.",
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

ARRAYS = Table(
    "arrays",
    "one small array of numbers behind a score, such as a ROC curve",
    ("array_id",),
    (
        Column(
            "array_id", "text", "model:dataset:protocol:method:setting:name.", required=True,
            pattern=r"[a-z0-9._+/:-]+",
        ),
        Column("model_id", "text", "The model.", required=True, references="models"),
        Column("dataset_id", "text", "The images' dataset.", required=True, references="datasets"),
        Column("protocol", "text", "Protocol and version.", required=True, pattern=PROTOCOL_PATTERN),
        Column("tier", "text", "Size class of the protocol.", required=True, allowed=tuple(TIERS)),
        Column("method", "text", "Attack, detector or measure.", required=True, pattern=ID_PATTERN),
        Column("setting", "text", "Setting within the method.", required=True, pattern=ID_PATTERN),
        Column("name", "text", "What the array is, such as roc.", required=True, pattern=ID_PATTERN),
        Column("x_meaning", "text", "What x is, with its unit.", required=True),
        Column("y_meaning", "text", "What y is, with its unit.", required=True),
        Column("x", "floats", "First coordinates.", required=True),
        Column("y", "floats", "Second coordinates, as many.", required=True),
        Column("record_id", "text", "Key of the result record.", required=True, pattern=SHA256_PATTERN),
    ),
)  # fmt: skip

PICTURES = Table(
    "pictures",
    "one small picture that a number rests on, such as a recovered trigger",
    ("picture_id",),
    (
        Column(
            "picture_id", "text", "model:dataset:protocol:method:setting:name.", required=True,
            pattern=r"[a-z0-9._+/:-]+",
        ),
        Column("model_id", "text", "The model.", required=True, references="models"),
        Column("dataset_id", "text", "What it was asked about.", required=True, references="datasets"),
        Column("protocol", "text", "Protocol and version.", required=True, pattern=PROTOCOL_PATTERN),
        Column("tier", "text", "Size class of the protocol.", required=True, allowed=tuple(TIERS)),
        Column("method", "text", "Attack, detector or measure.", required=True, pattern=ID_PATTERN),
        Column("setting", "text", "Setting within the method.", required=True, pattern=ID_PATTERN),
        Column("name", "text", "What the picture is, such as trigger.", required=True, pattern=ID_PATTERN),
        Column("meaning", "text", "What it shows.", required=True),
        Column("height", "int", "Rows.", unit="pixels", required=True, minimum=1),
        Column("width", "int", "Columns.", unit="pixels", required=True, minimum=1),
        Column("channels", "int", "1: grey; 3: red, green, blue.", required=True, minimum=1, maximum=3),
        Column(
            "pixels", "bytes", "Bytes, channel by channel, row by row; 255 is full.", required=True
        ),
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
        Column("rule", "text", "Name of the rule that found the pair; null for one stated by hand."),
        Column("source_id", "text", "Who says it.", required=True, references="sources"),
    ),
)

PROJECTS = Table(
    "projects",
    "one publication or collection with public weights that is not split into models",
    ("project_id",),
    (
        Column("project_id", "text", "Identifier of the project.", required=True, pattern=ID_PATTERN),
        Column("kind", "text", "What the row is.", required=True, allowed=tuple(PROJECT_KINDS)),
        Column("title", "text", "Title of the publication or collection.", required=True),
        Column("model_count", "int", "Networks in it; null where it is not stated.", unit="count", minimum=1),
        Column("dataset_id", "text", "What they classify.", references="datasets"),
        Column("architecture", "text", "Their architectures, in the source's words."),
        Column("security_role", "text", "Their part in research on security.", allowed=tuple(SECURITY_ROLES)),
        Column("training_method", "text", "How they were trained, in the source's words."),
        Column("venue", "text", "Where it appeared."),
        Column("venue_type", "text", "Kind of venue.", allowed=VENUE_TYPES),
        Column("year", "int", "Year.", minimum=1990, maximum=2100),
        Column("paper_url", "text", "The paper.", pattern=URL_PATTERN),
        Column("weights_kind", "text", "What the link leads to.", allowed=tuple(WEIGHTS_KINDS)),
        Column("weights_url", "text", "Page with the weights.", pattern=URL_PATTERN),
        Column("license", "text", "Licence as an SPDX identifier, or in the source's words if it has none."),
        Column("license_scope", "text", "What the licence was stated for.", allowed=tuple(LICENSE_SCOPES)),
        Column("note", "text", "The source's remark."),
        Column("source_id", "text", "Where the facts come from.", required=True, references="sources"),
        _SOURCE_FILE,
        Column("source_row", "int", "Line or row of the source's table or list, from 1.", minimum=1),
        Column("flags", "texts", "Named oddities of the row."),
    ),
)

ALIASES = Table(
    "aliases",
    "one former id of a model",
    ("alias",),
    (
        Column(
            "alias",
            "text",
            "The id that was used before; it never names another model.",
            required=True,
            pattern=ID_PATTERN,
        ),
        Column("model_id", "text", "The model.", required=True, references="models"),
        Column("since", "text", "Day of the renaming.", required=True, pattern=DATE_PATTERN),
        Column("reason", "text", "Why it was renamed.", required=True),
        Column(
            "source_id", "text", "Where the model's facts come from.", required=True, references="sources"
        ),
    ),
)

ERRATA = Table(
    "errata",
    "one correction: a number that was published and does not stand",
    ("erratum_id",),
    (
        Column("erratum_id", "text", "Identifier of the erratum.", required=True, pattern=ID_PATTERN),
        Column("score_id", "text", "The score that is withdrawn; null where a whole record is."),
        Column(
            "record_id", "text", "The result record whose scores are all withdrawn; null where one score is.",
            pattern=SHA256_PATTERN,
        ),
        Column("date", "text", "Day of the erratum.", required=True, pattern=DATE_PATTERN),
        Column("who", "text", "Who decided it.", required=True),
        Column("reason", "text", "What was wrong, and how that was found.", required=True),
        Column("issue_url", "text", "Where it was discussed.", pattern=URL_PATTERN),
        Column("source_id", "text", "Where the erratum is kept.", required=True, references="sources"),
    ),
)  # fmt: skip

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
        Column(
            "left_out", "text", "Models that have the numbers and are left out: by flag, with the reason."
        ),
        Column("clusters", "int", "Groups of related models behind it.", unit="count", minimum=0),
        Column("p_value", "float", "Two-sided p-value.", minimum=0, maximum=1),
        Column("p_adjusted", "float", "After Benjamini-Hochberg over all findings.", minimum=0, maximum=1),
        Column("verdict", "text", "What follows.", required=True, allowed=tuple(VERDICTS)),
        Column("would_flip", "text", "What it would take to give another verdict."),
        Column("query", "text", "The selection of rows of the table scores.", required=True),
    ),
)
