"""The licences of the zoo's weights, from the repository's LICENSE: one for all, and a list of exceptions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sngen.catalog.upstream import UpstreamFile
from sngen.catalog.vocabulary import Lookup
from sngen.validation import show

_FOR_ALL = re.compile(r"All weights of the models in the Model Zoo are released under the (.+?) license\b")
_EXCEPTION = re.compile(
    r"-\s+(?P<datasets>[^,:]+),\s*(?P<threats>[^,:]+),\s*(?P<name>[^,:*]+)(?P<many>\*?):"
    r"\s*(?P<license>[^;]+);\s*(?P<copyright>.+)"
)
_END = re.compile(r"-{10,}")


@dataclass(frozen=True)
class Exempt:
    """One of the list of exceptions. ``license`` is the SPDX identifier, ``words`` what the file says."""

    line: int
    datasets: tuple[str, ...]
    threats: tuple[str, ...]
    name: str
    many: bool
    license: str
    words: str

    def covers(self, dataset_id: str, threat: str, name: str) -> bool:
        named = name.startswith(self.name) if self.many else name == self.name
        return named and dataset_id in self.datasets and threat in self.threats


@dataclass(frozen=True)
class Licenses:
    license: str
    words: str
    exceptions: tuple[Exempt, ...]

    def of(self, dataset_id: str, threat: str, name: str) -> tuple[str, str]:
        """SPDX identifier, and the file's own words."""
        for one in self.exceptions:
            if one.covers(dataset_id, threat, name):
                return one.license, one.words
        return self.license, self.words


def read_licenses(file: UpstreamFile, lookup: Lookup) -> tuple[Licenses | None, list[str]]:
    """What the file says of weights, and all problems."""
    lines = file.text.splitlines()
    first = next((number for number, line in enumerate(lines) if _FOR_ALL.search(line)), None)
    if first is None:
        return None, [
            f"{file.path}: found no sentence 'All weights of the models in the Model Zoo are released under "
            f"the ... license', expected it: it is what the weights' licences are read from"
        ]
    words = _FOR_ALL.search(lines[first])[1]  # type: ignore[index]
    exceptions, problems = [], []
    for number, line in enumerate(lines[first + 1 :], start=first + 2):
        if _END.fullmatch(line.strip()):
            break
        if not line.startswith("-"):
            continue
        match = _EXCEPTION.fullmatch(line.strip())
        if match is None:
            problems.append(
                f"{file.path}, line {number}: found {show(line)}, expected '- datasets, threat models, name: "
                f"licence; copyright'"
            )
        else:
            exceptions.append(_exception(match, f"{file.path}, line {number}", number, lookup))
    license_ = lookup.license(words, f"{file.path}, line {first + 1}")
    return Licenses(license_, words, tuple(exceptions)), problems


def _exception(match: re.Match[str], place: str, number: int, lookup: Lookup) -> Exempt:
    return Exempt(
        number, tuple(lookup.dataset(name.strip(), place) for name in match["datasets"].split("/")),
        tuple(name.strip() for name in match["threats"].split("/")), match["name"].strip(),
        bool(match["many"]), lookup.license(match["license"].strip(), place),
        f"{match['license'].strip()}; {match['copyright'].strip()}",
    )  # fmt: skip
