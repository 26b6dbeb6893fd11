"""The page of one model: what it is, where it comes from, every number, and how to use it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from sngen.leaderboard.citations import model_entry
from sngen.leaderboard.context import Context
from sngen.leaderboard.escape import link, text
from sngen.leaderboard.measured_flags import explained
from sngen.leaderboard.page import Body, Page, code_block, flags
from sngen.leaderboard.pages.model_errata import withdrawn_scores
from sngen.leaderboard.pages.model_facts import identity, provenance, publication, task_words
from sngen.leaderboard.pages.model_relatives import relatives
from sngen.leaderboard.pages.model_scores import measured_scores, reported_scores
from sngen.leaderboard.pages.model_standing import standing
from sngen.leaderboard.snapshot import Row
from sngen.schema import CONTROL, DATASETS, MODELS, SCORES

_M = MODELS.c


def path_of(model_id: str) -> str:
    return f"models/{model_id}.md"


def model_page(model: Row, context: Context) -> Page:
    """Every part is HTML, a heading or plain words: ``sngen.leaderboard.shell`` makes the page from them."""
    model_id = model[_M.model_id]
    body = Body(path_of(model_id))
    dataset = context.snapshot.datasets.get(model[_M.dataset_id])
    words = ", ".join(task_words(model, dataset))
    body.add(f"<p><code>{text(model_id)}</code>: {words}.</p>")
    body.add("## Identity", identity(model, dataset, body.root))
    body.add("## Publication and weights", publication(model))
    scores = context.snapshot.scores_of.get(model_id, [])
    body.add("## Measured by this project")
    body.parts += measured_scores(scores, context, body.root)
    body.add("## Reported by publications", reported_scores(scores, context))
    body.add(*withdrawn_scores(context.snapshot.withdrawn_of.get(model_id, []), context))
    body.add("## Standing", standing(model_id, context, body.root))
    body.add(*_flags(model, scores, context))
    body.add(*relatives(model_id, context, body.root))
    body.add("## Where the facts come from", provenance(model, context))
    body.add(
        "## Use", code_block(use(model, dataset, context.snapshot.version)), _as_data(model_id, body.root)
    )
    body.add("## Cite", code_block(model_entry(model, context.snapshot)))
    body.add("## Report a mistake", _report(model, context, body.root))
    title = str(model[_M.name]) if dataset is None else f"{model[_M.name]} ({dataset[DATASETS.c.name]})"
    return body.page(title, searchable=False)


def _flags(model: Row, scores: list[Row], context: Context) -> Iterable[str]:
    names = set(model[_M.flags] or ()) | {flag for score in scores for flag in score[SCORES.c.flags] or ()}
    if names:
        meanings = context.snapshot.flag_meanings
        items = "".join(
            f"<li>{flags([name])} {text(explained(name, meanings))}</li>" for name in sorted(names)
        )
        yield "## Flags"
        yield f"<p>A flag names an oddity; nothing is altered because of it.</p><ul>{items}</ul>"


def _as_data(model_id: str, root: str) -> str:
    """Links to the comparison, to the JSON beside this page and to its description."""
    side = f'<a href="{root}compare.html?models={quote(model_id)}">Compare with other models</a>'
    own = f'<a href="{root}models/{text(model_id)}.json" type="application/json">This page as JSON</a>'
    described = f'<a href="{root}data.html#one-model-as-json">Data</a>'
    return f"<p>{side}. {own}; its fields are described under {described}.</p>"


def use(model: Row, dataset: Row | None, version: str) -> str:
    """Python that loads the model's scores and, where this project can build it, the network itself."""
    model_id = str(model[_M.model_id])
    lines = [
        f"# release {version}; run this in the folder that holds the release folder 'securitynet'",
        "from datasets import load_dataset",
        "",
        'scores = load_dataset("securitynet", "scores", split="train").to_pandas()',
        f"print(scores[scores.model_id == {model_id!r}])",
    ]
    if model[_M.loader] is None:
        return "\n".join(lines)
    lines += ["", "# the network itself: pixels in [0, 1] to logits"]
    if model[_M.purpose] != CONTROL:
        lines += [
            "import sngen",
            "",
            f"network = sngen.load_model({model_id!r})  # fetches the published file if it is not here",
        ]
    elif dataset is not None:
        lines += [
            "import sngen",
            "from evaluations.reference.suite import weights_for",
            "from sngen.settings import Settings",
            "from sngen.zoo.load import load_network",
            "",
            f"model = sngen.show({model_id!r})['model']",
            f"tensors, _ = weights_for({model_id!r}, Settings.from_environment())  # trains it",
            f"network = load_network(model, tensors, num_classes={dataset[DATASETS.c.num_classes]})",
        ]
    return "\n".join(lines)


def _report(model: Row, context: Context, root: str) -> str:
    where = f'<a href="{root}contribute.html">How to report a mistake</a>'
    if context.repository_url is None:
        return f"<p>{where}; name the model id or the score id.</p>"
    query = urlencode({"template": "correction.yml", "title": f"Correction: {model[_M.model_id]}"})
    address = f"{context.repository_url.rstrip('/')}/issues/new?{query}"
    return f"<p>{link(address, 'Open a correction for this model')}. {where}.</p>"
