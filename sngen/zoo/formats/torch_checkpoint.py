"""Read a stranger's torch checkpoint: plain tensors, or one named error, and nothing else happens.

A torch checkpoint holds pickles, and a pickle is a program. Four walls, each sufficient for what it covers:

1. The file is read once into memory, up to a cap. A zip archive is unpacked here and written anew from
   its checked members, so torch sees the very bytes that were checked and no second archive parser decides
   what a member is.
2. The operations and global names of every pickle are compared with an allow-list, without running it.
   (Deny-lists leak: there is always another importable name.)
3. ``torch.load(weights_only=True)``, never anything less on failure.
4. The tensors themselves: dense, on this machine, finite, not larger than the bytes they came from.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import torch

from sngen.errors import CheckFailed

VERSION = 1  # raised when a change here gives other tensors from the same file
MAX_BYTES = 2 * 2**30
MAX_MEMBERS = 100_000

STORAGES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
ALLOWED_GLOBALS = frozenset(
    {"collections OrderedDict", "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2"}
    | {f"torch {kind}Storage" for kind in STORAGES}
)
ALLOWED_OPERATIONS = frozenset(
    {
        "PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BUILD", "BINPERSID",
        "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET",
        "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
        "BINUNICODE", "SHORT_BINSTRING", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3",
        "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS",
    }
)  # fmt: skip

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_PROTOCOL = 2
# Before zip archives: magic number, protocol, system, object and storage keys, one pickle after the other.
LEGACY_PICKLES = 5
STATE_DICT_KEY = "state_dict"
PREFIX = "module."  # what torch.nn.DataParallel puts before every name


class CheckpointRefused(CheckFailed):
    """The file is not a checkpoint of plain tensors, or not a safe one."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        super().__init__(
            f"{path}: refused. Found {found}; expected {expected}. Nothing in the file was executed; "
            "check where it comes from."
        )


def read_torch_checkpoint(path: Path, max_bytes: int = MAX_BYTES) -> dict[str, torch.Tensor]:
    """Tensor name -> contiguous tensor on the CPU, of a file written by ``torch.save``.

    Takes the object itself or its entry ``state_dict``, and strips ``module.`` where every name has it.
    Raises ``CheckpointRefused`` for everything else.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise CheckpointRefused(path, f"{size} bytes", f"at most {max_bytes}")
    content = path.read_bytes()
    if content.startswith(ZIP_MAGIC):
        content = _checked_archive(path, content)
    else:
        _check_pickles(path, io.BytesIO(content), LEGACY_PICKLES)
    return _plain_tensors(path, _state_dict(path, _load(path, content)), max_bytes)


def _checked_archive(path: Path, content: bytes) -> bytes:
    """The archive written anew, with the members torch needs and no others."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_members(path, archive.infolist(), len(content))
            members = {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise CheckpointRefused(
            path, f"a damaged zip archive ({error})", "one written by torch.save"
        ) from error
    if "data.pkl" not in members or "constants.pkl" in members:
        found = (
            "TorchScript, which is code" if "constants.pkl" in members else "a zip archive of something else"
        )
        raise CheckpointRefused(path, found, "a zip archive with data.pkl, written by torch.save")
    if members.get("byteorder", b"little") != b"little":
        raise CheckpointRefused(path, f"byte order {members['byteorder']!r}", "little")
    _check_pickles(path, io.BytesIO(members["data.pkl"]), 1)
    rewritten = io.BytesIO()
    with zipfile.ZipFile(rewritten, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/version", b"3\n")
        archive.writestr("archive/byteorder", b"little")
        for name, data in members.items():
            if name == "data.pkl" or name.startswith("data/"):
                archive.writestr(f"archive/{name}", data)
    return rewritten.getvalue()


def _check_members(path: Path, members: list[zipfile.ZipInfo], file_bytes: int) -> None:
    names = [info.filename.partition("/")[2] for info in members]
    if len(names) > MAX_MEMBERS or len(set(names)) < len(names):
        raise CheckpointRefused(
            path, f"{len(names)} members, {len(set(names))} of them with different names",
            f"at most {MAX_MEMBERS}, all different",
        )  # fmt: skip
    # torch.save stores members as they are, so the unpacked total cannot exceed the file.
    unpacked = sum(info.file_size for info in members)
    if unpacked > file_bytes:
        raise CheckpointRefused(
            path, f"members that unpack to {unpacked} bytes", f"at most the file's own {file_bytes}"
        )


def _check_pickles(path: Path, stream: io.BytesIO, count: int) -> None:
    """Read ``count`` pickles as a list of operations, without running any."""
    for _ in range(count):
        try:
            for operation, argument, _position in pickletools.genops(stream):
                _check_operation(path, operation.name, argument)
        except CheckpointRefused:
            raise
        except Exception as error:  # pickletools raises many kinds on malformed input
            raise CheckpointRefused(
                path, f"a malformed pickle ({error})", "one written by torch.save"
            ) from error


def _check_operation(path: Path, operation: str, argument: Any) -> None:
    if operation not in ALLOWED_OPERATIONS:
        raise CheckpointRefused(path, f"the pickle operation {operation}", "only those that build tensors")
    if operation == "PROTO" and argument != PICKLE_PROTOCOL:
        raise CheckpointRefused(
            path, f"pickle protocol {argument}", f"protocol {PICKLE_PROTOCOL}, that of torch.save"
        )
    if operation == "GLOBAL" and argument not in ALLOWED_GLOBALS:
        name = str(argument).replace(" ", ".")
        raise CheckpointRefused(
            path, f"the name {name} in a pickle", "only tensors, storages and OrderedDict"
        )


def _load(path: Path, content: bytes) -> Any:
    try:
        # From memory, since torch tries a further, older format (tar) only with real files.
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch finds wrong with it
        reason = str(error).strip().partition("\n")[0]
        raise CheckpointRefused(path, f"what torch cannot load ({reason})", "tensors") from error


def _state_dict(path: Path, loaded: Any) -> dict[str, torch.Tensor]:
    if isinstance(loaded, dict) and STATE_DICT_KEY in dict.keys(loaded):
        loaded = dict.get(loaded, STATE_DICT_KEY)
    if not isinstance(loaded, dict) or not len(loaded):
        raise CheckpointRefused(path, type(loaded).__name__, "a non-empty dictionary of tensors by name")
    # dict.items, because a pickle may set attributes on an OrderedDict that hide its methods.
    state = dict(dict.items(loaded))
    for name, value in state.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            found = f"{type(value).__name__} under {name!r}"
            raise CheckpointRefused(path, found, "a dictionary of tensors by name")
    if all(name.startswith(PREFIX) for name in state):
        state = {name.removeprefix(PREFIX): tensor for name, tensor in state.items()}
    return state


def _plain_tensors(path: Path, state: dict[str, torch.Tensor], max_bytes: int) -> dict[str, torch.Tensor]:
    """Contiguous copies, once it is certain that they are no larger than they should be."""
    total = 0
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise CheckpointRefused(
                path, f"{name} as {tensor.layout} on {tensor.device}", "dense, on the CPU"
            )
        size, stored = tensor.numel() * tensor.element_size(), tensor.untyped_storage().nbytes()
        if size > stored:
            found = f"{name} of shape {list(tensor.shape)}, {size} bytes out of a storage of {stored}"
            raise CheckpointRefused(path, found, "no more bytes than are stored")
        total += size
    if total > max_bytes:  # many names may share one storage
        raise CheckpointRefused(path, f"{total} bytes of tensors", f"at most {max_bytes}")
    plain = {
        name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in state.items()
    }
    for name, tensor in plain.items():
        if not torch.isfinite(tensor).all():
            raise CheckpointRefused(path, f"NaN or infinity in {name}", "finite values")
    return plain
