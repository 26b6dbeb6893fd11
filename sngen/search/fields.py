"""What one can search by: every column of the tables leaderboard and models, and a few that are derived."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sngen.errors import UsageError
from sngen.schema import ID_PATTERN, LEADERBOARD, MODELS, ORIGINS, Column

ValueKind = Literal["text", "number", "truth"]

#: Derived fields: how they are made stands in ``sngen.search.table``.
DATASET = Column("dataset", "text", "The model's own dataset: what it classifies.", pattern=ID_PATTERN)
EVALUATED_ON = Column(
    "evaluated_on",
    "text",
    "The dataset of the row's scores. Without a condition on it only the own dataset's rows are searched.",
    pattern=ID_PATTERN,
)
ACCURACY = Column(
    "accuracy", "float", "Test accuracy: the measured one, else the reported one; see accuracy_origin.",
    unit="fraction", minimum=0, maximum=1,
)  # fmt: skip
ACCURACY_ORIGIN = Column("accuracy_origin", "text", "Whose accuracy it is.", allowed=tuple(ORIGINS))
ROBUST_ACCURACY = Column(
    "robust_accuracy", "float",
    "Reported AutoAttack accuracy at the first size of perturbation that the row has one for: L∞ 8/255, "
    "L∞ 4/255, L2 0.5; robust_accuracy_setting says which. Measured ones, on fewer images, are fields of "
    "their own: measured_autoattack_linf_8_255 and its like.",
    unit="fraction", minimum=0, maximum=1,
)  # fmt: skip
ROBUST_SETTING = Column("robust_accuracy_setting", "text", "Norm and size of robust_accuracy.")
SIZE = Column(
    "size", "float", "Number of parameters; where only a rounded one is known, that one.",
    unit="count", minimum=0,
)  # fmt: skip
DERIVED = (
    DATASET, EVALUATED_ON, ACCURACY, ACCURACY_ORIGIN, ROBUST_ACCURACY, ROBUST_SETTING, SIZE,
)  # fmt: skip

#: Other names of fields, because a newcomer types them.
ALIASES = {
    MODELS.c.model_id: ("id",),
    MODELS.c.name: ("model",),
    MODELS.c.model_type: ("type", "family"),
    MODELS.c.source_id: ("source",),
    LEADERBOARD.c.data_category: ("category",),
    LEADERBOARD.c.num_classes: ("classes",),
    MODELS.c.training_kind: ("training",),
    MODELS.c.security_role: ("role",),
    MODELS.c.threat_norm: ("norm",),
    MODELS.c.threat_eps_value: ("eps",),
    MODELS.c.weights_sha256: ("sha256",),
    MODELS.c.paper_title: ("paper", "title"),
    DATASET.name: ("dataset_id",),
    SIZE.name: ("params",),
}  # fmt: skip
#: Fields that bare words are looked for in.
IN_WORDS = frozenset((
    MODELS.c.model_id, MODELS.c.name, MODELS.c.architecture, MODELS.c.model_type, MODELS.c.paper_title,
    MODELS.c.publisher,
))  # fmt: skip
#: Fields whose values are names that occur in the table: a value that does not is a mistake.
NAMES_IN_TABLE = frozenset((
    MODELS.c.model_type, MODELS.c.source_id, LEADERBOARD.c.data_category, DATASET.name, EVALUATED_ON.name,
))  # fmt: skip
#: Fields whose values may be written in any spelling of the table of dataset names.
DATASET_FIELDS = frozenset((DATASET.name, EVALUATED_ON.name))


@dataclass(frozen=True)
class Field:
    """One field: a column of the contract or a derived one, its other names, and how values are compared."""

    column: Column
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def kind(self) -> ValueKind:
        if self.column.kind == "bool":
            return "truth"
        return "number" if self.column.kind in {"int", "float", "ints", "floats"} else "text"

    @property
    def in_words(self) -> bool:
        return self.name in IN_WORDS

    @property
    def names_in_table(self) -> bool:
        return self.name in NAMES_IN_TABLE

    def is_named_alone(self, word: str) -> bool:
        """Whether the bare ``word`` is this field's name with its condition lost, and no word to look for:
        other names of texts (training, paper, title) are ordinary words."""
        return self.kind == "number" or word.lower().replace("-", "_") == self.name

    def as_json(self) -> dict[str, Any]:
        """The definition, for a search box that speaks the same language."""
        column = self.column
        return {
            "name": self.name, "kind": self.kind, "list": column.is_list, "whole": column.kind == "int",
            "unit": column.unit, "minimum": column.minimum, "maximum": column.maximum,
            "allowed": None if column.allowed is None else list(column.allowed),
            "aliases": list(self.aliases), "in_words": self.in_words,
            "names_in_table": self.names_in_table, "is_dataset": self.name in DATASET_FIELDS,
            "named_by_word": self in NAMED_BY_WORD,
            "description": column.description,
        }  # fmt: skip


def _columns() -> Iterator[Column]:
    own = {MODELS.c.dataset_id}  # its name here is ``dataset``: in the leaderboard it is the row's
    yield MODELS.by_name[MODELS.c.model_id]
    yield MODELS.by_name[MODELS.c.name]
    yield from DERIVED
    yield from (column for column in LEADERBOARD if column.name not in own)
    yield from (column for column in MODELS if column.name not in own)


FIELDS: dict[str, Field] = {column.name: Field(column, ALIASES.get(column.name, ())) for column in _columns()}
#: Closed fields of which a bare word that is one of their names stands for the condition.
NAMED_BY_WORD = tuple(
    FIELDS[name] for name in (DATASET.name, MODELS.c.training_kind, LEADERBOARD.c.data_category)
)
_BY_ANY_NAME = {name: field for field in FIELDS.values() for name in (field.name, *field.aliases)}


def find_field(name: str) -> Field | None:
    """By name or other name; letter case does not matter, nor - for _."""
    return _BY_ANY_NAME.get(name.lower().replace("-", "_"))


def field_named(name: str) -> Field:
    """As ``find_field``. Raises ``UsageError`` with the nearest names."""
    field = find_field(name)
    if field is None:
        raise UsageError(f"{unknown_field(name)}.")
    return field


def unknown_field(name: str) -> str:
    found = nearest(name.lower().replace("-", "_"), _BY_ANY_NAME)
    hint = f"; nearest: {', '.join(found)}" if found else ""
    return f"unknown field {name!r}{hint}; 'sngen fields' lists all"


def nearest(word: str, words: Iterable[str], most: int = 3) -> list[str]:
    """The most similar words, best first: those that begin or end alike, and those with few letters apart."""
    known = list(dict.fromkeys(words))
    alike = difflib.get_close_matches(word, known, n=most, cutoff=0.6)
    parts = [other for other in known if len(word) > 2 and (word in other or other in word.split("_"))]
    return list(dict.fromkeys([*alike, *sorted(parts, key=len)]))[:most]


def folded(word: str) -> str:
    """A word as it is compared where names are closed: lower case, - for spaces and underscores."""
    return re.sub(r"[\s_-]+", "-", word.strip().lower())
