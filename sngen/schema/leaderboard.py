"""The table leaderboard: headline scores side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sngen.schema.columns import Column, Table
from sngen.schema.metrics import METRICS
from sngen.schema.tables import MODELS
from sngen.schema.vocabularies import TIERS


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
# The first of a family that a leaderboard has is what it is ordered by.
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
    Headline(
        "measured_autoattack_linf_8_255", "measured", "adversarial", "autoattack", "linf-8-255",
        "robust_accuracy", "AutoAttack accuracy (L∞, 8/255)",
    ),
    Headline(
        "measured_autoattack_linf_0_3", "measured", "adversarial", "autoattack", "linf-0.3",
        "robust_accuracy", "AutoAttack accuracy (L∞, 0.3)",
    ),
    Headline(
        "measured_autoattack_linf_0_1", "measured", "adversarial", "autoattack", "linf-0.1",
        "robust_accuracy", "AutoAttack accuracy (L∞, 0.1)",
    ),
    Headline(
        "measured_autoattack_l2_0_5", "measured", "adversarial", "autoattack", "l2-0.5", "robust_accuracy",
        "AutoAttack accuracy (L2, 0.5)",
    ),
    Headline(
        "measured_autoattack_l2_2", "measured", "adversarial", "autoattack", "l2-2", "robust_accuracy",
        "AutoAttack accuracy (L2, 2)",
    ),
    Headline(
        "measured_minimal_perturbation_linf", "measured", "adversarial", "fab-t", "linf",
        "minimal_perturbation", "Minimal perturbation (L∞)",
    ),
    Headline(
        "measured_mia_modified_entropy_auc", "measured", "membership", "modified-entropy", "default", "auc",
        "AUC, modified entropy",
    ),
    Headline(
        "measured_mia_correctness_auc", "measured", "membership", "correctness", "default", "auc",
        "AUC, prediction correctness",
    ),
    Headline("measured_mia_loss_auc", "measured", "membership", "loss", "default", "auc", "AUC, loss"),
    Headline("measured_mia_lira_auc", "measured", "membership", "lira", "default", "auc", "AUC, LiRA"),
    Headline("measured_mia_rmia_auc", "measured", "membership", "rmia", "default", "auc", "AUC, RMIA"),
    Headline(
        "measured_mia_lira_tpr_at_fpr_0_01", "measured", "membership", "lira", "default-fpr-0.01",
        "true_positive_rate", "TPR at 1 % FPR, LiRA",
    ),
    Headline(
        "measured_mia_rmia_tpr_at_fpr_0_01", "measured", "membership", "rmia", "default-fpr-0.01",
        "true_positive_rate", "TPR at 1 % FPR, RMIA",
    ),
    Headline(
        "measured_stealing_accuracy", "measured", "stealing", "partial-training-data", "default",
        "stealing_accuracy", "Stealing accuracy",
    ),
    Headline(
        "measured_stealing_agreement", "measured", "stealing", "partial-training-data", "default",
        "stealing_agreement", "Stealing agreement",
    ),
    Headline(
        "measured_stealing_label_only_agreement", "measured", "stealing", "label-only", "default",
        "stealing_agreement", "Stealing agreement, labels only",
    ),
    Headline(
        "measured_stealing_other_images_agreement", "measured", "stealing", "out-of-distribution", "default",
        "stealing_agreement", "Stealing agreement, other images",
    ),
    Headline(
        "measured_neural_cleanse_index", "measured", "backdoor", "neural-cleanse", "default",
        "anomaly_index", "Neural Cleanse index",
    ),
    Headline(
        "measured_neural_cleanse_alarm", "measured", "backdoor", "neural-cleanse", "default", "alarm",
        "Neural Cleanse alarm",
    ),
    Headline("measured_mm_bd_alarm", "measured", "backdoor", "mm-bd", "default", "alarm", "MM-BD alarm"),
    Headline(
        "measured_trigger_success", "measured", "backdoor", "attack-success", "default",
        "attack_success_rate", "Success of the true trigger",
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
        "reported_top5_accuracy", "reported", "utility", "clean", "test", "top5_accuracy", "Top-5 accuracy"
    ),
    Headline(
        "reported_zero_shot_accuracy", "reported", "utility", "zero-shot", "test", "accuracy",
        "Zero-shot accuracy",
    ),
    Headline(
        "reported_mean_average_precision", "reported", "utility", "clean", "test", "mean_average_precision",
        "mAP",
    ),
    Headline(
        "reported_autoattack_linf_8_255", "reported", "adversarial", "autoattack", "linf-8-255",
        "robust_accuracy", "AutoAttack accuracy (L∞, 8/255)",
    ),
    Headline(
        "reported_autoattack_linf_4_255", "reported", "adversarial", "autoattack", "linf-4-255",
        "robust_accuracy", "AutoAttack accuracy (L∞, 4/255)",
    ),
    Headline(
        "reported_autoattack_l2_0_5", "reported", "adversarial", "autoattack", "l2-0.5", "robust_accuracy",
        "AutoAttack accuracy (L2, 0.5)",
    ),
    Headline(
        "reported_corruption_accuracy", "reported", "corruption", "common-corruptions", "default",
        "accuracy", "Accuracy under corruptions",
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
    "model_id", "name", "dataset_id", "task", "copy_kind", "architecture", "model_type", "parameters",
    "macs", "training_size", "pretrained_on", "purpose", "training_kind", "security_role", "threat_norm",
    "threat_eps", "publisher", "publisher_type", "country", "num_authors", "venue", "venue_type", "year",
    "paper_title", "paper_url", "weights_kind", "weights_url", "license", "source_id", "loader", "flags",
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
        Column("own_dataset", "bool", "Whether the model was made to classify this dataset.", required=True),
        Column("data_category", "text", "What the dataset's images show."),
        Column("num_classes", "int", "Classes of the dataset.", unit="count", minimum=2),
        Column(
            "measured_protocol",
            "text",
            "Protocols of the measured columns, one version of each, separated by a comma and a space.",
        ),
        Column(
            "measured_tier",
            "text",
            "Size class of all measured columns of the row: the largest that any of them was measured at.",
            allowed=tuple(TIERS),
        ),
        *_headline_columns(),
    ),
)
