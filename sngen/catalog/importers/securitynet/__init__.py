"""The original SecurityNet database: 529 models and 102 projects in ``Database/README.MD``.

B. Zhang et al., "SecurityNet: Assessing Machine Learning Vulnerabilities on Public Models", USENIX Security
2024. Two tables of models (benchmark, security research) with the accuracies and attack scores that the
study measured, and one table of publications.
"""

from __future__ import annotations

from sngen.catalog.audit import Audit
from sngen.catalog.importers import Imported, Importer
from sngen.catalog.importers.securitynet.arithmetic import check_numbers
from sngen.catalog.importers.securitynet.cleaning import BENCHMARK_RULES, MODEL_RULES, SECURITY_RULES
from sngen.catalog.importers.securitynet.columns import BENCHMARK, SECURITY, read_sections
from sngen.catalog.importers.securitynet.identity import IDENTITY_RULES, name_models, unknown_spellings
from sngen.catalog.importers.securitynet.oddities import MODEL_FLAGS
from sngen.catalog.importers.securitynet.projects import (
    PROJECT_FLAGS,
    PROJECT_RULES,
    name_projects,
    project_rows,
)
from sngen.catalog.importers.securitynet.tables import (
    REPOSITORY,
    TITLE,
    contradictions,
    model_rows,
    relative_rows,
    score_rows,
    source_rows,
)
from sngen.catalog.rules import apply_flags, apply_rules
from sngen.catalog.upstream import Upstream
from sngen.catalog.vocabulary import Vocabulary
from sngen.errors import DataProblem
from sngen.schema import MODELS, PROJECTS, RELATIVES, SCORES, SOURCES


def convert(upstream: Upstream, vocabulary: Vocabulary) -> Imported:
    """Read, name, clean, flag, check. Raises ``DataProblem`` with everything that is not as expected."""
    file = upstream.only()
    benchmark, security, projects = read_sections(file.text, file.path)
    models = [*benchmark, *security]
    _refuse(unknown_spellings(models, projects, vocabulary))
    problems = name_models(benchmark, security, vocabulary) + name_projects(projects)
    _refuse(problems + contradictions(models))

    audit = Audit()
    apply_rules(IDENTITY_RULES, models, MODELS.name, audit)
    apply_rules(BENCHMARK_RULES, benchmark, MODELS.name, audit)
    apply_rules(SECURITY_RULES, security, MODELS.name, audit)
    apply_rules(MODEL_RULES, models, MODELS.name, audit)
    apply_rules(PROJECT_RULES, projects, PROJECTS.name, audit)
    for section in (benchmark, security):
        apply_flags(MODEL_FLAGS, section, MODELS.name, audit)
    apply_flags(PROJECT_FLAGS, projects, PROJECTS.name, audit)
    check_numbers({BENCHMARK.heading: benchmark, SECURITY.heading: security}, audit)

    tables = {
        SOURCES.name: source_rows(upstream),
        MODELS.name: model_rows(models, vocabulary),
        SCORES.name: score_rows(models),
        RELATIVES.name: relative_rows(benchmark, security),
        PROJECTS.name: project_rows(projects, vocabulary),
    }
    return Imported(tables, audit.entries)


def _refuse(problems: list[str]) -> None:
    if problems:
        raise DataProblem(problems)


IMPORTER = Importer(TITLE, REPOSITORY, ("Database/README.MD",), convert)
