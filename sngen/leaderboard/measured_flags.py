"""What the flags of measured numbers say, and what the checks for hidden gradients ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sngen.schema.vocabularies import TRAINING_SPLIT_FLAGS

#: Flags with this beginning say that attacks with gradients may have been stopped by something other than
#: robustness; the rest of the name is the check that raised it.
MASKING = "masking-"

#: Beginning of the name of a check or of its flag, without ``masking-`` -> what it asks, and what its number
#: is. After Carlini et al. 2019 (arXiv:1902.06705, section 5) and Pintor et al. 2022 (arXiv:2106.09947).
CHECKS = {
    "forwards-differ": (
        "Does the network answer the same images differently when asked again?",
        "largest difference between two answers, relative to the largest logit",
    ),
    "sums-to-one": (
        "Does the network give probabilities in the place of logits? They flatten the loss.",
        "share of answers that are probabilities",
    ),
    "zero-gradients": (
        "Are gradients of the loss exactly zero? An attack that follows them then stands still.",
        "share of gradients that are exactly zero",
    ),
    "more-steps-help": (
        "Does an attack with gradients find more in ten times the iterations? Then it was stopped early.",
        "accuracy lost to ten times the iterations",
    ),
    "square": (
        "Does the Square attack, without gradients, find what the attack with them leaves?",
        "accuracy that Square takes from what stood",
    ),
    "transfer": (
        "Do examples made on another network fool this one more often than those made on its own?",
        "share of images by which they do",
    ),
    "unbounded-survivors": (
        "Does an image stand though the attack may change everything? Every classifier can be fooled then.",
        "share of right images that stand",
    ),
    "loss-still-rising": (
        "Does the loss of images that stand still rise when the attack ends?",
        "share of standing images whose loss does",
    ),
    "found-not-returned": (
        "Did an attack meet an example on its way and return none?",
        "share of images of which that is so",
    ),
}

_OTHERS = {
    "few-false-positives": "Fewer than 10 false positives are expected at this rate, so it is attained by "
    "chance, and with it the true positive rate.",
    "threshold-tuned-on-target": "The threshold was chosen on the very images that it is judged on: an upper "
    "bound of what an attacker with one threshold can do.",
    "interval-unbounded": "Too few images for an end of the interval.",
}
_OTHERS |= {name: f"{words[0].upper()}{words[1:]}." for name, words in TRAINING_SPLIT_FLAGS.items()}
_NOT_RESOLVABLE = "not-resolvable-fpr-"


def check_words(name: str) -> tuple[str, str] | None:
    """What the check of the name, or the one that raised the flag, asks, and what its number is; None if it
    is not known."""
    short = name.removeprefix(MASKING)
    return next((words for beginning, words in CHECKS.items() if short.startswith(beginning)), None)


def flag_words(flag: str) -> str | None:
    """What a flag of a measured number says; None if it is not known."""
    if flag.startswith(_NOT_RESOLVABLE):
        rate = flag.removeprefix(_NOT_RESOLVABLE)
        return (
            f"There are too few non-members for a false positive rate of {rate}: not even one of them would "
            "be expected among the positives, so no true positive rate is given there."
        )
    if flag.startswith(MASKING):
        check = check_words(flag)
        return "A sign of masked gradients." + (f" {check[0]}" if check else "")
    return _OTHERS.get(flag)


def of_masking(flags: Iterable[str] | None) -> list[str]:
    """Those that are signs of masked gradients, in order."""
    return sorted({flag for flag in flags or () if flag.startswith(MASKING)})


def explained(flag: str, of_sources: Mapping[str, str]) -> str:
    """The meaning of any flag: of the audit report's, else of a measured number's."""
    return of_sources.get(flag) or flag_words(flag) or "no explanation in the audit report"
