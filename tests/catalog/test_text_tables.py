from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sngen.catalog.reported import reported_score
from sngen.catalog.text_tables import format_table, parse_table, read_table, write_table
from sngen.errors import DataProblem
from sngen.schema import MODELS, SCORES

M = MODELS.c

_WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(lambda t: t == t.strip())
_TEXTS = st.lists(_WORDS.filter(lambda t: ";" not in t), min_size=1, max_size=3)
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                M.model_id: _WORDS, M.name: _WORDS, M.year: st.none() | st.integers(),
                M.mean: st.none() | st.lists(_FLOATS, min_size=1, max_size=3), M.flags: st.none() | _TEXTS,
                M.weights_inferred: st.none() | st.booleans(), M.source_id: _WORDS, M.dataset_id: _WORDS,
            }
        ),
        min_size=1,
        unique_by=lambda row: row[M.model_id],
    )
)  # fmt: skip
def test_what_is_written_is_read_back(rows: list[dict[str, object]]) -> None:
    complete = [MODELS.row(**row) for row in rows]
    read, problems = parse_table(MODELS, format_table(MODELS, complete), "models.csv")
    assert problems == []
    assert read == sorted(complete, key=lambda row: row[M.model_id])


def test_the_form_diffs_well(tmp_path: Path) -> None:
    rows = [
        SCORES.row(score_id="b", model_id="m", value=0.1, n=3),
        SCORES.row(score_id="a", model_id="m,x", value=1e-07, code_dirty=True, flags=["one", "two"]),
    ]
    write_table(SCORES, rows, tmp_path / "scores.csv")
    assert (tmp_path / "scores.csv").read_bytes() == (
        b'score_id,model_id,value,n,flags,code_dirty\na,"m,x",1e-07,,one;two,true\nb,m,0.1,3,,\n'
    )
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_rows_know_their_line_also_after_a_cell_of_several_lines() -> None:
    text = 'model_id,name,source_id,dataset_id,note\na,A,s,d,"two\nlines"\n\nb,B,s,d,\n'
    rows, problems = parse_table(MODELS, text.encode(), "models.csv")
    assert problems == []
    assert [row.place for row in rows] == ["models.csv, line 2", "models.csv, line 5"]


def test_every_malformed_cell_is_named(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    path.write_text(
        "model_id,name,source_id,dataset_id,year,mean,weights_inferred\n"
        "a,A,s,d,2O16,0.5;nan,yes\n"
        "b, B,s,d,2016.0,1e999,false\n"
        "c,C,s\n"
    )
    with pytest.raises(DataProblem) as raised:
        read_table(MODELS, path)
    assert [problem.removeprefix(f"{path}, ") for problem in raised.value.problems] == [
        "line 2, table models, row a, column year: found '2O16', expected a whole number in [1990, 2100], or "
        "null",
        "line 2, table models, row a, column mean: found '0.5;nan', expected a list of numbers, or null",
        "line 2, table models, row a, column weights_inferred: found 'yes', expected true or false, or null",
        "line 3, table models, row b, column name: found ' B', expected text",
        "line 3, table models, row b, column year: found '2016.0', expected a whole number in [1990, 2100], "
        "or null",
        "line 3, table models, row b, column mean: found '1e999', expected a list of numbers, or null",
        "line 4, table models: found 3 cells, expected 7, one per header column",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "found no header"),
        (b"model_id,name,source_id,datset_id\n", "(nearest: dataset_id)"),
        (b"model_id,name\n", "column source_id: found no such column"),
        (b"model_id,name,name,source_id,dataset_id\n", "column name: found the column twice"),
        (b"model_id,name,source_id,dataset_id\na,\xff,s,d\n", "found byte 37 that is not UTF-8"),
        (b'model_id,name,source_id,dataset_id\na,"A" B,s,d\n', "line 2, table models: found malformed CSV"),
    ],
)
def test_files_that_are_no_such_table(content: bytes, words: str) -> None:
    _, problems = parse_table(MODELS, content, "models.csv")
    assert [str(problem) for problem in problems if words in str(problem)], [str(p) for p in problems]


def test_a_spreadsheets_marks_are_no_problem() -> None:
    text = "\ufeffmodel_id,name,source_id,dataset_id\r\na,Ä,s,d\r\n"
    rows, problems = parse_table(MODELS, text.encode(), "models.csv")
    assert (problems, rows[0][M.model_id], rows[0][M.name]) == ([], "a", "Ä")


def test_a_list_element_that_holds_the_separator_is_refused() -> None:
    with pytest.raises(ValueError, match="one with ';'"):
        format_table(MODELS, [MODELS.row(model_id="a", flags=["x;y"])])


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "models.csv"
    write_table(MODELS, [MODELS.row(model_id="a", name="A")], path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="cannot be written"):
        write_table(MODELS, [MODELS.row(model_id="a", name=object())], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_name_of_a_score_is_not_written_and_follows_from_its_cells() -> None:
    row = reported_score("s", "s/m", "d", ("utility", "clean", "test", "accuracy"), 0.5, source_column="acc")
    content = format_table(SCORES, [row])
    assert b"score_id" not in content
    assert parse_table(SCORES, content, "f") == ([row], [])
    rows, _ = parse_table(SCORES, content, "f", only={SCORES.c.score_id, SCORES.c.value})
    assert rows == [{SCORES.c.score_id: row[SCORES.c.score_id], SCORES.c.value: 0.5}]
    odd = {**row, SCORES.c.score_id: "another:name"}
    assert b"another:name" in format_table(SCORES, [odd])  # for the check to find
