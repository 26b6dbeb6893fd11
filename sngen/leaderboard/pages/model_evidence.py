"""The evidence behind one model's numbers: recovered triggers as pictures, and small arrays as bars.

Both are part of the page itself and take no script: a picture is a PNG in its address, bars are an SVG.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterable

from sngen.leaderboard.escape import text
from sngen.leaderboard.model_charts import Section
from sngen.leaderboard.numbers import number
from sngen.leaderboard.snapshot import Row, Snapshot
from sngen.schema import ARRAYS, PICTURES

_A, _P = ARRAYS.c, PICTURES.c
#: Arrays that have a chart of their own.
CHARTED = ("roc",)
#: Of longer arrays, neighbours are put together.
MOST_BARS = 80
HEIGHT, WIDTH = 60, 4


def evidence(section: Section, model_id: str, snapshot: Snapshot) -> str:
    """All of it for one section of a model's page, folded; empty if there is none."""
    _, dataset_id, protocol, tier = section
    where = (dataset_id, protocol, tier)
    pictures = [
        row
        for row in snapshot.pictures_of.get(model_id, ())
        if (row[_P.dataset_id], row[_P.protocol], row[_P.tier]) == where
    ]
    arrays = [
        row
        for row in snapshot.arrays_of.get(model_id, ())
        if (row[_A.dataset_id], row[_A.protocol], row[_A.tier]) == where
        and row[_A.name] not in CHARTED
        and len(row[_A.y])
    ]
    if not pictures and not arrays:
        return ""
    shown = "".join(map(_figure, pictures))
    drawn = "".join(map(_bars, arrays))
    opened = " open" if pictures else ""
    return (
        f'<details class="sn-evidence"{opened}><summary>Evidence</summary>'
        f'<div class="sn-evidence-items">{shown}{drawn}</div></details>'
    )


def _figure(row: Row) -> str:
    alt = f"{row[_P.method]}, {row[_P.name]}: {row[_P.meaning]}"
    size = f'width="{row[_P.width] * _zoom(row)}" height="{row[_P.height] * _zoom(row)}"'
    return (
        f'<figure><img class="sn-pixels" {size} alt="{text(alt)}" src="{png_address(row)}">'
        f"<figcaption>{text(row[_P.method])}: {text(row[_P.meaning])}</figcaption></figure>"
    )


def _zoom(row: Row) -> int:
    """Whole pixels of the screen for one of the picture."""
    return max(1, 128 // max(row[_P.height], row[_P.width]))


def png_address(row: Row) -> str:
    """The picture as a PNG in a ``data:`` address."""
    return f"data:image/png;base64,{base64.b64encode(png(row)).decode()}"


def png(row: Row) -> bytes:
    """A PNG (ISO/IEC 15948) of the row's pixels, grey or red, green and blue, without loss."""
    height, width, channels = row[_P.height], row[_P.width], row[_P.channels]
    planes = bytes(row[_P.pixels])
    size = height * width
    lines = [
        b"\0" + bytes(planes[c * size + y * width + x] for x in range(width) for c in range(channels))
        for y in range(height)
    ]
    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _bars(row: Row) -> str:
    """One bar a value; several values side by side share a bar where there are many."""
    values = _thinned(row[_A.y])
    low, high = min([*values, 0.0]), max([*values, 0.0])
    scale = HEIGHT / (high - low) if high > low else 0.0
    zero = high * scale
    bars = "".join(
        f'<rect x="{number_ * WIDTH}" y="{zero - max(value, 0) * scale:.1f}" width="{WIDTH - 1}" '
        f'height="{abs(value) * scale:.1f}"/>'
        for number_, value in enumerate(values)
    )
    words = _words(row)
    setting = "" if row[_A.setting] == "default" else f", {row[_A.setting]}"
    return (
        f'<figure><svg class="sn-bars" role="img" aria-label="{text(words)}" '
        f'viewBox="0 0 {len(values) * WIDTH} {HEIGHT}" preserveAspectRatio="none">{bars}</svg>'
        f"<figcaption>{text(row[_A.method])}{text(setting)}, {text(row[_A.name])}: {text(words)}</figcaption>"
        "</figure>"
    )


def _words(row: Row) -> str:
    x, y = row[_A.x], row[_A.y]
    peak = max(range(len(y)), key=lambda position: y[position])
    return (
        f"{row[_A.y_meaning]} (up) by {row[_A.x_meaning]} (across, {number(min(x), None)} to "
        f"{number(max(x), None)}): {len(y):,} values from {number(min(y), None)} to "
        f"{number(max(y), None)}, the greatest at {number(x[peak], None)}"
    )


def _thinned(values: Iterable[float]) -> list[float]:
    listed = list(values)
    step = -(-len(listed) // MOST_BARS)
    parts = [listed[start : start + step] for start in range(0, len(listed), step)]
    return [sum(part) / len(part) for part in parts]
