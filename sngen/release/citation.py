"""How to cite a release: CITATION.cff and BibTeX, both naming version and fingerprint."""

from __future__ import annotations

import yaml

from sngen.release.identity import NAME, Identity

CFF_FILE, BIB_FILE = "CITATION.cff", f"{NAME}.bib"
TITLE = "SecurityNet: public image classifiers and their measured weaknesses"
CONTRIBUTORS = "The SecurityNet contributors"
LICENSE = "CC-BY-4.0"
STUDY_TITLE = "SecurityNet: Assessing Machine Learning Vulnerabilities on Public Models"
STUDY_AUTHORS = (
    ("Boyang", "Zhang"), ("Zheng", "Li"), ("Ziqing", "Yang"), ("Xinlei", "He"), ("Michael", "Backes"),
    ("Mario", "Fritz"), ("Yang", "Zhang"),
)  # fmt: skip
STUDY_VENUE, STUDY_YEAR = "33rd USENIX Security Symposium", 2024


def citation_cff(identity: Identity) -> str:
    """Citation File Format 1.2.0."""
    dated = {} if identity.date is None else {"date-released": identity.date}
    content = {
        "cff-version": "1.2.0",
        "message": "Cite this release by version and fingerprint, and the study that it extends.",
        "type": "dataset",
        "title": TITLE,
        "authors": [{"name": CONTRIBUTORS}],
        "version": identity.version,
        **dated,
        "license": LICENSE,
        "identifiers": [
            {
                "type": "other",
                "value": f"sha256:{identity.fingerprint}",
                "description": "Fingerprint of the content of all tables of this release",
            }
        ],
        "references": [
            {
                "type": "conference-paper",
                "title": STUDY_TITLE,
                "authors": [
                    {"family-names": family, "given-names": given} for given, family in STUDY_AUTHORS
                ],
                "collection-title": STUDY_VENUE,
                "year": STUDY_YEAR,
            }
        ],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def bibtex(identity: Identity) -> str:
    """The release and the study, in this order."""
    key = f"{NAME}_{identity.version.replace('.', '_')}"
    year = "" if identity.date is None else f"  year      = {{{identity.date[:4]}}},\n"
    authors = " and ".join(f"{family}, {given}" for given, family in STUDY_AUTHORS)
    return (
        f"@misc{{{key},\n"
        f"  title     = {{{{{TITLE}}}}},\n"
        f"  author    = {{{{{CONTRIBUTORS}}}}},\n"
        f"{year}"
        f"  version   = {{{identity.version}}},\n"
        f"  note      = {{Version {identity.version}, fingerprint sha256:{identity.fingerprint}}}\n"
        f"}}\n\n"
        f"@inproceedings{{{NAME}_study_{STUDY_YEAR},\n"
        f"  title     = {{{{{STUDY_TITLE}}}}},\n"
        f"  author    = {{{authors}}},\n"
        f"  booktitle = {{{STUDY_VENUE}}},\n"
        f"  year      = {{{STUDY_YEAR}}}\n"
        f"}}\n"
    )
