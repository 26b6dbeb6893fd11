"""The query language of ``sngen models``, ``sngen.models(...)`` and the site's search box.

A query is a list of terms, separated by white space; a model is found if **all** of them hold.

=====================  ================================================================================
``field=value``        equal; in a text ``*`` stands for any characters: ``name=resnet*``
``field!=value``       not equal, or unknown
``field>=1``           also ``>``, ``<``, ``<=``; of numbers only; ``≥ ≤ ≠ ==`` mean what they seem to
``field=0.9..0.96``    a range with both ends; ``2020..`` and ``..2015`` are open; of numbers only
``field=a,b``          any of the values; with ``!=`` none of them; each may be a range or have a ``*``
``field~words``        the text contains the words, side by side; of texts only
``field=known``        there is a value; ``field=unknown``: there is none
``words``              each bare word occurs in name, id, architecture, type, paper title or publisher;
                       one that names a dataset, a category or a training kind stands for that condition
=====================  ================================================================================

* Letter case never matters. White space around an operator and after a comma does not either.
* A value or a bare word with spaces or commas stands in quotes, ``"…"`` or ``'…'``: a quote counts where
  a value begins. A value in quotes is never a range, a list, ``known`` or ``unknown``.
* ``field:value`` is ``field=value`` where ``field`` is a field; else it is a bare word.
* Field names: ``sngen.search.fields``; ``-`` may stand for ``_``.
* A field that holds a list (countries, flags) is equal to, contains or exceeds a value if one element does;
  it is ``!=`` if none is equal. An empty list is unknown.
* Numbers: ``0.9``, ``90%`` (of fractions), ``8/255``, ``25M`` (k, M, G). One outside the field's range is a
  mistake, because ``accuracy=90`` would otherwise find nothing without a word.
* Where a field's words are closed (``purpose``, and ``dataset``, ``evaluated_on``, ``source``,
  ``category``, ``type`` by what the table holds), a word that is none of them is a mistake; spaces, ``-``
  and ``_`` are the same there. Datasets may be written in any spelling of the vocabulary. A word of the
  vocabulary counts before ``known`` and ``unknown``.
* A bare ``AND`` in capitals says nothing; ``OR`` and ``NOT`` are mistakes, as is a field's name alone (and
  another name of a field of numbers): a shell takes the rest of ``year>=2020`` for a file unless it stands
  in quotes.
* Rows are (model, dataset). Without a term on ``evaluated_on`` only rows with the model's own dataset are
  looked at, and one row of each model that has none.

The normal form (``Query.text``) is the query with fields by their names, datasets by their ids, closed
words as in the vocabulary, numbers as Python writes them, lists without repetitions, one space between
terms, and quotes only where they are needed.

``tests/search/cases.json`` with ``tests/search/rows.json`` is what every implementation must agree with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from sngen.errors import UsageError
from sngen.search.fields import EVALUATED_ON, NAMED_BY_WORD, Field, find_field, unknown_field
from sngen.search.values import Known, Value, ValueProblem, Word, read_value, value_text

OPERATORS = {"==": "=", "≥": ">=", "≤": "<=", "≠": "!="}
_SPACE = re.compile(r"\s*")
_TERM = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)(\s*(?:==|!=|>=|<=|[=><~≥≤≠])|:)\s*")
_RUN = re.compile(r"[^\s,]*")
_WORD = re.compile(r"\S+")
_COMMA = re.compile(r"\s*,\s*")
QUOTES = "\"'"


class Names(Protocol):
    """What the table says of words: see ``sngen.search.names``."""

    def resolve(self, field: Field, word: str) -> str:
        """The word of the vocabulary or table. Raises ``ValueProblem`` if there is none."""


class QueryProblem(UsageError):
    """A query that cannot be understood. ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Term:
    """One condition. ``field`` is None for a bare word, whose operator is ``~``."""

    field: Field | None
    operator: str
    values: tuple[Value, ...]

    @property
    def text(self) -> str:
        values = ",".join(value_text(value, bare=self.field is None) for value in self.values)
        return values if self.field is None else f"{self.field.name}{self.operator}{values}"


@dataclass(frozen=True)
class Query:
    terms: tuple[Term, ...] = ()

    @property
    def text(self) -> str:
        """The normal form."""
        return " ".join(dict.fromkeys(term.text for term in self.terms))

    @property
    def fields(self) -> list[Field]:
        """Fields that it asks for, in order."""
        return list({term.field.name: term.field for term in self.terms if term.field is not None}.values())

    @property
    def every_dataset(self) -> bool:
        """Whether rows of all datasets are searched, not only of the models' own."""
        return any(field.name == EVALUATED_ON.name for field in self.fields)


def parse(text: str, names: Names) -> Query:
    """Raises ``QueryProblem`` with every mistake in the text."""
    terms: list[Term] = []
    problems: list[str] = []
    position = _SPACE.match(text, 0).end()  # type: ignore[union-attr]
    while position < len(text):
        try:
            term, position = _term(text, position, names)
            if term is not None:
                terms.append(term)
        except _Mistake as mistake:
            problems.append(mistake.words)
            position = mistake.end
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]
    if problems:
        raise QueryProblem(problems)
    return Query(tuple(terms))


class _Mistake(Exception):
    """``end`` is where reading goes on."""

    def __init__(self, words: str, end: int) -> None:
        self.words, self.end = words, end


def _term(text: str, start: int, names: Names) -> tuple[Term | None, int]:
    match = _TERM.match(text, start)
    if match is None or (match[2] == ":" and find_field(match[1]) is None):
        return _bare(text, start, names)
    operator = match[2].strip().replace(":", "=")
    operator = OPERATORS.get(operator, operator)
    elements, end = _elements(text, match.end())
    field = find_field(match[1])
    if field is None:
        raise _Mistake(unknown_field(match[1]), end)
    if any(not word and not quoted for word, quoted in elements):
        raise _Mistake(f"{match[0].strip()!r} has no value; write for example {_example(field)}", end)
    if operator in {">", ">=", "<", "<="} and len(elements) > 1:
        raise _Mistake(f"{field.name}{operator} takes one value, found {len(elements)}", end)
    try:
        values = [read_value(field, operator, word, quoted, names.resolve) for word, quoted in elements]
    except ValueProblem as problem:
        raise _Mistake(str(problem), end) from problem
    return Term(field, operator, tuple(dict.fromkeys(values))), end


def _elements(text: str, start: int) -> tuple[list[tuple[str, bool]], int]:
    """Values separated by commas, each with whether it stood in quotes, and where they end."""
    elements = []
    while True:
        element, start = _element(text, start)
        elements.append(element)
        comma = _COMMA.match(text, start)
        if comma is None:
            return elements, start
        start = comma.end()


def _element(text: str, start: int) -> tuple[tuple[str, bool], int]:
    if text[start : start + 1] and text[start] in QUOTES:
        return _quoted(text, start)
    run = _RUN.match(text, start)
    assert run is not None
    return (run[0], False), run.end()


def _quoted(text: str, start: int) -> tuple[tuple[str, bool], int]:
    close = text.find(text[start], start + 1)
    if close < 0:
        raise _Mistake(f"the quote before {text[start + 1 : start + 21]!r} is not closed", len(text))
    end = close + 1
    if end < len(text) and not text[end].isspace() and text[end] != ",":
        rest = _WORD.match(text, end)
        assert rest is not None
        raise _Mistake(f"{rest[0]!r} follows a closing quote; a space or a comma should", rest.end())
    return (text[start + 1 : close], True), end


def _bare(text: str, start: int, names: Names) -> tuple[Term | None, int]:
    if text[start] in QUOTES:
        (word, _), end = _quoted(text, start)
        if not word.strip():
            raise _Mistake("empty quotes; write the words to look for", end)
        word = word.strip()
        return Term(None, "~", (Word(word, named=_named(word, names) is not None),)), end
    match = _WORD.match(text, start)
    assert match is not None
    word, end = match[0], match.end()
    if word == "AND":
        return None, end
    if word in {"OR", "NOT"}:
        raise _Mistake(
            f"{word} is not part of the language; alternatives are written field=a,b and exclusions field!=a",
            end,
        )
    field = find_field(word)
    if field is not None and field.is_named_alone(word):
        raise _Mistake(
            f"{word!r} is the name of a field and no condition; write for example {_example(field)}, in "
            f'quotes on a command line because a shell takes > and < for files, or "{word}" with its '
            f"double quotes to look for the word itself",
            end,
        )
    if word[0] in "=<>!~≥≤≠":
        raise _Mistake(f"{word!r} has no field before it; write field{word}", end)
    return _named(word, names) or Term(None, "~", (Word(word),)), end


def _named(word: str, names: Names) -> Term | None:
    """The condition that a bare word stands for: ``CIFAR-10`` is ``dataset=cifar10``."""
    for field in NAMED_BY_WORD if "*" not in word else ():
        try:
            return Term(field, "=", (Word(names.resolve(field, word)),))
        except ValueProblem:
            continue
    return None


def _example(field: Field) -> str:
    column = field.column
    if field.kind == "truth":
        return f"'{field.name}=true'"
    if field.kind == "number":
        number = "2020" if column.minimum == 1990 else "0.9" if column.unit == "fraction" else "10"
        return f"'{field.name}>={number}'"
    return f"'{field.name}={column.allowed[0]}'" if column.allowed else f"'{field.name}=...'"


__all__ = ["Known", "Names", "Query", "QueryProblem", "Term", "parse"]
