"""Files that lie about sizes, lead elsewhere, or are something else: name -> (format, bytes, the message)."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import warnings
import zipfile
from typing import Any

import h5py
import numpy as np
import scipy.io
from hostile_pickles import GOOD, ancient_tar, entry, legacy, state, tensor, text, zipped
from onnx import TensorProto, helper, numpy_helper

LONG_62 = b"\x8a\x08" + struct.pack("<q", 2**62)
MINUS_1 = b"J\xff\xff\xff\xff"
BILLION = b"J\x00\xca\x9a\x3b"
Case = tuple[str, bytes, str]


def header(entries: Any, numbers: bytes = bytes(4), length: int | None = None) -> bytes:
    """A safetensors file with this header, JSON or bytes."""
    content = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(content) if length is None else length) + content + numbers


def described(**changes: Any) -> dict[str, Any]:
    return {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | changes}


def members(**contents: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two members of one name
        for name, content in contents.items():
            archive.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def torch_files() -> dict[str, Case]:
    nan, infinity = struct.pack("<f", float("nan")), struct.pack("<f", float("-inf"))
    bfloat = GOOD.replace(b"FloatStorage", b"BFloat16Storage")
    many = state(**{f"w{i}": tensor(b"M\x10\x27\x85", elements=b"M\x10\x27") for i in range(2000)})
    deep = b"\x80\x02}" + b")" + b"\x85" * 1_000_000 + b"Ns."
    cyclic = b"\x80\x02}q\0" + text("a") + b"h\0s" + text("b") + b"h\0s."
    encrypted = bytearray(zipped(GOOD))
    encrypted[encrypted.rindex(b"PK\x01\x02") + 8] |= 1
    good = zipped(GOOD)
    return {
        "zip-bomb": (
            "torch",
            zipped(GOOD, bytes(50_000_000), zipfile.ZIP_DEFLATED),
            r"members that unpack to 5000\d+ bytes",
        ),
        "member-leads-out": (
            "torch",
            zipped(GOOD, **{"archive__..__..__canary": b"x"}),
            "lead out of the archive",
        ),
        "member-absolute": ("torch", zipped(GOOD, **{"__etc__canary": b"x"}), "lead out of the archive"),
        "member-twice": ("torch", _twice(), "different names"),
        "member-encrypted": ("torch", bytes(encrypted), "damaged zip archive"),
        "member-crc": ("torch", good.replace(b"}X\x01\0\0\0w", b"}X\x01\0\0\0v", 1), "damaged zip archive"),
        "torchscript": ("torch", zipped(GOOD, **{"archive__constants.pkl": b"\x80\x02)."}), "TorchScript"),
        "zip-of-something": ("torch", members(word__document=b"<xml/>"), "zip archive of something else"),
        "zip-truncated": ("torch", good[:-40], "damaged zip archive"),
        "big-endian": ("torch", zipped(GOOD, **{"archive__byteorder": b"big"}), "byte order b'big'"),
        "legacy-truncated": (
            "torch",
            legacy(GOOD, struct.pack("<q", 1) + b"\0", ("0",)),
            "1 elements of type F32",
        ),
        "legacy-lying-length": (
            "torch",
            legacy(GOOD, struct.pack("<q", 2**40) + bytes(4), ("0",)),
            "expected 1 el",
        ),
        "legacy-unlisted": (
            "torch",
            legacy(GOOD, struct.pack("<q", 1) + bytes(4)),
            "0 storages listed and 1 used",
        ),
        "legacy-cut-pickle": ("torch", legacy(GOOD)[:120], "in a pickle; expected"),
        "plain-pickle": ("torch", pickle.dumps({"w": [1.0]}, 2), "without the magic number"),
        "ancient-tar": ("torch", ancient_tar(GOOD), "tar archive, the form of torch before 0.1.10"),
        "stride-zero": (
            "torch",
            zipped(entry(tensor(BILLION + b"\x85", b"K\0\x85"))),
            "out of a storage of 4;",
        ),
        "enormous-shape": ("torch", zipped(entry(tensor(LONG_62 + b"\x85"))), "out of a storage of 4;"),
        "overflowing-shape": (
            "torch",
            zipped(entry(tensor(LONG_62 + LONG_62 + b"\x86", b"K\0K\0\x86"))),
            "out of a storage of 4;",
        ),
        "negative-shape": ("torch", zipped(entry(tensor(MINUS_1 + b"\x85"))), "sizes and strides"),
        "negative-stride": ("torch", zipped(entry(tensor(stride=MINUS_1 + b"\x85"))), "sizes and strides"),
        "offset-beyond": ("torch", zipped(entry(tensor(offset=b"K\x05"))), "no more bytes than are stored"),
        "stride-beyond": (
            "torch",
            zipped(entry(tensor(b"K\x02\x85", b"M\xff\xff\x85", b"K\x02")), bytes(8)),
            "no more bytes than are stored",
        ),
        "storage-elements-lie": (
            "torch",
            zipped(entry(tensor(elements=BILLION))),
            "storage that has 4 bytes",
        ),
        "shared-storage": ("torch", zipped(many, bytes(40_000)), "80000000 bytes of tensors"),
        "memo-bomb": ("torch", zipped(b"\x80\x02}r\xff\xff\xff\x7f."), "a dictionary of nothing"),
        "string-length-lie": ("torch", zipped(b"\x80\x02X\xff\xff\xff\x7fabc."), "malformed pickle"),
        "frame-length-lie": (
            "torch",
            zipped(b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N."),
            "NoneType None",
        ),
        "deep-tuple-as-key": ("torch", zipped(deep), "crashes its reader|malformed|dictionary of tensors"),
        "cyclic": ("torch", zipped(cyclic), "dictionary of tensors"),
        "sparse": ("torch", zipped(entry(b"ctorch._utils\n_rebuild_sparse_tensor\n)R")), "sparse tensors"),
        "quantised": ("torch", zipped(entry(b"ctorch._utils\n_rebuild_qtensor\n)R")), "quantised tensors"),
        "nan": ("torch", zipped(GOOD, nan), "NaN or infinity in w"),
        "infinity": ("torch", zipped(GOOD, infinity), "NaN or infinity in w"),
        "bfloat-infinity": ("torch", zipped(bfloat, struct.pack("<H", 0x7F80)), "NaN or infinity in w"),
        "html": ("torch", b"\n<!DOCTYPE html><html><title>404</title></html>", "Found a web page"),
        "lfs-pointer": (
            "torch",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "pointer of Git LFS",
        ),
        "empty": ("torch", b"", "empty file"),
        "noise": ("torch", b"\x93\x12hello", "begins with"),
    }


def _twice() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("archive/data.pkl", GOOD)
        archive.writestr("archive/data.pkl", b"cposix\nsystem\n.")
    return stream.getvalue()


def safetensors_files() -> dict[str, Case]:
    once = b'"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    twice = b"{" + once + b"," + once + b"}"
    overlap = described() | {"v": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}}
    cases = {
        "header-2-to-63": (header({}, length=2**63), f"a header of {2**63} bytes"),
        "header-longer-than-file": (header(described(), length=10_000), "a header of 10000 bytes"),
        "header-not-json": (header(b"\xff\xfe{}"), "not JSON"),
        "header-deep": (header(b"[" * 200_000), "not JSON"),
        "header-list": (header(b"[1]"), "a header that is a list"),
        "name-twice": (header(twice), "'w' twice"),
        "overlap": (header(overlap, bytes(6)), "where the last ends"),
        "gap": (header(described(data_offsets=[4, 8]), bytes(8)), "where the last ends"),
        "trailing": (header(described(), bytes(99)), "that its header describes"),
        "cut": (header(described(), bytes(2)), "that its header describes"),
        "type-unknown": (header(described(dtype="OBJECT")), "of type 'OBJECT'"),
        "shape-lies": (header(described(shape=[10**9])), "4000000000 bytes"),
        "shape-overflows": (header(described(shape=[2**62, 2**62])), "in 4 bytes"),
        "shape-negative": (header(described(shape=[-1])), "none negative"),
        "shape-true": (header(described(shape=[True])), "none negative"),
        "offsets-negative": (header(described(data_offsets=[-4, 0])), "none negative"),
        "field-more": (header(described(code="x")), "dtype, shape and data_offsets"),
        "nothing": (b"\0\0", "a header of 0 bytes in a file of 2"),
    }
    return {f"safetensors-{name}": ("safetensors", *case) for name, case in cases.items()}


def hdf5_files() -> dict[str, Case]:
    def made(fill: Any) -> bytes:
        stream = io.BytesIO()
        with h5py.File(stream, "w") as file:
            file["layer/kernel"] = np.ones(3, np.float32)
            fill(file)
        return stream.getvalue()

    def external(file: h5py.File) -> None:
        file.create_dataset("layer/raw", (16,), "u1", external=[("/etc/passwd", 0, 16)])

    def virtual(file: h5py.File) -> None:
        layout = h5py.VirtualLayout((3,), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3,))
        file.create_virtual_dataset("layer/virtual", layout)

    cases = {
        "external-link": (
            made(lambda f: f.update({"layer/out": h5py.ExternalLink("/etc/passwd", "/")})),
            "a link to",
        ),
        "soft-link": (
            made(lambda f: f.update({"layer/soft": h5py.SoftLink("/layer")})),
            "a link to another place",
        ),
        "external-numbers": (made(external), "numbers are in another file"),
        "virtual-numbers": (made(virtual), "numbers are in another file"),
        "cycle": (made(lambda f: f["layer"].update({"again": f["layer"]})), "groups 16 deep"),
        "unwritten": (
            made(lambda f: f.create_dataset("layer/huge", (10**9,), "f4")),
            "4000000000 bytes out of 0",
        ),
        "bomb": (
            made(lambda f: f.create_dataset("layer/b", (10**8,), "f4", chunks=(10**6,), compression="gzip")),
            "bytes of tensors; expected at most",
        ),
        "objects": (made(lambda f: f.update({"layer/words": ["a", "b"]})), "of type object"),
        "truncated": (made(lambda f: f.update({"layer/more": np.ones(1000)}))[:3000], "damaged HDF5"),
        "html": (b"<html><body>Not Found</body></html>", "a web page"),
    }
    return {f"hdf5-{name}": ("keras-h5", *case) for name, case in cases.items()}


def other_files(pickled: bytes) -> dict[str, Case]:
    def matlab(value: Any, **settings: Any) -> bytes:
        stream = io.BytesIO()
        scipy.io.savemat(stream, {"w": value}, **settings)
        return stream.getvalue()

    def graph(tensor: TensorProto) -> bytes:
        made = helper.make_graph([], "g", [], [], initializer=[tensor])
        return bytes(helper.make_model(made).SerializeToString())

    outside = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="../../../etc/passwd")
    plain = numpy_helper.from_array(np.ones(4, np.float32), "w")
    huge = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**40], raw_data=bytes(4))
    negative = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[-1], raw_data=bytes(4))
    short = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[5], raw_data=bytes(4))
    objects = (
        b"\x93NUMPY\x01\0v\0" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    )
    evil = b"\x93NUMPY\x01\0v\0" + b"{'descr': __import__('os').system('x'), }".ljust(117) + b"\n"
    return {
        "matlab-bomb": (
            "matlab",
            matlab(np.zeros((3000, 4000)), do_compression=True),
            "bytes of arrays and more",
        ),
        "matlab-cells": ("matlab", matlab(np.array([[1, "a"]], object)), "of class cell"),
        "matlab-truncated": ("matlab", matlab(np.ones((9, 9)))[:300], "damaged MATLAB"),
        "matlab-nan": ("matlab", matlab(np.array([[np.nan]])), "NaN or infinity"),
        "onnx-external": ("onnx", graph(outside), "numbers are in another file"),
        "onnx-huge": ("onnx", graph(huge), "expected at most"),
        "onnx-negative": ("onnx", graph(negative), r"shape \[-1\]"),
        "onnx-short": ("onnx", graph(short), "as many numbers as the shape says"),
        "onnx-noise": ("onnx", b"\x08\xff\xff\xff\xff" + bytes(99), "no ONNX graph"),
        "onnx-twice": (
            "onnx",
            bytes(helper.make_model(helper.make_graph([], "g", [], [], [plain, plain])).SerializeToString()),
            "two tensors of the name w",
        ),
        "onnx-bomb": ("onnx", gzip.compress(bytes(80_000_000), 1), "unpacks to more than"),
        "onnx-cut-gzip": ("onnx", gzip.compress(graph(plain))[:-9], "damaged gzip"),
        "npz-objects": (
            "npz",
            members(**{"w.npy": objects + pickled}),
            "array of objects, which is a pickle",
        ),
        "npz-header-code": ("npz", members(**{"w.npy": evil}), "no NumPy array of numbers"),
        "npz-not-arrays": ("npz", members(**{"evil.pkl": pickled}), "the member evil.pkl"),
    }
