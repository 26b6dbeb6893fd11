"""The words that a cell may hold, where only certain ones are allowed, and what they mean."""

from __future__ import annotations

FAMILIES = {
    "utility": "Utility",
    "adversarial": "Adversarial examples",
    "corruption": "Corruptions and shape bias",
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
CONTROL = "control"  # of the embedded reference suite: trained here, not published anywhere
PURPOSES = ("benchmark", "security", "other", CONTROL)
TASKS = {
    "classification": "one class per image; the network ends in a classifier",
    "multi-label": "any number of labels per image",
    "zero-shot": "compares an image with texts; it classifies once class names are given",
    "embedding": "maps an image to a vector in which distances mean something; it classifies nothing",
    "features": "a network without a classifier, to be trained further",
}
#: Tasks whose models stand in leaderboards.
CLASSIFYING = ("classification", "multi-label", "zero-shot")
COPY_KINDS = {
    "quantised": "a version with rounded weights of a model that is published elsewhere",
    "converted": "the weights of a model that is published elsewhere, in another framework's format",
}
TRAINING_KINDS = {
    "standard": "no defence and no attack took part",
    "adversarial": "on adversarial examples, or with another empirical defence against them",
    "certified": "so that a bound on the effect of any perturbation can be proven",
    "augmented": "with augmentation or stylisation against corruptions or texture bias",
    "backdoored": "with a planted backdoor",
    "backdoor-removed": "with a planted backdoor, and then treated to remove it",
    "private": "with differential privacy",
    "compressed": "pruned, quantised or distilled on purpose of the study",
    "overfitted": "until it knows its training images by heart",
    "without-members": "without the images that membership inference asks about",
    "stolen": "on the answers of another model",
}
#: The images that a model was trained on, compared with its dataset's published splits. An image that is
#: augmented or perturbed while training stays the same image; one with a trigger stamped on it does not.
TRAINED_SPLITS = {
    "official-train": "exactly the training split that the dataset's publisher names",
    "part-of-train": "some images of that split and no others, for instance all but a held-out part",
    "other": "other images, or more: of the test split, of another dataset, synthetic or with a trigger",
}
#: Flags of measured scores for which it matters which images the model saw: such a score is published, but
#: is neither ranked nor part of a finding.
TRAINING_SPLIT_FLAGS = {
    "training-split-unknown": (
        "it is not known which images the model was trained on, so images that are taken for members or for "
        "unseen ones may be neither"
    ),
    "training-split-differs": (
        "the model was not trained on exactly the training split of the dataset, so some images that are "
        "taken for members or for unseen ones are not"
    ),
}
SECURITY_ROLES = {
    "adversarially-trained": "the defended model of a work on adversarial examples",
    "certified": "the model of a work on provable robustness",
    "corruption-robust": "the model of a work on common corruptions",
    "shape-biased": "trained to look at shapes and not at textures",
    "backdoored": "poisoned on purpose",
    "clean-and-backdoored-collection": "clean and poisoned models for judging detectors",
    "clean-reference": "the clean counterpart of a poisoned model",
    "standard-reference": "the undefended counterpart of a defended model",
    "verification-benchmark": "a network that verifiers are compared on",
    "benchmark-in-robustness-study": "an ordinary model that a work on robustness evaluated",
    "ood-detection-reference": "the classifier that detectors of unknown inputs start from",
    "stealing-victim": "the target of model stealing",
    "stolen": "the result of model stealing",
    "membership-inference-target": "the target of membership inference",
}
#: Roles of ordinary models that only served for comparison: they are not counted as security models.
REFERENCE_ROLES = (
    "clean-reference", "standard-reference", "benchmark-in-robustness-study", "ood-detection-reference",
)  # fmt: skip
NORMS = {"Linf": "largest change of any pixel", "L2": "Euclidean length of the change"}
PUBLISHER_TYPES = {
    "university": "a university or a group within one",
    "institute": "a public research institute",
    "company": "a company or its research laboratory",
    "community": "an open-source project with many contributors",
    "individual": "a person",
    "challenge": "the organisers of a competition or benchmark",
}
VENUE_TYPES = ("CV", "ML", "Security", "Medical", "Remote sensing", "Other", "arXiv")
WEIGHTS_KINDS = {
    "file": "the link leads to the checkpoint",
    "archive": "the link leads to an archive that holds it",
    "hub": "the link leads to a repository of a model hub",
    "folder": "the link leads to a folder of checkpoints",
    "page": "the link leads to a page with the download",
    "repository": "the link leads to a code repository",
    "package": "a package downloads it",
    "registry": "another catalogue downloads it",
    "short-link": "the link is a redirection, its target unknown",
    "stated-available": "the source says that it can be had, without a link",
    "on-request": "the authors give it to those who ask",
    "retrained": "the evaluators trained it themselves and did not publish it",
    "none": "not published",
}
WEIGHTS_FORMATS = {
    "torch": "a torch checkpoint, zip or legacy serialisation",
    "safetensors": "tensors without code",
    "onnx": "an ONNX graph, plain or gzipped",
    "keras-h5": "Keras weights in HDF5",
    "matlab": "MATLAB arrays, version 5",
    "tflite": "a TensorFlow Lite graph",
    "npz": "NumPy arrays",
    "paddle": "PaddlePaddle parameters",
}
LICENSE_SCOPES = {
    "weights": "stated for the weights",
    "repository": "stated for the code repository; the weights are not mentioned",
    "dataset": "stated for the training data",
    "unknown": "the source does not say what it covers",
}
PROJECT_KINDS = {
    "publication": "a publication with public weights that is not yet split into models",
    "collection": "many networks published as one, counted and not listed",
}
RELATIONS = {
    "same-weights": "the very same parameter values",
    "same-recipe-other-seed": "one training recipe, run again with another seed",
    "fine-tuned-from": "the first was trained further from the second",
    "same-architecture": "equal architecture, trained independently",
    "clean-twin": "same architecture, seed and budget; the first without the planted backdoor",
}
VERDICTS = {
    "supported": "the confidence interval lies wholly on the claimed side of zero, among all claims tested",
    "contradicted": "the confidence interval lies wholly on the other side of zero, likewise",
    "undecided": "the confidence interval contains zero, or chance explains it among so many claims",
    "not-testable": "too few models, or one of the two quantities is constant",
}
