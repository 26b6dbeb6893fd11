"""What words of a query mean in a table: closed words, datasets in any spelling, names that occur."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from sngen.search.fields import DATASET_FIELDS, NAMES_IN_TABLE, Field, folded, nearest
from sngen.search.values import ValueProblem

MOST_LISTED = 8


class TableNames:
    """``occurring``: by field, the values that occur in the table. ``spellings``: spelling -> dataset id."""

    def __init__(self, occurring: Mapping[str, Iterable[str]], spellings: Mapping[str, str]) -> None:
        self._occurring = {name: sorted(set(occurring.get(name, ()))) for name in NAMES_IN_TABLE}
        self._spellings = spellings

    def resolve(self, field: Field, word: str) -> str:
        """The word as the vocabulary or the table has it; a pattern with ``*`` in lower case, checked to
        match something where words are closed. Other texts stay as they are.

        Raises ``ValueProblem`` for a closed field's unknown word, with the nearest ones.
        """
        closed = self._closed(field)
        if closed is None:
            return word
        if "*" in word:
            pattern = wildcard(folded(word))
            if not any(pattern.fullmatch(other) for other in closed):
                raise ValueProblem(_no_such(field, word, sorted(set(closed.values()))))
            return folded(word)
        found = closed.get(folded(word)) or self._dataset(field, word)
        if found is None:
            raise ValueProblem(_no_such(field, word, sorted(set(closed.values()))))
        return found

    def _closed(self, field: Field) -> Mapping[str, str] | None:
        """Folded word -> word of a closed field, None for an open one."""
        if field.column.allowed is not None:
            return {folded(word): word for word in field.column.allowed}
        if field.names_in_table:
            return {folded(word): word for word in self._occurring[field.name]}
        return None

    def _dataset(self, field: Field, word: str) -> str | None:
        if field.name not in DATASET_FIELDS:
            return None
        return self._by_spelling.get(word.lower()) or self._by_letters.get(_letters(word))

    @cached_property
    def _by_spelling(self) -> dict[str, str]:
        return {spelling.lower(): dataset for spelling, dataset in self._spellings.items()}

    @cached_property
    def _by_letters(self) -> dict[str, str]:
        """By letters and digits alone, where these belong to one dataset only."""
        known = [*self._spellings.items()]
        known += [(name, name) for field in DATASET_FIELDS for name in self._occurring[field]]
        found: dict[str, set[str]] = {}
        for spelling, dataset in known:
            found.setdefault(_letters(spelling), set()).add(dataset)
        return {letters: next(iter(ids)) for letters, ids in found.items() if len(ids) == 1}


def wildcard(word: str) -> re.Pattern[str]:
    """``*`` stands for any characters; letter case does not matter."""
    return re.compile(".*".join(map(re.escape, word.split("*"))), re.IGNORECASE | re.DOTALL)


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _no_such(field: Field, word: str, known: list[str]) -> str:
    found = nearest(folded(word), known)
    if found:
        hint = f"nearest: {', '.join(found)}"
    elif len(known) <= MOST_LISTED:
        hint = f"there are {', '.join(known)}" if known else "nothing has one"
    else:
        hint = f"'sngen fields {field.name}' lists them"
    return f"{field.name} has no value {word!r}; {hint}"
