"""The dataset card: the page that people read, under the header that Hugging Face reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa

from sngen.release.card_header import SPLIT, File, header
from sngen.release.citation import BIB_FILE, CFF_FILE, bibtex
from sngen.release.identity import NAME, Identity
from sngen.release.markdown import grid
from sngen.schema import FAMILIES, ORIGINS, SCORES, SOURCES, TABLES, TIERS


def card(identity: Identity, files: Mapping[str, File], tables: Mapping[str, pa.Table]) -> str:
    """README.md of the release. ``files`` and ``tables`` by table name, in the order of the configs."""
    sections = (
        _introduction(identity),
        _counts(files, tables),
        _loading(files),
        _tables(),
        _sources(tables[SOURCES.name]),
        _rules(),
        _limits(),
        _citing(identity),
    )
    return f"---\n{header(identity, files)}---\n\n" + "\n\n".join(sections) + "\n"


def _introduction(identity: Identity) -> str:
    dated = "" if identity.date is None else f", {identity.date}"
    return (
        f"# SecurityNet {identity.version}\n\n"
        "A catalogue of image classifiers that somebody trained and published, and of their weaknesses: how "
        "accurate they are, how well they can be stolen, whether they give away their training data, how "
        "they stand adversarial examples and what backdoor detectors say of them. Every number says whether "
        "it was measured by this project's programs or reported by a publication, and where it comes from. "
        "The dataset holds facts and numbers, no weights and no images.\n\n"
        f"Version {identity.version}{dated}. Fingerprint of the content: `{identity.fingerprint}`."
    )


def _counts(files: Mapping[str, File], tables: Mapping[str, pa.Table]) -> str:
    sizes = [(f"`{name}`", TABLES[name].row_is, f"{file.rows:,}") for name, file in files.items()]
    scores = tables[SCORES.name].select([SCORES.c.family, SCORES.c.origin]).to_pylist()
    found = Counter((row[SCORES.c.family], row[SCORES.c.origin]) for row in scores)
    by_family = [
        (title, *(f"{found[family, origin]:,}" for origin in ORIGINS)) for family, title in FAMILIES.items()
    ]
    return (
        "## What is in it\n\n"
        + grid(("config", "a row is", "rows"), sizes)
        + "\n\nScores by family:\n\n"
        + grid(("family", *ORIGINS), by_family)
        + "\n\n"
        + "\n".join(f"- *{origin}*: {meaning}" for origin, meaning in ORIGINS.items())
    )


def _loading(files: Mapping[str, File]) -> str:
    scores = files[SCORES.name].path.rpartition("/")[0]
    return f"""## How to load it

In the folder that holds this one as `{NAME}`:

```python
from datasets import load_dataset

scores = load_dataset("{NAME}", "{SCORES.name}", split="{SPLIT}")
board = load_dataset("{NAME}", split="{SPLIT}")  # the default, {next(iter(TABLES))}
rows = load_dataset("{NAME}", "{SCORES.name}", split="{SPLIT}", streaming=True)
```

Without `datasets`:

```python
import pandas as pd
import pyarrow.parquet as pq

frame = pd.read_parquet("{NAME}/{scores}")
table = pq.read_table("{NAME}/{scores}")
```

```python
import duckdb

accurate = duckdb.read_parquet("{NAME}/{scores}/*.parquet").filter("metric = 'accuracy' and value > 0.7")
```

`croissant.json` describes all tables for programs that read [Croissant](http://mlcommons.org/croissant/1.0);
`every_eval_ever.jsonl.gz` holds the measured scores as logs of
[Every Eval Ever](https://github.com/evaleval/every_eval_ever).

`revision=` has no effect on a local folder: the folder is one version. Give the config's name when you are
offline. A table is one file, whose name carries the fingerprint of the table's content: read the folder,
as above, or take the file's name from `manifest.json`.{_empty(files)}"""


def _empty(files: Mapping[str, File]) -> str:
    """``datasets`` 5.2 reads no split without rows, unless it streams."""
    empty = [f"`{name}`" for name, file in files.items() if file.rows == 0]
    if not empty:
        return ""
    return (
        f"\n\nWithout rows in this version: {', '.join(empty)}. `datasets` refuses to load an empty split; "
        f"stream it, or read it with pandas."
    )


def _tables() -> str:
    parts = ["## Tables\n\nUnknown is null. Fractions lie in [0, 1]."]
    for table in TABLES.values():
        rows = [(f"`{column.name}`", column.kind, column.unit or "", column.description) for column in table]
        key = ", ".join(f"`{part}`" for part in table.key)
        parts.append(
            f"### {table.name}\n\nA row is {table.row_is}. Key: {key}.\n\n"
            + grid(("column", "type", "unit", "meaning"), rows)
        )
    return "\n\n".join(parts)


def _sources(sources: pa.Table) -> str:
    rows = [
        (
            f"[{row[SOURCES.c.title]}]({row[SOURCES.c.url]})" if row[SOURCES.c.url] else row[SOURCES.c.title],
            row[SOURCES.c.revision] or "",
            row[SOURCES.c.license] or "not stated",
            row[SOURCES.c.citation] or "",
        )
        for row in sources.to_pylist()
    ]
    return (
        "## Sources and licences\n\nThe compilation and the measured numbers are under CC BY 4.0. Facts "
        "taken from a source stay under the source's own terms. The licence of a model's weights, where it "
        "is known, is in the table `models`.\n\n"
        + grid(("source", "revision", "licence of the facts", "to be cited as"), rows)
        + "\n\n`audit.json` lists every rule that cleaned a source, with the rows that it touched, before "
        "and after."
    )


def _rules() -> str:
    tiers = "\n".join(f"- *{name}*: {meaning}" for name, meaning in TIERS.items())
    return (
        "## How numbers were chosen\n\n"
        "- Of several records of one score, the one with the highest method version is published, then the "
        "newest, then the one with the greatest record id. `manifest.json` lists the others.\n"
        "- In `leaderboard`, the measured columns of a row come from one tier, the largest there is, and "
        "from the newest protocol version of each family. A reported column comes from the source that "
        "lists the model; where that one does not report it, from the first other source by id.\n"
        "- In `findings`, reported and measured numbers are never mixed, and neither are tiers or protocol "
        "versions. The column `query` selects the rows of a finding in pandas, with the tables `scores` "
        "and `models` as data frames of these names.\n\n"
        f"Measured numbers belong to a tier, and tiers are never compared:\n\n{tiers}"
    )


def _limits() -> str:
    return (
        "## Known limits\n\n"
        "- Reported numbers are the publications' own. They were not measured again unless a measured score "
        "of the same model says so, and most have neither an interval nor a number of images.\n"
        "- Oddities of a number or a model are named in its column `flags`; nothing is altered because of "
        "a flag.\n"
        "- A link to weights is what the source gives, or our inference where `weights_inferred` is true; "
        "whether it still works was not checked.\n"
        "- Seconds belong to the device, thread count and batch size of their record.\n"
        "- Confidence intervals cover the choice of test images, not the choice of the training run."
    )


def _citing(identity: Identity) -> str:
    return (
        f"## How to cite it\n\nName version and fingerprint; a version can be moved, a fingerprint cannot. "
        f"Also in `{CFF_FILE}` and `{BIB_FILE}`.\n\n```bibtex\n{bibtex(identity)}```"
    )
