"""A stranger's torch checkpoint: its tensors, read without torch and without running its pickle.

Two of the three forms that ``torch.save`` has written are read, the zip archive (since torch 1.6) and the
stream of pickles before it; the tar archive of torch before 0.1.10 and TorchScript are refused. Then

1. an archive holds the members of ``torch.save`` under one folder, each once, stored, no larger than it;
2. the pickle is read by ``sngen.zoo.formats.pickled``, which imports and calls nothing;
3. a tensor lies within its storage, has no more bytes than are stored, and is finite.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np

from sngen.zoo.formats.arrays import ITEM_BYTES, MAX_DIMENSIONS, NUMPY_TYPES, Array
from sngen.zoo.formats.pickled import NumpyArray, Storage, StoredTensor, is_tensor, read_pickle
from sngen.zoo.formats.refusal import Refused
from sngen.zoo.formats.tensor_tree import at_key

ZIP = b"PK\x03\x04"
PICKLE = b"\x80"
BEGINNINGS: tuple[bytes, ...] = ()  # the tar archive begins with a name
MAX_MEMBERS = 100_000
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001
_TAR_MAGIC, _TAR_OFFSET = b"ustar", 257

#: Storage key -> its bytes.
Storages = Mapping[str, memoryview | bytes]


def read(stream: BinaryIO, max_bytes: int, key: str | None) -> dict[str, Array]:
    beginning = stream.read(512)
    stream.seek(0)
    if beginning[_TAR_OFFSET : _TAR_OFFSET + len(_TAR_MAGIC)] == _TAR_MAGIC:
        raise Refused(
            "a tar archive, the form of torch before 0.1.10",
            "a later form; load the file with a torch of its time, in isolation, and save it again",
        )
    if not beginning.startswith((ZIP, PICKLE)):
        raise Refused(
            f"a file that begins with {beginning[:8]!r}", "a zip archive or a pickle, as of torch.save"
        )
    loaded, storages = _zip(stream) if beginning.startswith(ZIP) else _legacy(stream)
    return {name: _array(name, tensor, storages) for name, tensor in at_key(loaded, key, is_tensor).items()}


def _zip(stream: BinaryIO) -> tuple[Any, Storages]:
    file_bytes = stream.seek(0, 2)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = _members(archive.infolist(), file_bytes)
            contents = {name: archive.read(info) for name, info in members.items()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise Refused(f"a damaged zip archive ({error})", "one written by torch.save") from error
    if contents.get("byteorder", b"little") != b"little":
        raise Refused(f"byte order {contents['byteorder'][:20]!r}", "little")
    storages = {
        name.removeprefix("data/"): content for name, content in contents.items() if name.startswith("data/")
    }
    loaded, _ = read_pickle(io.BytesIO(contents["data.pkl"]))
    return loaded, storages


def _members(infos: list[zipfile.ZipInfo], file_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Name below the archive's one folder -> member. A folder's own entry is left out."""
    infos = [info for info in infos if not info.is_dir()]
    members = {info.filename.partition("/")[2]: info for info in infos}
    if len(infos) > MAX_MEMBERS or len(members) < len(infos):
        raise Refused(
            f"{len(infos)} members, {len(members)} of them with different names",
            f"at most {MAX_MEMBERS}, all different",
        )
    strange = [info.filename for info in infos if ".." in info.filename.split("/") or "\\" in info.filename]
    if strange or any(info.filename.startswith("/") for info in infos):
        raise Refused(f"members that lead out of the archive ({', '.join(strange[:3])})", "plain names")
    # torch.save stores members as they are, so the unpacked total cannot exceed the file.
    unpacked = sum(info.file_size for info in infos)
    if unpacked > file_bytes:
        raise Refused(f"members that unpack to {unpacked} bytes", f"at most the file's own {file_bytes}")
    if "constants.pkl" in members:
        raise Refused("TorchScript, which is code", "a dictionary of tensors written by torch.save")
    if "data.pkl" not in members:
        raise Refused("a zip archive of something else", "one with data.pkl, written by torch.save")
    return members


def _legacy(file: BinaryIO) -> tuple[Any, Storages]:
    """Five pickles (magic number, protocol, system, object, storage keys), then every storage's numbers."""
    content = file.read()
    stream = io.BytesIO(content)
    magic, _ = read_pickle(stream)
    if magic != LEGACY_MAGIC or read_pickle(stream)[0] != LEGACY_PROTOCOL:
        raise Refused("a pickle without the magic number of torch.save", "a file written by torch.save")
    system, _ = read_pickle(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refused("numbers that are not said to be little-endian", "little-endian numbers")
    loaded, storages = read_pickle(stream)
    keys, _ = read_pickle(stream)
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise Refused("storage keys that are no list of names", "a list of names")
    if sorted(keys) != sorted(storages):
        raise Refused(
            f"{len(keys)} storages listed and {len(storages)} used", "each storage that is used, once"
        )
    numbers = memoryview(content)[stream.tell() :]
    return loaded, dict(_numbers(numbers, [storages[key] for key in keys]))


def _numbers(content: memoryview, storages: list[Storage]) -> Iterator[tuple[str, memoryview]]:
    """One storage after the other: 8 bytes with the number of elements, then these."""
    for storage in storages:
        elements = int.from_bytes(content[:8], "little")
        end = 8 + elements * ITEM_BYTES[storage.kind]
        if len(content) < 8 or elements != storage.elements or end > len(content):
            raise Refused(
                f"{len(content)} bytes left for the storage {storage.key[:80]!r} of {elements} elements",
                f"{storage.elements} elements of type {storage.kind}",
            )
        yield storage.key, content[8:end]
        content = content[end:]


def _sizes(value: Any) -> bool:
    return isinstance(value, tuple) and all(type(size) is int and 0 <= size < 2**63 for size in value)


def _array(name: str, tensor: StoredTensor | NumpyArray, storages: Storages) -> Array:
    if isinstance(tensor, NumpyArray):
        return tensor.array(name)
    storage, shape, stride, offset = tensor.storage, tensor.shape, tensor.stride, tensor.offset
    if not _sizes(shape) or not _sizes(stride) or len(shape) != len(stride) or not _sizes((offset,)):
        raise Refused(f"{name} of shape {str(shape)[:80]}, strides {str(stride)[:80]}", "sizes and strides")
    if len(shape) > MAX_DIMENSIONS:
        raise Refused(f"{name} with {len(shape)} dimensions", f"at most {MAX_DIMENSIONS}")
    stored = storages.get(storage.key)
    item = ITEM_BYTES[storage.kind]
    if stored is None or len(stored) != storage.elements * item:
        found = "is not there" if stored is None else f"has {len(stored)} bytes"
        raise Refused(f"{name} in a storage that {found}", f"{storage.elements * item} bytes")
    return Array(storage.kind, _view(name, tensor, np.frombuffer(stored, NUMPY_TYPES[storage.kind])))


def _view(name: str, tensor: StoredTensor, stored: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The tensor's elements, once it is certain that all are in the storage and none is used twice over."""
    shape, stride, item = tensor.shape, tensor.stride, stored.itemsize
    size = math.prod(shape) * item
    first = tensor.storage.start + tensor.offset
    last = first + sum((n - 1) * step for n, step in zip(shape, stride, strict=True)) if size else first
    if size > stored.nbytes or (size and last >= len(stored)):
        raise Refused(
            f"{name} of shape {list(shape)}, {size} bytes out of a storage of {stored.nbytes}",
            "no more bytes than are stored",
        )
    if not size:
        return np.empty(shape, stored.dtype)
    steps = tuple(step * item for step in stride)
    return np.lib.stride_tricks.as_strided(stored[first:], shape, steps, writeable=False)


def warm_up() -> bytes:
    """A tensor of one element. Reading it loads, among others, the codec of names in archives."""
    pickled = (
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"
        b"X\x01\0\0\x000X\x03\0\0\0cpuK\x01tQK\0K\x01\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtRs."
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
        archive.writestr("archive/data/0", bytes(4))
    return stream.getvalue()
