from __future__ import annotations

import pytest

from sngen.catalog.markdown_tables import link_target, read_tables
from sngen.errors import DataProblem

TEXT = r"""# Top
words | with a pipe

## First
| A | B |
|:--|--:|
| a \| b | |
|c|[x](http://y/z)|
words

```
| not | a table |
|-----|---------|
```
## Second
| C |
|---|
"""


def test_tables_with_heading_lines_and_cells() -> None:
    first, second = read_tables(TEXT, "f.md")
    assert (first.heading, first.line, first.header) == ("First", 5, ("A", "B"))
    assert first.rows == ((7, ("a | b", "")), (8, ("c", "[x](http://y/z)")))
    assert (second.heading, second.header, second.rows) == ("Second", ("C",), ())


def test_rows_of_another_length_are_all_named() -> None:
    text = "## T\n| A | B |\n|---|---|\n| a |\n| a | b |\n| a | b | c |\n"
    with pytest.raises(DataProblem) as raised:
        read_tables(text, "f.md")
    assert raised.value.problems == [
        "f.md, line 4: found 1 cells, expected 2, one per column of the table 'T'; the row begins 'a'",
        "f.md, line 6: found 3 cells, expected 2, one per column of the table 'T'; the row begins "
        "'a | b | c'",
    ]


@pytest.mark.parametrize(
    ("cell", "target"),
    [
        ("[Link](https://a.org/b?c=d)", "https://a.org/b?c=d"),
        ("[Paper](A title (mlr.press))", "A title (mlr.press)"),
        ("[Link]()", ""),
        ("https://a.org", None),
        ("see [Link](https://a.org)", None),
        ("", None),
    ],
)
def test_links(cell: str, target: str | None) -> None:
    assert link_target(cell) == target
