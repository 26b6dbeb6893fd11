"""Values of a query: words, numbers, ranges, known and unknown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from sngen.search.fields import Field, find_field

_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_PLAIN = re.compile(_NUMBER)
_PERCENT = re.compile(rf"({_NUMBER})%")
_SCALED = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))([kKmMgG])")
_RATIO = re.compile(rf"({_NUMBER})/({_NUMBER})")
_POWERS = {"k": "e3", "m": "e6", "g": "e9"}
_NEEDS_QUOTES = re.compile(r"[\s,]|^[\"'=<>!~≥≤≠:]|^$")
_LIKE_TERM = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\s*(==|!=|[=><~≥≤≠])")
COMPARISONS = frozenset((">", ">=", "<", "<="))


class ValueProblem(Exception):
    """A value that its field cannot have, in words."""


@dataclass(frozen=True)
class Word:
    """A text to compare with; ``*`` in it stands for any characters. ``named``: as a bare word without
    quotes it would stand for a condition."""

    text: str
    named: bool = False


@dataclass(frozen=True)
class Number:
    value: float


@dataclass(frozen=True)
class Range:
    """Inclusive; None is open."""

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Truth:
    value: bool


@dataclass(frozen=True)
class Known:
    value: bool


Value = Word | Number | Range | Truth | Known


def read_value(
    field: Field, operator: str, word: str, quoted: bool, resolve: Callable[[Field, str], str]
) -> Value:
    """The value that ``word`` stands for in ``field``. Raises ``ValueProblem``."""
    if operator in COMPARISONS and field.kind != "number":
        what = "a text" if field.kind == "text" else "true or false"
        raise ValueProblem(
            f"{field.name} is {what}; it can be compared with =, != and ~, not with {operator}"
        )
    if operator == "~" and field.kind != "text":
        raise ValueProblem(f"{field.name} is no text; it can be compared with = and ranges, not with ~")
    keyword = None if quoted or operator not in {"=", "!="} else word.lower()
    own_word = field.column.allowed is not None and keyword in field.column.allowed
    if keyword in {"known", "unknown"} and not own_word:
        return Known(keyword == "known")
    if field.kind == "number":
        return _number_or_range(field, operator, word, quoted)
    if field.kind == "truth":
        return _truth(field, word)
    if operator == "~":
        return Word(word.strip())
    return Word(resolve(field, word.strip()))


def _truth(field: Field, word: str) -> Truth:
    if word.lower() not in {"true", "false"}:
        raise ValueProblem(f"{field.name} is true or false, found {word!r}")
    return Truth(word.lower() == "true")


def _number_or_range(field: Field, operator: str, word: str, quoted: bool) -> Number | Range:
    low, dots, high = word.partition("..")
    if quoted or not dots:
        return Number(_number(field, word))
    if operator in COMPARISONS:
        raise ValueProblem(f"{field.name}{operator} takes one number; a range is written {field.name}={word}")
    if not low and not high:
        raise ValueProblem(f"{field.name}={word} has no end; write for example {field.name}=known")
    ends = [_number(field, part) if part else None for part in (low, high)]
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        raise ValueProblem(f"{field.name}={word} is empty: {low} is more than {high}; write {high}..{low}")
    return Range(ends[0], ends[1])


def _number(field: Field, word: str) -> float:
    column = field.column
    value = _read_number(word)
    is_fraction = column.unit == "fraction"
    if value is None or (word.endswith("%") and not is_fraction):
        hint = ""
        if re.fullmatch(rf"{_NUMBER}-{_NUMBER}", word):
            hint = f"; a range is written {word.replace('-', '..', 1)}"
        elif word.endswith("%"):
            hint = "; % is only for fractions"
        raise ValueProblem(
            f"{field.name} is {column.expectation.removesuffix(', or null')}, found {word!r}{hint}"
        )
    below = column.minimum is not None and value < column.minimum
    above = column.maximum is not None and value > column.maximum
    if below or above:
        if is_fraction:
            bounds = f"a fraction in [{column.minimum:g}, {column.maximum:g}]"
            likely = 1 < value <= 100 and not word.endswith("%")
            hint = f"; write {number_text(_shifted(word))} or {word}%" if likely else ""
            raise ValueProblem(f"{field.name} is {bounds}{hint}; found {word!r}")
        expected = column.expectation.removesuffix(", or null")
        raise ValueProblem(f"{field.name} is {expected}, found {word!r}")
    return value


def _read_number(word: str) -> float | None:
    """Decimal text is shifted as text, so that 93.1% is the very number that 0.931 is."""
    if _PLAIN.fullmatch(word):
        value = float(word)
    elif match := _PERCENT.fullmatch(word):
        value = _shifted(match[1])
    elif match := _SCALED.fullmatch(word):
        value = float(match[1] + _POWERS[match[2].lower()])
    elif (match := _RATIO.fullmatch(word)) and float(match[2]) != 0:
        value = float(match[1]) / float(match[2])
    else:
        return None
    return value if math.isfinite(value) else None


def _shifted(word: str) -> float:
    mantissa, _, exponent = word.lower().partition("e")
    return float(f"{mantissa}e{int(exponent or 0) - 2}")


def number_text(value: float) -> str:
    """Whole numbers without a point, others as Python writes them."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def value_text(value: Value, bare: bool = False) -> str:
    """The value in a query's normal form."""
    match value:
        case Number():
            return number_text(value.value)
        case Range():
            return "..".join("" if end is None else number_text(end) for end in (value.low, value.high))
        case Truth():
            return "true" if value.value else "false"
        case Known():
            return "known" if value.value else "unknown"
        case Word():
            return quoted_text(value.text, bare, value.named)


def quoted_text(word: str, bare: bool = False, named: bool = False) -> str:
    """The word, in quotes if it would be read as something else without them."""
    field = find_field(word.partition(":")[0]) if bare else None
    of_field = field is not None and (":" in word or field.is_named_alone(word))
    reserved = bare and (named or of_field or word in {"AND", "OR", "NOT"} or _LIKE_TERM.match(word))
    keyword = not bare and word.lower() in {"known", "unknown"}
    if not (_NEEDS_QUOTES.search(word) or reserved or keyword):
        return word
    mark = "'" if '"' in word else '"'
    return f"{mark}{word}{mark}"
