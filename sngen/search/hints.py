"""Why nothing was found: terms that no model fulfils by itself, and what was probably meant."""

from __future__ import annotations

from sngen.search.conditions import matching
from sngen.search.fields import FIELDS, NAMES_IN_TABLE, folded, nearest
from sngen.search.query import Query, Term
from sngen.search.select import Selection
from sngen.search.table import SearchTable
from sngen.search.values import Word

#: Values beyond these many are sentences, and none is near another.
MOST_VALUES = 2000


def hints(selection: Selection) -> list[str]:
    """Sentences, one for each term that finds nothing alone; none if something was found."""
    if selection.matched:
        return []
    table, query = selection.table, selection.query
    alone = [term for term in query.terms if not matching(table, Query((term,)))]
    if not alone and len(query.terms) > 1:
        return ["Each condition finds models, but no model fulfils all of them."]
    return [_hint(term, table) for term in alone]


def _hint(term: Term, table: SearchTable) -> str:
    words = [folded(value.text.replace("*", " ")) for value in term.values if isinstance(value, Word)]
    found = [hint for word in words for hint in _meant(term, word, table)]
    return f"No model has {term.text}" + (f"; try {', '.join(found)}." if found else ".")


def _meant(term: Term, word: str, table: SearchTable) -> list[str]:
    """Conditions with a known value near the word: of the term's field, or of any for a bare word."""
    names = sorted(NAMES_IN_TABLE) if term.field is None else [term.field.name]
    hints = []
    for name in names:
        column = FIELDS[name].column
        values: set[str] = set()
        for value in table.column(name):
            if value is not None:
                values.update(value if column.is_list else (value,))
        if column.kind in {"text", "texts"} and len(values) <= MOST_VALUES:
            by_form = {folded(value): value for value in sorted(values)}
            close = nearest(word, by_form) if term.field is not None else [word] * (word in by_form)
            hints += [f"'{name}={by_form[one]}'" for one in close]
    return hints[:3]
