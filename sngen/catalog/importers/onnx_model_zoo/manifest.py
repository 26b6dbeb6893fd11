"""``ONNX_HUB_MANIFEST.json``: checksum, size and shapes of the zoo's files."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sngen.catalog.upstream import UpstreamFile
from sngen.errors import DataProblem
from sngen.schema import SHA256_PATTERN
from sngen.validation import show


@dataclass(frozen=True)
class Checked:
    """One file: SHA-256, bytes, opset; input as channels x height x width and number of outputs, where the
    manifest has fixed shapes."""

    sha256: str
    size: int
    opset: int
    input_size: str | None
    outputs: int | None


def read_manifest(file: UpstreamFile) -> dict[str, Checked]:
    """By the file's path within the repository. Raises ``DataProblem`` with every malformed entry."""
    try:
        entries = json.loads(file.text)
    except (ValueError, RecursionError) as error:
        raise DataProblem([f"{file.path}: found no JSON ({error}), expected a list"]) from error
    if not isinstance(entries, list):
        raise DataProblem([f"{file.path}: found {type(entries).__name__}, expected a list of files"])
    checked, problems = {}, []
    for number, entry in enumerate(entries, start=1):
        try:
            checked[str(entry["model_path"])] = _checked(entry)
        except (LookupError, TypeError, ValueError) as error:
            problems.append(f"{file.path}, entry {number}: found {show(error)}, expected model_path, "
                            f"opset_version, metadata.model_sha and model_bytes")  # fmt: skip
    if problems:
        raise DataProblem(problems)
    return checked


def _checked(entry: dict[str, Any]) -> Checked:
    metadata = entry["metadata"]
    sha256, size, opset = metadata["model_sha"], metadata["model_bytes"], entry["opset_version"]
    if not re.fullmatch(SHA256_PATTERN, sha256):
        raise ValueError(f"model_sha {sha256}")
    if not isinstance(size, int) or not isinstance(opset, int):
        raise ValueError(f"model_bytes {size}, opset_version {opset}")
    ports = metadata.get("io_ports") or {}
    inputs, outputs = ports.get("inputs") or [{}], ports.get("outputs") or [{}]
    return Checked(
        sha256, size, opset, _image(inputs[0].get("shape") or []), _classes(outputs[0].get("shape") or [])
    )


def _image(shape: Sequence[Any]) -> str | None:
    """Of a batch of images with the channels second or last."""
    if len(shape) != 4 or not all(isinstance(size, int) for size in shape[1:]):
        return None
    if shape[1] in (1, 3):
        return "x".join(map(str, shape[1:]))
    return f"{shape[3]}x{shape[1]}x{shape[2]}" if shape[3] in (1, 3) else None


def _classes(shape: Sequence[Any]) -> int | None:
    """Of a batch of scores, whose further sizes are 1."""
    fixed = len(shape) >= 2 and isinstance(shape[1], int) and all(size == 1 for size in shape[2:])
    return int(shape[1]) if fixed else None
