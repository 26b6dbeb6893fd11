"""Files that would run code if anything unpickled them. ``shell`` is a command that leaves a trace."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


def text(value: str) -> bytes:
    """A string, as an operation of protocol 2."""
    content = value.encode()
    return b"X" + struct.pack("<I", len(content)) + content


def short(value: str) -> bytes:
    """A string, as an operation of protocol 4."""
    return b"\x8c" + bytes([len(value.encode())]) + value.encode()


def zipped(data_pkl: bytes, storage: bytes = bytes(4), method: int = 0, **more: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("archive/data.pkl", data_pkl)
        archive.writestr("archive/data/0", storage)
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream.getvalue()


def legacy(pickled: bytes, storages: bytes = b"", keys: tuple[str, ...] = ()) -> bytes:
    system = {"protocol_version": LEGACY_PROTOCOL, "little_endian": True, "type_sizes": {}}
    before = [pickle.dumps(value, 2) for value in (LEGACY_MAGIC, LEGACY_PROTOCOL, system)]
    return b"".join([*before, pickled, pickle.dumps(list(keys), 2), storages])


def tensor(
    shape: bytes = b"K\x01\x85",
    stride: bytes = b"K\x01\x85",
    elements: bytes = b"K\x01",
    offset: bytes = b"K\0",
) -> bytes:
    """A tensor of one element of storage 0; the arguments are operations that push their values."""
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n(("
        + text("storage")
        + b"ctorch\nFloatStorage\n"
        + text("0")
        + text("cpu")
        + elements
        + b"tQ"
        + offset
        + shape
        + stride
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )


def entry(value: bytes, name: str = "w") -> bytes:
    """A dictionary with one value."""
    return b"\x80\x02}" + text(name) + value + b"s."


def state(**tensors: bytes) -> bytes:
    items = b"".join(text(name) + value for name, value in tensors.items())
    return b"\x80\x02}(" + items + b"u."


GOOD = entry(tensor())


def calling(shell: str) -> dict[str, bytes]:
    """Programs, each a complete pickle that runs ``shell`` by another way through the machine."""
    system, command = b"cposix\nsystem\n", text(shell)
    python = text(f"__import__('os').system({shell!r})")
    nested = text("state_dict") + b"}" + text("w") + system + command + b"\x85Rs"
    return {
        "reduce": entry(system + command + b"\x85R"),
        "reduce-and-discard": b"\x80\x02" + system + command + b"\x85R0" + GOOD[2:],
        "nested-key": b"\x80\x02}" + nested + b"s.",
        "inst": b"\x80\x02(" + command + b"iposix\nsystem\n.",
        "obj": b"\x80\x02(" + system + command + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n(" + command + b"\x88tR" + b"csubprocess\nPopen\n)\x81.",
        "newobj-ex": b"\x80\x04"
        + short("subprocess")
        + short("Popen")
        + b"\x93"
        + short(shell)
        + b"\x85}\x92.",
        "stack-global": b"\x80\x04" + short("posix") + short("system") + b"\x93" + short(shell) + b"\x85R.",
        "stack-global-from-memo": b"\x80\x04"
        + short("system")
        + b"\x940"
        + short("posix")
        + b"h\0\x93"
        + short(shell)
        + b"\x85R.",
        "stack-global-dotted": b"\x80\x04"
        + short("torch")
        + short("os.system")
        + b"\x93"
        + short(shell)
        + b"\x85R.",
        "build": b"\x80\x02cfunctools\npartial\n("
        + system
        + b"tR("
        + system
        + b"("
        + command
        + b"t}NtbC\x01.",
        "eval": entry(b"c__builtin__\neval\n" + python + b"\x85R"),
        "exec": entry(b"cbuiltins\nexec\n" + python + b"\x85R"),
        "getattr": entry(
            b"cbuiltins\ngetattr\n(cimportlib\nimport_module\n"
            + text("os")
            + b"\x85R"
            + text("system")
            + b"tR"
            + command
            + b"\x85R"
        ),
        "import-module": entry(b"cimportlib\nimport_module\n" + text("antigravity") + b"\x85R"),
        "pip": entry(b"cpip\nmain\n(" + text("install") + text("x") + b"ltR"),
        "run-string": entry(b"cnumpy.testing._private.utils\nrunstring\n(" + python + b"}tR"),
        "torch-load": entry(b"ctorch.serialization\nload\n" + command + b"\x85R"),
        "torch-hub": entry(b"ctorch.hub\nload\n(" + text("someone/repo") + text("net") + b"tR"),
        "torch-os": entry(b"ctorch.os\nsystem\n" + command + b"\x85R"),
        "method-caller": entry(
            b"coperator\nmethodcaller\n("
            + text("system")
            + command
            + b"tRcimportlib\nimport_module\n"
            + text("os")
            + b"\x85R\x85R"
        ),
        "webbrowser": entry(b"cwebbrowser\nopen\n" + text("http://127.0.0.1/") + b"\x85R"),
        "socket": entry(b"csocket\ncreate_connection\n(" + text("127.0.0.1") + b"K\x50t\x85R"),
        "write-file": entry(b"cio\nopen\n(" + text("/tmp/hostile-canary") + text("w") + b"tR"),
        "called-from-storage-type": entry(b"ctorch\nFloatStorage\n" + command + b"\x85R"),
        "called-from-tensor": entry(tensor() + command + b"\x85R"),
        "extension-1": b"\x80\x02\x82\x01.",
        "extension-4": b"\x80\x02\x84\x01\0\0\0.",
        "text-persistent-id": b"\x80\x02Pstorage\n.",
        "persistent-module": b"\x80\x02("
        + text("module")
        + b"c__main__\nNet\n"
        + text("net.py")
        + python
        + b"tQ.",
        "whole-module": b"\x80\x02ctorch.nn.modules.container\nSequential\n)\x81}b.",
        "own-class": b"\x80\x02c__main__\nNet\n)\x81}b.",
        "out-of-band-buffer": b"\x80\x05\x97.",
        "codec": entry(b"c_codecs\nencode\n(" + text("x" * 9) + text("zip") + b"tR"),
    }


def ancient_tar(pickled: bytes) -> bytes:
    """The archive of torch before 0.1.10."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in (
            ("storages", pickle.dumps(0)),
            ("tensors", pickle.dumps(0)),
            ("pickle", pickled),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()
