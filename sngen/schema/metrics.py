"""What a score's value means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


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
            "top5_accuracy", "Top-5 accuracy", "fraction", "higher",
            "Share of images whose label is among the five most probable classes.",
        ),
        Metric(
            "mean_class_recall", "Mean class recall", "fraction", "higher",
            "Share of right answers per class, averaged over classes.",
        ),
        Metric("macro_f1", "Macro F1", "fraction", "higher", "F1 score per class, averaged over classes."),
        Metric(
            "worst_region_accuracy", "Worst-region accuracy", "fraction", "higher",
            "Accuracy in the geographic region where it is lowest.",
        ),
        Metric(
            "worst_group_accuracy", "Worst-group accuracy", "fraction", "higher",
            "Accuracy in the group of images where it is lowest.",
        ),
        Metric(
            "worst_group_top5_accuracy", "Worst-group top-5 accuracy", "fraction", "higher",
            "Top-5 accuracy in the group of images where it is lowest.",
        ),
        Metric(
            "mean_average_precision", "mAP", "fraction", "higher",
            "Area under the precision-recall curve per label, averaged over labels.",
        ),
        Metric(
            "mean_label_auc", "Mean label AUC", "fraction", "higher",
            "Area under the ROC curve per label, averaged over labels; 0.5 is chance.",
        ),
        Metric(
            "mean_label_accuracy", "Mean label accuracy", "fraction", "higher",
            "Accuracy per label (half on the positives, half on the negatives), averaged over labels.",
        ),
        Metric(
            "true_positive_rate", "True positive rate", "fraction", "neither",
            "Share of positives found, at the false positive rate that the setting names: good where the "
            "model is the finder, bad where its training images are what is found.",
        ),
        Metric(
            "verification_accuracy", "Verification accuracy", "fraction", "higher",
            "Share of pairs of images that are rightly told to show the same person or not.",
        ),
        Metric(
            "robust_accuracy", "Robust accuracy", "fraction", "higher",
            "Share of images still classified rightly under the attack.",
        ),
        Metric(
            "certified_accuracy", "Certified accuracy", "fraction", "higher",
            "Share of images for which the right answer is proven for every perturbation of the size.",
        ),
        Metric(
            "attack_success_rate", "Attack success rate", "fraction", "lower",
            "Share of images for which the attack reaches its aim; the method says which aim.",
        ),
        Metric(
            "mean_corruption_error", "mCE", "% of AlexNet", "lower",
            "Mean corruption error: error under each corruption relative to AlexNet's, averaged; 100 is "
            "AlexNet (Hendrycks and Dietterich 2019, arXiv:1903.12261).", 0.0, None,
        ),
        Metric(
            "mean_flip_rate", "mFR", "% of AlexNet", "lower",
            "Mean flip rate: how often the answer changes from frame to frame of a perturbation sequence, "
            "relative to AlexNet (arXiv:1903.12261).", 0.0, None,
        ),
        Metric(
            "mean_top5_distance", "mT5D", "% of AlexNet", "lower",
            "Mean top-5 distance between answers of consecutive frames, relative to AlexNet "
            "(arXiv:1903.12261).", 0.0, None,
        ),
        Metric(
            "shape_bias", "Shape bias", "fraction", "neither",
            "Share of answers by shape among the answers by shape or texture, on images whose shape and "
            "texture disagree (Geirhos et al. 2019, arXiv:1811.12231).",
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
            "relative_accuracy", "Relative accuracy", "ratio", "lower",
            "Test accuracy of the surrogate divided by that of its target.", 0.0, None,
        ),
        Metric(
            "auc", "AUC", "fraction", "lower",
            "Area under the ROC curve of the attack's member score; 0.5 is chance.",
        ),
        Metric(
            "balanced_accuracy", "Balanced accuracy", "fraction", "lower",
            "Mean of the share of members and the share of non-members that the attack tells rightly; 0.5 is "
            "chance.",
        ),
        Metric(
            "false_positive_rate", "False positive rate", "fraction", "lower",
            "Share of negatives that are taken for positives; the method says what a positive is.",
        ),
        Metric(
            "detection_auc", "Detection AUC", "fraction", "higher",
            "Area under the ROC curve of a detector's score, inputs with the trigger against inputs without; "
            "0.5 is chance.",
        ),
        Metric(
            "anomaly_index", "Anomaly index", "as the detector says", "neither",
            "A backdoor detector's score of a model; the higher, the more suspicious.", None, None,
        ),
        Metric(
            "alarm", "Alarm", "0 or 1", "neither",
            "1 where the detector's score is beyond its published threshold.",
        ),
        Metric(
            "p_value", "p-value", "fraction", "neither",
            "Probability of a score at least as suspicious on a clean model; the setting says by which "
            "clean models.",
        ),
        Metric(
            "trigger_norm", "Trigger norm", "pixels", "neither",
            "L1 norm of the mask of the trigger that a detector recovers: its size in fully covered pixels.",
            0.0, None,
        ),
        Metric(
            "trigger_overlap", "Trigger overlap", "fraction", "neither",
            "Pixels that the recovered trigger and the true one share, divided by those of either.",
        ),
        Metric(
            "target_found", "Target found", "0 or 1", "neither",
            "1 where the detector names the class that the true trigger leads to.",
        ),
        Metric(
            "accuracy_drop", "Accuracy drop", "fraction", "lower",
            "Accuracy without the attack minus accuracy under it, on the same images.",
        ),
        Metric(
            "minimal_perturbation", "Minimal perturbation", "pixel scale", "higher",
            "Median distance to the nearest adversarial example found, over the images that are classified "
            "rightly, with pixels in [0, 1]; images without one count as infinitely far.", 0.0, None,
        ),
        Metric(
            "queries_per_success", "Queries per success", "count", "higher",
            "Median number of queries of the images for which the attack succeeds.", 0.0, None,
        ),
        Metric(
            "masking_indicator", "Masking check", "as the check says", "neither",
            "Value of a check for masked gradients, which the setting names; a flag says that it is raised. "
            "A raised check means that robust accuracy may be lower than measured.", -1.0, None,
        ),
    )
}  # fmt: skip
