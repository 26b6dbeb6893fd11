"""What runs in the jail: read one open file, write one safetensors file, say in a line how it went.

Everything is imported and used once before the walls go up, because afterwards nothing can be opened.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from typing import Any, BinaryIO

from sngen.zoo import jail_walls
from sngen.zoo.formats import READERS
from sngen.zoo.formats.arrays import Array, check
from sngen.zoo.formats.refusal import Refused
from sngen.zoo.formats.safetensors_file import write
from sngen.zoo.formats.tensor_tree import without_prefix

_NAMES_IN_REPLY = 20


def main() -> None:
    given = json.loads(sys.argv[1])
    job, limits = given["job"], given["limits"]
    walls = jail_walls.alone()
    memory = jail_walls.Memory()
    try:
        reader = importlib.import_module(READERS[job["weights_format"]].module)
    except ImportError as error:
        _reply({"kind": "missing", "package": (error.name or str(error)).partition(".")[0]})
    _convert(io.BytesIO(reader.warm_up()), io.BytesIO(), reader, {"key": None, "prefix": None}, limits)
    with os.fdopen(given["file"], "rb") as file, os.fdopen(given["output"], "wb", closefd=False) as output:
        walls += jail_walls.limits(limits["memory_bytes"], limits["seconds"], 2 * limits["tensor_bytes"])
        walls += jail_walls.locked()
        reply: dict[str, Any]
        try:
            left_out = _convert(file, output, reader, job, limits)
            output.flush()
            reply = {"kind": "done", "left_out": left_out[:_NAMES_IN_REPLY]}
        except Refused as error:
            reply = {"kind": "refused", "found": error.found[:2000], "expected": error.expected[:2000]}
        except MemoryError:
            reply = {"kind": "memory"}
        except Exception as error:  # a reader that fails on malformed input in a way of its own
            found = f"a malformed file ({type(error).__name__}: {error})"[:2000]
            reply = {"kind": "refused", "found": found, "expected": "a well-formed one"}
        _reply(reply | {"walls": walls, "peak_bytes": memory.peak_bytes()})


def _convert(
    file: BinaryIO, output: BinaryIO, reader: Any, job: dict[str, Any], limits: dict[str, int]
) -> list[str]:
    """Names of the tensors that the prefix leaves out."""
    _check_beginning(file, reader)
    found: dict[str, Array] = reader.read(file, limits["tensor_bytes"], job["key"])
    kept, left_out = without_prefix(found, job["prefix"])
    check(kept, limits["tensor_bytes"])
    write(output, kept, {})
    return left_out


def _check_beginning(file: BinaryIO, reader: Any) -> None:
    beginning = file.read(512)
    file.seek(0)
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise Refused("a web page", "weights; the address leads to a page, or the download met an error")
    if text.startswith(b"version https://git-lfs"):
        raise Refused("a pointer of Git LFS", "the weights that it points to")
    if not beginning:
        raise Refused("an empty file", "weights")
    if reader.BEGINNINGS and not beginning.startswith(reader.BEGINNINGS):
        name = reader.__name__.rpartition(".")[2]
        raise Refused(
            f"a file that begins with {beginning[:8]!r}, unlike those that {name} reads",
            f"one of {', '.join(repr(start) for start in reader.BEGINNINGS)}, or another weights_format",
        )


def _reply(reply: dict[str, Any]) -> None:
    """And end at once: tidying up could want what the walls forbid."""
    sys.stdout.write(json.dumps(reply))
    sys.stdout.flush()
    os._exit(0)
