"""All pages of a site as Markdown, without writing them."""

from __future__ import annotations

from pathlib import Path

from sngen.leaderboard.build import pages
from sngen.leaderboard.context import Context
from sngen.leaderboard.page import Page
from sngen.leaderboard.pages.model import model_page


def written(context: Context, repository: Path) -> dict[str, str]:
    """Markdown of every page by its path, pages of models and hand-written ones included."""
    texts = {page.path: page.markdown() for page in pages(context)}
    texts |= {page.path: page.markdown() for page in _of_models(context)}
    return texts | {path.name: path.read_text("utf-8") for path in (repository / "site").glob("*.md")}


def _of_models(context: Context) -> list[Page]:
    return [model_page(model, context) for model in context.snapshot.models.values()]
