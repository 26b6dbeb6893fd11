"""A table of 5,000 made-up models in the format that the table component reads, hostile cells included."""

from __future__ import annotations

import json
import random
from typing import Any

ROWS = 5_000
DATASETS = ("cifar10", "svhn", "cifar100", "mnist", "imagenet")
TYPES = ("ResNet", "VGG", "ViT", "DenseNet", "__proto__", "constructor", "Wide ResNet, 28-10")
FLAGS = ("duplicate-name", "zero-means-missing", "auc-disagrees")
#: Cell texts that must stay text. Each would set ``window.hostile`` or run as a formula if it did not.
HOSTILE = (
    '<img src=x onerror="window.hostile=1">',
    "</script><script>window.hostile=1</script>",
    '"><svg/onload=window.hostile=1>',
    "javascript:window.hostile=1",
    '=HYPERLINK("https://example.invalid","x")',
    "{{constructor.constructor('window.hostile=1')()}}",
    "&lt;b&gt; a,b;\r\n'c' \"d\"",
    "\u202egnirts desrever",
)

RELEASE_ENTRY = "@misc{securitynet_1_0_0,\n  note = {Version 1.0.0, fingerprint sha256:0123}\n}\n"

_COLUMN = {
    "description": "", "unit": None, "facet": False, "visible": True, "digits": None, "origin": None,
    "low": None, "high": None, "n": None,
}  # fmt: skip


def _column(name: str, title: str, kind: str, **others: Any) -> dict[str, Any]:
    return {**_COLUMN, "name": name, "title": title, "kind": kind, "description": f"About {title}.", **others}


def table() -> dict[str, Any]:
    """The table, the same on every call; fractions have four decimals, about one value in ten is null."""
    draw = random.Random(20261124)

    def sometimes(value: Any) -> Any:
        return None if draw.random() < 0.1 else value

    ids = [f"made-up/{'abcdefgh'[i % 8]}-{i:04d}" for i in range(ROWS)]
    names = [HOSTILE[i // 500 % len(HOSTILE)] if i % 500 == 7 else f"Model {i}" for i in range(ROWS)]
    accuracy = [sometimes(round(draw.uniform(0.1, 1), 4)) for _ in ids]
    data: dict[str, list[Any]] = {
        "model_id": ids,
        "name": names,
        "dataset_id": [draw.choice(DATASETS) for _ in ids],
        "model_type": [sometimes(draw.choice(TYPES)) for _ in ids],
        "year": [sometimes(draw.randint(2014, 2026)) for _ in ids],
        "parameters": [sometimes(draw.randint(10_000, 90_000_000)) for _ in ids],
        "accuracy": accuracy,
        "accuracy_low": [None if value is None else round(value - 0.01, 4) for value in accuracy],
        "accuracy_high": [None if value is None else round(value + 0.01, 4) for value in accuracy],
        "accuracy_n": [None if value is None else 10_000 for value in accuracy],
        "claimed": [sometimes(round(draw.uniform(-0.5, 1), 4)) for _ in ids],
        "time": [draw.uniform(0.00001, 0.01) for _ in ids],
        "paper_url": [
            HOSTILE[3] if i % 500 == 7 else f"https://example.invalid/paper/{i % 97}" for i in range(ROWS)
        ],
        "flags": [[flag for flag in FLAGS if draw.random() < 0.1] for _ in ids],
        "note": ["hostile" if i % 500 == 7 else None for i in range(ROWS)],
    }
    columns = [
        _column("model_id", "Identifier", "text", visible=False),
        _column("name", "Model", "text"),
        _column("dataset_id", "Dataset", "text", facet=True),
        _column("model_type", "Type", "text", facet=True),
        _column("year", "Year", "number", facet=True),
        _column("parameters", "Parameters", "number", unit="count"),
        _column(
            "accuracy", "Test accuracy", "number", unit="fraction", digits=4, origin="measured",
            low="accuracy_low", high="accuracy_high", n="accuracy_n",
        ),
        _column("accuracy_low", "Test accuracy, lower end", "number", digits=4, visible=False),
        _column("accuracy_high", "Test accuracy, upper end", "number", digits=4, visible=False),
        _column("accuracy_n", "Test accuracy, images", "number", unit="count", visible=False),
        _column("claimed", "Overfitting level", "number", unit="fraction", digits=4, origin="reported"),
        _column("time", "Forward time (s)", "number", unit="s", digits=4, visible=False),
        _column("paper_url", "Paper", "url"),
        _column("flags", "Flags", "tags", facet=True),
        _column("note", "Note", "text", visible=False),
    ]  # fmt: skip
    links = {"column": "name", "prefix": "models/", "suffix": ".html", "from": "model_id"}
    return {
        "name": "synthetic", "title": "Made-up models", "idColumn": "model_id", "noun": "models",
        "columns": columns,
        "data": data, "links": links,
    }  # fmt: skip


def script(content: dict[str, Any]) -> str:
    """The classic script that hands a table to the page."""
    return (
        "window.SecurityNet=window.SecurityNet||{tables:{},charts:{}};"
        f"window.SecurityNet.tables[{json.dumps(content['name'])}]={json.dumps(content)};\n"
    )


def citations() -> str:
    """What a table's BibTeX is made of, as ``sngen.leaderboard.citations`` writes it."""
    ids = table()["data"]["model_id"]
    models = {one: f"@misc{{{one.replace('/', '-')},\n  title = {{of {one}}}\n}}" for one in ids}
    content = json.dumps({"release": RELEASE_ENTRY, "models": models})
    return f"window.SecurityNet.citations={content};\n"
