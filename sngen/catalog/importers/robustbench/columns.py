"""The keys of a file of ``model_info``, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

LINK = "link"
TITLE = "name"
AUTHORS = "authors"
ADDITIONAL_DATA = "additional_data"
FORWARD_PASSES = "number_forward_passes"
DATASET = "dataset"
VENUE = "venue"
ARCHITECTURE = "architecture"
EPS = "eps"
CLEAN = "clean_acc"
CLAIM = "reported"
AUTOATTACK = "autoattack_acc"
EXTERNAL = "external"
CORRUPTIONS = "corruptions_acc"
MCE = "corruptions_mce"
CORRUPTIONS_3D = "corruptions_acc_3d"
MCE_3D = "corruptions_mce_3d"
UNRELIABLE = "unreliable"
FOOTNOTE = "footnote"

REQUIRED = (
    LINK, TITLE, AUTHORS, ADDITIONAL_DATA, FORWARD_PASSES, DATASET, VENUE, ARCHITECTURE, EPS, CLEAN, CLAIM,
)  # fmt: skip
OPTIONAL = (AUTOATTACK, EXTERNAL, CORRUPTIONS, MCE, CORRUPTIONS_3D, MCE_3D, UNRELIABLE, FOOTNOTE)
#: The score that every file of a list must have.
MAIN_SCORE = {"Linf": AUTOATTACK, "L2": AUTOATTACK, "corruptions": CORRUPTIONS}

TEXTS = (LINK, TITLE, AUTHORS, DATASET, VENUE, ARCHITECTURE)
#: What stands in ``reported`` where the authors claim nothing.
NO_CLAIM = (None, "", "null")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_EPS = re.compile(r"\d+(\.\d+)?(/\d+)?")


@dataclass(frozen=True)
class _Kind:
    expected: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None


def _is_percentage(value: Any) -> bool:
    return _is_number(value) and float(value) <= 100


_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_TRUTH = _Kind("true or false", lambda value: isinstance(value, bool))
_PERCENTAGE = _Kind("a percentage in a text, such as 89.69", _is_percentage)
_KINDS: dict[str, _Kind] = {
    **dict.fromkeys(TEXTS, _TEXT),
    **dict.fromkeys((ADDITIONAL_DATA, UNRELIABLE), _TRUTH),
    **dict.fromkeys((CLEAN, AUTOATTACK, EXTERNAL, CORRUPTIONS, CORRUPTIONS_3D), _PERCENTAGE),
    **dict.fromkeys((MCE, MCE_3D), _Kind("a number in a text, such as 60.04", _is_number)),
    FORWARD_PASSES: _Kind("a whole number of at least 1", lambda value: type(value) is int and value > 0),
    FOOTNOTE: _Kind("a text or null", lambda value: value is None or isinstance(value, str)),
    EPS: _Kind(
        'a bound in a text, such as "8/255" or "0.5", or null',
        lambda value: value is None or (isinstance(value, str) and _EPS.fullmatch(value) is not None),
    ),
    CLAIM: _Kind(
        "a percentage in a text, an empty text or null",
        lambda value: value in NO_CLAIM or _is_percentage(value),
    ),
}


def expectation(key: str, value: Any) -> str | None:
    """What was expected in place of ``value``; None where it is fine. Numbers are given as texts."""
    kind = _KINDS[key]
    return None if kind.fits(value) else kind.expected
