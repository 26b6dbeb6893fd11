"""What is cleaned and inferred in the files of ``model_info``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sngen.catalog.importers.robustbench.columns import (
    AUTHORS,
    CLAIM,
    DATASET,
    EPS,
    FOOTNOTE,
    LINK,
    MCE,
    NO_CLAIM,
    TEXTS,
    TITLE,
    VENUE,
)
from sngen.catalog.importers.robustbench.entries import DATASET_FOLDER, THREAT
from sngen.catalog.rules import Change, Rule, SourceRow, rule
from sngen.schema import MODELS, NORMS

#: Files of the checkpoint, joined: two rows that have the same one are listings of the same weights.
CHECKPOINT = "files of the checkpoint"
#: The title of a model that no publication stands behind.
STANDARD = "Standardly trained model"
NOT_APPLICABLE = "N/A"
_GITHUB = re.compile(r"https?://(www\.)?github\.com/")
_TRAINED_FOR = re.compile(r"Trained for (?P<norm>Linf|L2) robustness with eps = (?P<eps>\d+(\.\d+)?(/\d+)?)")
_MARKUP = (
    (re.compile(r"<a href=\"([^\"]*)\">(.*?)</a>"), r"\2 (\1)"),
    (re.compile(r"(?<=[.,;])\s*<br>\s*"), " "),
    (re.compile(r"\s*<br>\s*"), ". "),
    (re.compile(r"\\\(\s*\\ell_\{?\\infty\}?\s*\\\)"), "Linf"),
    (re.compile(r"\\\(\s*\\ell_\{?2\}?\s*\\\)"), "L2"),
    (re.compile(r"\\\(\s*\\varepsilon = ([^)\\]+?)\s*\\\)"), r"eps = \1"),
)


@rule("white-space-removed")
def white_space_removed(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Spaces and line ends before and after a text are removed (a title ends in a line end, four begin with
    a space)."""
    for row in rows:
        for key in TEXTS:
            yield Change(row, key, row[key].strip())


@rule("markup-replaced")
def markup_replaced(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """HTML and TeX, meant for the leaderboard's web page, are replaced by what they show: line breaks in
    three venues, and in footnotes line breaks, links and the signs of norms and bounds."""
    for row in rows:
        for key in (VENUE, FOOTNOTE):
            text = row[key]
            for pattern, shown in _MARKUP if text else ():
                text = pattern.sub(shown, text)
            yield Change(row, key, text or None)


@rule("claim-not-stated")
def claim_not_stated(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """ "reported", the accuracy that the authors claim, is empty, or the text "null", where they claim none:
    no number. 22 rows, with the one that is null."""
    for row in rows:
        if row[CLAIM] in NO_CLAIM:
            yield Change(row, CLAIM, None)


@rule("not-a-publication")
def not_a_publication(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Where the venue is "N/A", no publication stands behind the model: it is the standardly trained network
    that the defences are compared with. Its title, link ("https://github.com/RobustBench/robustbench/") and
    authors ("Torchvision") are none of a paper, and are emptied; the source's words are kept beside them."""
    for row in rows:
        if row[VENUE] == NOT_APPLICABLE:
            for key in (VENUE, TITLE, LINK, AUTHORS):
                yield Change(row, key, None)


@rule("paper-link-is-code")
def paper_link_is_code(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The paper's link leads to a repository on GitHub (the three of MadryLab/robustness). It is no paper,
    and is emptied; the address is kept among the source's words."""
    for row in rows:
        if row[LINK] and _GITHUB.match(row[LINK]):
            yield Change(row, LINK, None)


@rule("dataset-from-folder")
def dataset_from_folder(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The field "dataset" of five files says cifar10, but they lie in the folder cifar100, and the model zoo
    has their checkpoints in its list for CIFAR-100. The folder counts."""
    for row in rows:
        yield Change(row, DATASET, row[DATASET_FOLDER])


@rule("standard-reference", "derivation")
def standard_reference(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The title of five files is "Standardly trained model": they are what defended models are compared
    with. So is AlexNet, by which the mean corruption error is defined: its own is exactly 100."""
    for row in rows:
        if row[TITLE] == STANDARD or (row[MCE] is not None and float(row[MCE]) == 100):
            yield Change(row, MODELS.c.security_role, "standard-reference")


@rule("threat-from-list", "derivation")
def threat_from_list(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A model in the list of a norm was defended against perturbations of that norm, at the bound "eps" that
    its file gives. The standardly trained ones were defended against nothing: there the bound only says what
    they were attacked with."""
    for row in rows:
        if row[THREAT] in NORMS and row[MODELS.c.security_role] is None:
            yield Change(row, MODELS.c.threat_norm, row[THREAT])
            yield Change(row, MODELS.c.threat_eps, row[EPS])


@rule("threat-from-footnote", "derivation")
def threat_from_footnote(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """For eight models in the lists of common corruptions the footnote says for which norm and bound they
    were trained."""
    for row in rows:
        match = _TRAINED_FOR.search(row[FOOTNOTE] or "")
        if match is not None and row[THREAT] not in NORMS:
            yield Change(row, MODELS.c.threat_norm, match["norm"])
            yield Change(row, MODELS.c.threat_eps, match["eps"])


@rule("threat-from-same-checkpoint", "derivation")
def threat_from_same_checkpoint(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """A model in a list of common corruptions whose checkpoint is the very file of a model in the list of a
    norm was defended against what that one was defended against."""
    defended = {row[CHECKPOINT]: row for row in rows if row[CHECKPOINT] and row[THREAT] in NORMS}
    for row in rows:
        same = defended.get(row[CHECKPOINT])
        if same is not None and row[THREAT] not in NORMS and row[MODELS.c.threat_norm] is None:
            yield Change(row, MODELS.c.threat_norm, same[MODELS.c.threat_norm])
            yield Change(row, MODELS.c.threat_eps, same[MODELS.c.threat_eps])


@rule("bound-without-norm")
def bound_without_norm(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """Nine files in the lists of common corruptions have an "eps", although corruptions have no bound. It is
    not used: for three models that were trained for the L2 norm at 0.5 it says 8/255, for the standardly
    trained one 0.5. The source's words are kept."""
    for row in rows:
        if row[THREAT] not in NORMS:
            yield Change(row, EPS, None)


@rule("role-from-list", "derivation")
def role_from_list(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The part in research on security: the list says it, norm or corruptions. A model in the list of
    corruptions that was trained for a norm counts by that."""
    for row in rows:
        if row[MODELS.c.security_role] is None:
            defended = row[MODELS.c.threat_norm] is not None
            role = "adversarially-trained" if defended else "corruption-robust"
            yield Change(row, MODELS.c.security_role, role)


@rule("authors-counted", "derivation")
def authors_counted(rows: Sequence[SourceRow]) -> Iterator[Change]:
    """The number of authors is counted in their list: parts between commas and "and", or, in the one list
    that puts family names first, parts between "and"."""
    for row in rows:
        if row[AUTHORS]:
            yield Change(row, MODELS.c.num_authors, number_of_authors(row[AUTHORS]))


def number_of_authors(authors: str) -> int:
    """``"A, B, and C"`` are three, ``"Last, First and Last, First"`` are two."""
    parts = re.split(r",?\s+and\s+", authors)
    if len(parts) > 1 and all(part.count(",") == 1 for part in parts):
        return len(parts)
    return sum(part.count(",") + 1 for part in parts)


#: In this order: the roles are needed for the threats, and the threats for the remaining roles. What a rule
#: looks at is emptied only afterwards.
RULES: tuple[Rule, ...] = (
    white_space_removed, markup_replaced, claim_not_stated, dataset_from_folder, standard_reference,
    not_a_publication, paper_link_is_code, threat_from_list, threat_from_footnote,
    threat_from_same_checkpoint, bound_without_norm, role_from_list, authors_counted,
)  # fmt: skip
