"""``sngen.models``, ``sngen.show`` and ``sngen.cohort``: the search in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sngen.errors import CheckFailed
from sngen.search.cohorts import cohort_folder, find_cohort, resolve_cohort
from sngen.search.fields import Field
from sngen.search.library import Library, open_library
from sngen.search.options import query_of_keywords
from sngen.search.select import Selection, select
from sngen.search.show import about

if TYPE_CHECKING:
    import pandas as pd

Names = str | Sequence[str]
Place = Path | str | None


def models(
    query: str = "",
    *,
    sort: Names = (),
    columns: Names = (),
    limit: int | None = None,
    distinct: bool = False,
    catalog: Place = None,
    results: Sequence[Path | str] = (),
    release: Place = None,
    **conditions: Any,
) -> pd.DataFrame:
    """See ``sngen.models``."""
    library = _library(catalog, results, release)
    text = " ".join(filter(None, (query, query_of_keywords(conditions))))
    return to_frame(select(library, text, _names(sort), _names(columns), limit, distinct))


def show(
    model_id: str, *, catalog: Place = None, results: Sequence[Path | str] = (), release: Place = None
) -> dict[str, Any]:
    """See ``sngen.show``."""
    return about(model_id, _library(catalog, results, release))


def cohort(
    name: str | Path, *, catalog: Place = None, results: Sequence[Path | str] = (), release: Place = None
) -> list[str]:
    """See ``sngen.cohort``."""
    library = _library(catalog, results, release)
    found = resolve_cohort(find_cohort(str(name), cohort_folder(library)), library)
    if found.gone:
        raise CheckFailed(
            f"cohort {found.cohort.hash}: {', '.join(found.gone)} name no model of {library.place}."
        )
    return list(found.present)


def to_frame(selection: Selection) -> pd.DataFrame:
    """Whole numbers ``Int64``, truth values ``boolean``, numbers ``float64``, texts ``str``, lists as lists;
    unknown is ``pd.NA``, NaN or None by type: ask ``pd.isna``."""
    import pandas as pd  # noqa: PLC0415 - half a second that the command does without

    frame = pd.DataFrame(
        {
            field.name: pd.Series(selection.values(field.name), dtype=_dtype(field))
            for field in selection.columns
        }
    )
    frame.attrs["query"] = selection.query.text
    return frame


def _dtype(field: Field) -> Any:
    kinds = {"int": "Int64", "float": "float64", "bool": "boolean", "text": "str"}
    return kinds.get(field.column.kind, "object")


def _names(names: Names) -> Sequence[str]:
    return (names,) if isinstance(names, str) else names


def _library(catalog: Place, results: Sequence[Path | str], release: Place) -> Library:
    return open_library(
        Path(catalog) if catalog is not None else None,
        [Path(folder) for folder in results],
        Path(release) if release is not None else None,
    )
