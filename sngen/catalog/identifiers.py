"""Identifiers of the catalogue: ``source/part/...``, in lower case, for ever."""

from __future__ import annotations

import re


def slug(text: str) -> str:
    """Lower case, and every run of other characters than letters and digits as one hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def dotted_slug(text: str) -> str:
    """As ``slug``, but dots stay: they tell versions apart (``resnet50.a1_in1k`` is ``resnet50.a1-in1k``)."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")


def model_id(source_id: str, *parts: str) -> str:
    """``model_id("robustbench", "cifar10", "linf", "carmon2019unlabeled")``."""
    return "/".join((source_id, *parts))
