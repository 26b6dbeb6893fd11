"""Strangers' files that mean harm: nothing runs, memory and time stay bounded, and the message says why."""

from __future__ import annotations

import hashlib
import pickle
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hostile_files
import pytest
from hostile_pickles import GOOD, calling, legacy, zipped

from sngen.errors import CheckFailed
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.formats.refusal import CheckpointRefused
from sngen.zoo.weights import safe_tensors

MiB = 2**20
MAX_PEAK = 400 * MiB
MAX_SECONDS = 30
PROGRAMS = sorted(calling("true"))
#: What the message says of a program.
NAMED = {
    "reduce": r"the name posix\.system in a pickle; expected only the names of tensors",
    "getattr": r"the name builtins\.getattr in a pickle",
    "stack-global-dotted": r"the name torch\.os\.system",
    "whole-module": r"a whole pickled module, of the class torch\.nn\.modules\.container\.Sequential",
    "own-class": r"a whole pickled module, of the class __main__\.Net",
    "inst": "the pickle operation INST",
    "extension-1": "the pickle operation EXT1",
    "codec": r"_codecs\.encode with the codec 'zip'",
    "called-from-tensor": "a call of a StoredTensor",
}
FILES = (
    hostile_files.torch_files()
    | hostile_files.safetensors_files()
    | hostile_files.hdf5_files()
    | hostile_files.other_files(pickle.dumps(None))
)


def _refusal(tmp_path: Path, weights_format: str, content: bytes) -> CheckpointRefused:
    """What reading it says, after everything that must hold for any hostile file was checked."""
    sha256 = hashlib.sha256(content).hexdigest()
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    blob = settings.cache / "blobs" / sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    row = MODELS.row(model_id="evil/file", weights_sha256=sha256, weights_format=weights_format)
    start = time.monotonic()
    with pytest.raises(CheckpointRefused) as caught:
        safe_tensors(row, settings)
    assert time.monotonic() - start < MAX_SECONDS
    assert caught.value.peak_bytes is None or caught.value.peak_bytes < MAX_PEAK
    assert str(blob) in str(caught.value) and len(str(caught.value)) < 5000
    assert list((settings.cache / "tensors").glob("**/*")) == []
    return caught.value


def _refuse_program(tmp_path: Path, program: str, form: Callable[[bytes], bytes]) -> None:
    canary = tmp_path / "executed"
    pickled = calling(f"touch {shlex.quote(str(canary))}")[program]
    message = str(_refusal(tmp_path, "torch", form(pickled)))
    assert not canary.exists() and not Path("/tmp/hostile-canary").exists()
    assert "Nothing in the file was executed" in message
    assert re.search(NAMED.get(program, "refused"), message)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_pickle_that_calls_is_refused_and_does_not_run(tmp_path: Path, program: str) -> None:
    _refuse_program(tmp_path, program, zipped)


@pytest.mark.parametrize("program", ["reduce", "getattr", "nested-key", "persistent-module", "stack-global"])
def test_neither_does_one_in_the_legacy_form(tmp_path: Path, program: str) -> None:
    _refuse_program(tmp_path, program, legacy)


@pytest.mark.parametrize(
    "program", ["reduce", "inst", "obj", "stack-global", "stack-global-from-memo", "exec"]
)
def test_the_same_pickles_run_where_nobody_is_careful(tmp_path: Path, program: str) -> None:
    """The control: the canary of the test before does fire."""
    canary = tmp_path / "executed"
    pickled = calling(f"touch {shlex.quote(str(canary))}")[program]
    code = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
    subprocess.run([sys.executable, "-c", code], input=pickled, check=True, timeout=30)
    assert canary.exists()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_lies_is_refused(tmp_path: Path, name: str) -> None:
    weights_format, content, message = FILES[name]
    with pytest.raises(CheckpointRefused, match=message):
        raise _refusal(tmp_path, weights_format, content)


def test_the_handmade_files_are_otherwise_right(tmp_path: Path) -> None:
    """The control of all the others: one tensor, in the zip and in the legacy form."""
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    (settings.cache / "blobs").mkdir(parents=True)
    for content in (zipped(GOOD), legacy(GOOD, (1).to_bytes(8, "little") + bytes(4), ("0",))):
        sha256 = hashlib.sha256(content).hexdigest()
        (settings.cache / "blobs" / sha256).write_bytes(content)
        row = MODELS.row(model_id="good/file", weights_sha256=sha256, weights_format="torch")
        assert safe_tensors(row, settings).read_bytes().endswith(bytes(4))


@pytest.mark.parametrize("folder", ["blobs", "tensors"])
def test_a_link_in_the_cache_is_refused(tmp_path: Path, folder: str) -> None:
    content = zipped(GOOD)
    sha256 = hashlib.sha256(content).hexdigest()
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache")
    blob = settings.cache / "blobs" / sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(content)
    row = MODELS.row(model_id="good/file", weights_sha256=sha256, weights_format="torch")
    path = safe_tensors(row, settings) if folder == "tensors" else blob
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckFailed, match="is a symbolic link, expected a regular file"):
        safe_tensors(row, settings)
