"""Which format a published file has, where the catalogue does not say: from its own first bytes.

Only what publishers exchange under any name is recognised, torch checkpoints and safetensors. Nothing of the
file is believed for that: whatever is recognised here is then read in the jail by the format's reader, which
checks everything.
"""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO

from sngen.zoo.formats.refusal import Refused
from sngen.zoo.formats.safetensors_file import MAX_HEADER

TORCH, SAFETENSORS = "torch", "safetensors"
#: torch.save before 1.6: a pickle of protocol 2 of its magic number, 0x1950a86a20f9469cfc6c.
LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_ZIP, _TAR, _TAR_OFFSET = b"PK\x03\x04", b"ustar", 257
_HEAD_BYTES = 512
#: Beginning of other files -> what they are.
OTHERS = {
    b"\x89HDF\r\n\x1a\n": "an HDF5 file (keras-h5)",
    b"MATLAB 5.0": "a MATLAB file (matlab)",
    b"\x93NUMPY": "one NumPy array",
    b"\x80": "a pickle that is not torch.save's",
    b"\x1f\x8b": "a gzip archive",
}
EXPECTED = (
    "a torch checkpoint (zip archive or legacy pickle) or a safetensors file; for another format, state the "
    "catalogue's weights_format"
)


def recognise(stream: BinaryIO) -> str:
    """``torch`` or ``safetensors``. Raises ``Refused`` with what the file is instead; leaves ``stream`` at
    its beginning."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    if head.startswith(LEGACY_TORCH) or head[_TAR_OFFSET : _TAR_OFFSET + len(_TAR)] == _TAR:
        return TORCH  # of the tar archive the reader says why it is not read
    if head.startswith(_ZIP):
        return _of_zip(stream)
    if _is_safetensors(head, size):
        return SAFETENSORS
    raise Refused(_words(head), EXPECTED)


def _of_zip(stream: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise Refused(f"a damaged zip archive ({error})", EXPECTED) from error
    finally:
        stream.seek(0)
    if any(name == "data.pkl" or name.endswith("/data.pkl") for name in names):
        return TORCH
    if names and all(name.endswith(".npy") for name in names):
        raise Refused("an archive of NumPy arrays (npz)", EXPECTED)
    listed = ", ".join(repr(name[:40]) for name in names[:4])
    raise Refused(f"a zip archive of something else ({listed})", EXPECTED)


def _is_safetensors(head: bytes, size: int) -> bool:
    """The length of a header that fits into the file, and the brace that the header begins with."""
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 2 <= length <= min(MAX_HEADER, size - 8)


def _words(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        return "an empty file"
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page"
    for beginning, words in OTHERS.items():
        if head.startswith(beginning):
            return words
    return f"a file that begins with {head[:8]!r}"
