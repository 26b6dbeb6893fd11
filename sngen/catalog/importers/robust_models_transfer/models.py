"""The networks, from the tables of the README: a cell is ``[accuracy](address of the checkpoint)``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sngen.catalog.identifiers import dotted_slug, model_id
from sngen.catalog.markdown_tables import MarkdownTable, link_target, read_tables
from sngen.catalog.reported import eps_value, fraction_of_percent, reported_score, with_source_words
from sngen.catalog.rules import Change, Flag, Rule, SourceRow, flag, rule
from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.schema import MODELS
from sngen.validation import show

SOURCE_ID = "robust-models-transfer"
README = "README.md"
OWNER = "microsoft"
PAPER_TITLE = "Do Adversarially Robust ImageNet Models Transfer Better?"
#: The README cites the preprint; the paper appeared at NeurIPS.
PAPER = {
    MODELS.c.paper_title: PAPER_TITLE, MODELS.c.paper_url: "https://arxiv.org/abs/2007.08489",
    MODELS.c.authors: "Hadi Salman, Andrew Ilyas, Logan Engstrom, Ashish Kapoor, Aleksander Madry",
    MODELS.c.num_authors: 5, MODELS.c.year: 2020,
}  # fmt: skip
VENUE = "NeurIPS"
#: Where the authors published the same files after the links had expired; the card states the licence.
HUB = "madrylab/robust-imagenet-models"
HUB_LICENSE = "MIT"

ARCHITECTURE, DATASET, NORM, EPS, ACCURACY, ADDRESS, FILE, COLUMN, HUB_ID = (
    "Model", "dataset of the heading", "norm", "eps", "accuracy", "address", "file", "column", "hub"
)  # fmt: skip
#: What stands for the signature of an address: an access token is not repeated, not even an expired one.
SIGNATURE = "signature"
#: What the tables have in their first column's header.
_FIRST_COLUMN = "Model"
_HEADING = re.compile(r"Standard Accuracy of (?P<norm>\S+)-Robust (?P<dataset>\S+) Models")
_EPS_COLUMN = re.compile(r"&epsilon;=(?P<eps>\d+(\.\d+)?)(?P<pixels>/255)?")
_FILE = re.compile(r"(?P<architecture>[a-z0-9_]+)_(?P<norm>l2|linf)_eps(?P<eps>\d+(\.\d+)?)\.ckpt")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_CELL = re.compile(r"\[(?P<accuracy>[^\]]*)\]\(")
_NORMS = {"L2": "l2", "Linf": "linf"}


def read_models(file: UpstreamFile, lookup: Lookup) -> list[SourceRow]:
    """One row per cell of the tables; problems go to ``lookup``."""
    rows = [
        row
        for table in read_tables(with_outer_pipes(file.text), file.path)
        if table.header[0] == _FIRST_COLUMN
        for row in _cells(table, file.path, lookup)
    ]
    if not rows:
        lookup.problems.append(
            f"{file.path}: found no table of models, expected a header '|Model|&epsilon;=...'"
        )
    first: dict[str, SourceRow] = {}
    for row in rows:
        earlier = first.setdefault(row.row_id, row)
        if earlier is not row:
            lookup.problems.append(
                f"{row.place}: found {row[FILE]} a second time (first: {earlier.place}), expected it once"
            )
    return rows


def with_outer_pipes(text: str) -> str:
    """Lines of a table that begin without a pipe get one, so that lines keep their numbers."""
    lines, inside = [], False
    for line in text.split("\n"):
        inside = line.lstrip().startswith("|") or (inside and "|" in line)
        lines.append(f"|{line}" if inside and not line.lstrip().startswith("|") else line)
    return "\n".join(lines)


def _cells(table: MarkdownTable, path: str, lookup: Lookup) -> Iterator[SourceRow]:
    place = f"{path}, line {table.line}"
    heading = _HEADING.fullmatch(table.heading)
    columns = [_EPS_COLUMN.fullmatch(name) for name in table.header[1:]]
    if heading is None or heading["norm"] not in _NORMS:
        expected = "'Standard Accuracy of L2-Robust ... Models', or Linf"
        lookup.problems.append(f"{place}: found the heading {show(table.heading)}, expected {expected}")
        return
    if None in columns:
        found = ", ".join(table.header)
        lookup.problems.append(f"{place}: found the columns {found}, expected Model and then &epsilon;=...")
        return
    dataset_id = lookup.dataset(heading["dataset"], place)
    for line, (architecture, *cells) in table.rows:
        for column, name, cell in zip(columns, table.header[1:], cells, strict=True):
            where = f"{path}, line {line}, column {name!r}"
            values = _cell(cell, heading["norm"], column, where, lookup)
            if values is not None:
                named = {
                    ARCHITECTURE: architecture, MODELS.c.dataset_id: dataset_id, DATASET: heading["dataset"],
                    NORM: heading["norm"], COLUMN: name,
                }  # fmt: skip
                row_id = model_id(SOURCE_ID, dotted_slug(values[FILE].removesuffix(".ckpt")))
                yield SourceRow(where, line, {**values, **named}, row_id)


def _cell(
    cell: str, norm: str, column: re.Match[str] | None, where: str, lookup: Lookup
) -> dict[str, Any] | None:
    """Accuracy, address (without an access token), file and bound; the file's name must say what the column
    says."""
    accuracy, address = _CELL.match(cell), link_target(cell)
    number = accuracy["accuracy"] if accuracy else ""
    if column is None or address is None or not _NUMBER.fullmatch(number) or float(number) > 100:
        lookup.problems.append(f"{where}: found {show(cell)}, expected [percentage](address)")
        return None
    parts = urlsplit(address)
    name = PurePosixPath(parts.path).name
    file = _FILE.fullmatch(name)
    if file is None or file["norm"] != _NORMS[norm] or Decimal(file["eps"]) != Decimal(column["eps"]):
        expected = f"a file ..._{_NORMS[norm]}_eps{column['eps']}.ckpt"
        lookup.problems.append(f"{where}: found a link to {show(name)}, expected {expected}")
        return None
    eps = column["eps"] + (column["pixels"] or "")
    if "sig=" in parts.query:
        address = parts._replace(query=SIGNATURE).geturl()
    return {ACCURACY: number, ADDRESS: address, FILE: name, EPS: eps}


@rule("access-token-removed")
def access_token_removed(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The links are signed addresses of a cloud store, whose access ended on 2021-10-05 as they say
    themselves. The signature is removed; the rest of the address is kept among the source's words."""
    for row in rows:
        parts = urlsplit(row[ADDRESS])
        if parts.query == SIGNATURE:
            yield Change(row, ADDRESS, parts._replace(query="").geturl())


@rule("hub-copy-of-the-file", "derivation")
def hub_copy_of_the_file(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The source's links no longer work. The repository madrylab/robust-imagenet-models on the Hugging Face
    Hub, of two authors' group, has files of the same names and repeats the tables on its card; the
    weights' address, file and licence (MIT, stated on the card) are those. That the bytes are the same is an
    inference from name and table, not verified by a download."""
    for row in rows:
        yield Change(row, HUB_ID, HUB)


@rule("standard-training-at-eps-0", "derivation")
def standard_training_at_eps_0(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The bound 0 is standard training: such a network was defended against nothing, and is the counterpart
    of the others. All others were trained adversarially for the norm and bound of their column."""
    for row in rows:
        standard = float(eps_value(row[EPS])) == 0
        role = "standard-reference" if standard else "adversarially-trained"
        yield Change(row, MODELS.c.security_role, role)
        if not standard:
            yield Change(row, MODELS.c.threat_norm, row[NORM])
            yield Change(row, MODELS.c.threat_eps, row[EPS])


@flag("link-expired-2021-10", whole_row=True)
def link_expired(rows: Sequence[SourceRow]) -> Iterator[tuple[SourceRow, str]]:
    """The source's own link to the weights was a signed one whose access ended in October 2021."""
    for row in rows:
        if "access-token-removed" in row.rules:
            yield row, ADDRESS


RULES: tuple[Rule, ...] = (access_token_removed, hub_copy_of_the_file, standard_training_at_eps_0)
FLAGS: tuple[Flag, ...] = (link_expired,)


def model_row(row: SourceRow, lookup: Lookup) -> dict[str, Any]:
    vocabulary = lookup.vocabulary
    purpose, training_kind = vocabulary.role(row[MODELS.c.security_role])
    publisher, publisher_type = lookup.publisher(OWNER, "owner of the repository")
    venue, venue_type = lookup.venue(VENUE, "venue of the paper")
    eps = row[MODELS.c.threat_eps]
    model = MODELS.row(
        **PAPER, model_id=row.row_id, name=row[FILE], source_id=SOURCE_ID, source_file=README,
        source_row=row.number, task="classification", architecture=row[ARCHITECTURE],
        model_type=vocabulary.model_type(row[ARCHITECTURE]), dataset_id=row[MODELS.c.dataset_id],
        purpose=purpose, training_kind=training_kind, security_role=row[MODELS.c.security_role],
        threat_norm=row[MODELS.c.threat_norm], threat_eps=eps,
        threat_eps_value=None if eps is None else eps_value(eps), publisher=publisher,
        publisher_type=publisher_type, venue=venue, venue_type=venue_type, weights_kind="file",
        weights_url=f"https://huggingface.co/{row[HUB_ID]}/resolve/main/{row[FILE]}",
        weights_hub_id=row[HUB_ID], weights_file=row[FILE], weights_format="torch", weights_inferred=True,
        license=lookup.license(HUB_LICENSE, "card on the Hub"), license_scope="weights",
        flags=row.flags or None,
    )  # fmt: skip
    return with_source_words(
        model, dataset_id=row[DATASET], weights_url=row[ADDRESS], publisher=OWNER,
        threat_eps=row[COLUMN].removeprefix("&epsilon;="),
    )  # fmt: skip


def model_scores(row: SourceRow) -> Iterator[dict[str, Any]]:
    yield reported_score(
        SOURCE_ID, row.row_id, row[MODELS.c.dataset_id], ("utility", "clean", "test", "accuracy"),
        fraction_of_percent(row[ACCURACY]), source_file=README, source_row=row.number,
        source_column=row[COLUMN],
    )  # fmt: skip
