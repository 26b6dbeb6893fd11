"""Read the pickle of a checkpoint on a machine that can describe tensors and do nothing else.

A pickle is a program: it imports names and calls them. Here no name is ever imported. Each of a short list
of names stands for something of this module: a description of a tensor, a dictionary, or an ``Inert`` object
for what checkpoints carry beside their weights. Every other name, and every operation that a saved
dictionary of tensors has no use for, is refused. (Deny-lists leak: there is always one more name.)
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from sngen.zoo.formats.arrays import Array, from_numpy
from sngen.zoo.formats.refusal import Refused

EXPECTED_NAMES = "only the names of tensors, storages and plain values"
OPERATIONS = frozenset(
    {
        "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "DUP", "GLOBAL", "STACK_GLOBAL", "REDUCE",
        "NEWOBJ", "BUILD", "BINPERSID", "BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET", "MEMOIZE",
        "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT",
        "BINUNICODE", "SHORT_BINUNICODE", "SHORT_BINSTRING", "BINSTRING", "BINBYTES", "SHORT_BINBYTES",
        "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS",
        "EMPTY_DICT", "SETITEM", "SETITEMS", "EMPTY_SET", "ADDITEMS",
    }
)  # fmt: skip
PROTOCOLS = (2, 3, 4, 5)
_CODES = [getattr(pickle, operation)[0] for operation in OPERATIONS]

STORAGES = {
    "Float": "F32", "Double": "F64", "Half": "F16", "BFloat16": "BF16", "Long": "I64", "Int": "I32",
    "Short": "I16", "Char": "I8", "Byte": "U8", "Bool": "BOOL",
}  # fmt: skip


@dataclass(frozen=True)
class Storage:
    """Numbers of one type in the file; ``start`` counts its elements from the beginning of ``key``'s."""

    kind: str
    key: str
    elements: int
    start: int


@dataclass(frozen=True)
class StoredTensor:
    """A view of a storage. Nothing about it has been checked yet."""

    storage: Storage
    offset: Any
    shape: Any
    stride: Any


class Inert:
    """A value nobody reads. It swallows whatever a pickle does to it."""

    def __init__(self, *_arguments: Any) -> None: ...

    def __setstate__(self, _state: Any) -> None: ...

    def append(self, _item: Any) -> None: ...

    def __setitem__(self, _name: Any, _value: Any) -> None: ...

    def add(self, _item: Any) -> None: ...


class Dictionary(dict[Any, Any]):
    """Stands for OrderedDict, defaultdict and the like, whose attributes are dropped."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*(argument for argument in arguments if isinstance(argument, (dict, list))))

    def __setstate__(self, _state: Any) -> None: ...


class NumpyType:
    """A number type of NumPy, such as '<f4', once its state is set."""

    def __init__(self, code: Any = "", *_arguments: Any) -> None:
        self.code, self.order = code, "="

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


class NumpyArray:
    """An array of NumPy, described by its state: version, shape, type, column order, bytes."""

    def __init__(self, *_arguments: Any) -> None:
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self, name: str) -> Array:
        try:
            _version, shape, kind, column_order, content = self.state
            plain = kind.code.replace("b1", "?")
            values = np.frombuffer(content, np.dtype(f"{kind.order if kind.order != '|' else ''}{plain}"))
            return from_numpy(name, values.reshape(shape, order="F" if column_order else "C"))
        except (TypeError, ValueError, AttributeError) as error:
            raise Refused(f"{name} as a NumPy array that is malformed ({error})", "numbers") from error


@dataclass(frozen=True)
class StorageKind:
    kind: str


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_gradient_and_hooks: Any) -> StoredTensor:
    if not isinstance(storage, Storage):
        raise Refused("a tensor without a storage", "a storage of the file")
    return StoredTensor(storage, offset, shape, stride)


def _parameter(data: Any, *_gradient_and_hooks: Any) -> Any:
    return data


def _encoded(text: Any, codec: Any = "utf-8") -> bytes:
    """What protocol 2 writes for bytes."""
    if not isinstance(text, str) or codec not in ("latin1", "latin-1"):
        raise Refused(f"a call of _codecs.encode with the codec {str(codec)[:40]!r}", "latin1")
    return text.encode("latin1")


_BUILT_IN = ("set", "frozenset", "list", "dict", "int", "float", "slice", "complex", "bytearray")
_INERT = (
    "torch.Size", "torch.device", "torch.dtype", "argparse.Namespace", "collections.deque",
    "datetime.datetime", "datetime.date", "datetime.timedelta",
    "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath",
    "pathlib.PureWindowsPath", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
    *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _BUILT_IN),
)  # fmt: skip
_DICTIONARIES = ("collections.OrderedDict", "collections.defaultdict", "collections.Counter")
_ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_NUMBER_TYPES = (
    "float16", "float32", "float64", "bfloat16", "half", "float", "double",
    "int8", "int16", "int32", "int64", "uint8", "short", "int", "long", "bool",
)  # fmt: skip
#: Name in a pickle -> what stands for it. None of the named things is imported.
NAMES: dict[str, Callable[..., Any] | StorageKind | type] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "_codecs.encode": _encoded,
    "numpy.dtype": NumpyType,
    "numpy.ndarray": Inert,
    **{f"torch.{name}Storage": StorageKind(kind) for name, kind in STORAGES.items()},
    **dict.fromkeys(_DICTIONARIES, Dictionary),
    **dict.fromkeys(_ARRAYS, NumpyArray),
    **dict.fromkeys(_INERT, Inert),
    **{f"torch.{name}": Inert for name in _NUMBER_TYPES},
}
_REASONS = {
    "torch._utils._rebuild_qtensor": "quantised tensors, whose arithmetic plain tensors do not hold",
    "torch._utils._rebuild_sparse_tensor": "sparse tensors",
    "torch._utils._rebuild_sparse_csr_tensor": "sparse tensors",
    "torch._utils._rebuild_wrapper_subclass": "tensors of a class of their own",
    "torch._tensor._rebuild_from_type_v2": "tensors of a class of their own",
}
_CALLABLE = tuple({value for value in NAMES.values() if not isinstance(value, StorageKind)})


def is_tensor(value: Any) -> bool:
    return isinstance(value, (StoredTensor, NumpyArray))


def read_pickle(stream: BinaryIO) -> tuple[Any, dict[str, Storage]]:
    """The value of the next pickle in ``stream``, and the storages that it refers to by key, each whole.

    Raises ``Refused`` for anything but plain values.
    """
    reader = _Reader(stream)
    try:
        return reader.load(), reader.storages
    except (Refused, MemoryError):
        raise
    except Exception as error:  # malformed input fails in many ways
        reason = f"{type(error).__name__}: {error}"[:200]
        raise Refused(f"a malformed pickle ({reason})", "one written by torch.save") from error


class _Known(dict[int, Any]):
    def __missing__(self, code: int) -> Any:
        raise Refused(f"the pickle operation {_operation(code)}", "only those that build plain values")


class _Reader(pickle._Unpickler):
    """The interpreter of Python's own library, with the operations and the names it may use cut down."""

    # Set by the base class while it reads, and unknown to the type stubs.
    read: Callable[[int], bytes]
    stack: list[Any]
    append: Callable[[Any], None]

    dispatch = _Known({code: pickle._Unpickler.dispatch[code] for code in _CODES})

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, encoding="latin1")
        self.storages: dict[str, Storage] = {}

    def load_proto(self) -> None:
        protocol = self.read(1)[0]
        if protocol not in PROTOCOLS:
            raise Refused(f"pickle protocol {protocol}", f"one of {', '.join(map(str, PROTOCOLS))}")
        self.proto = protocol

    dispatch[pickle.PROTO[0]] = load_proto

    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        if full in NAMES:
            return NAMES[full]
        if full in _REASONS:
            raise Refused(f"{_REASONS[full]} ({full})", "dense tensors of plain numbers")
        if module.startswith("torch.") and module != "torch._utils" and name.endswith("Storage"):
            raise Refused(f"a storage of type {full}", f"one of {', '.join(STORAGES)}")
        if _looks_like_a_module(module):
            raise Refused(
                f"a whole pickled module, of the class {full[:200]}, which only its code can read",
                "a dictionary of tensors (what state_dict() of the module gives)",
            )
        raise Refused(f"the name {full[:200]} in a pickle", EXPECTED_NAMES)

    def persistent_load(self, reference: Any) -> Storage:
        if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
            raise Refused(f"a reference to {str(reference)[:80]}", "a reference to a storage")
        kind, key, _location, elements, *view = reference[1:]
        if not isinstance(kind, StorageKind) or not isinstance(key, str) or not _count(elements):
            raise Refused(f"a storage of type {str(kind)[:80]}", f"one of {', '.join(STORAGES)}")
        whole = Storage(kind.kind, key, elements, 0)
        if self.storages.setdefault(key, whole) != whole:
            raise Refused(f"the storage {key[:80]!r} with two types or sizes", "one type and size")
        if view and view[0] is not None:  # torch before 0.4: a part of another storage
            _name, start, length = view[0]
            if not _count(start) or not _count(length) or start + length > elements:
                raise Refused(f"elements {start} to {start + length} of a storage of {elements}", "a part")
            return Storage(kind.kind, key, elements, start)
        return whole

    def load_reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack[-1]
        self.stack[-1] = _call(function, arguments)

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.append(_call(function, arguments))

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if not isinstance(target, (Inert, Dictionary, NumpyType, NumpyArray)):
            raise Refused(f"attributes set on a {type(target).__name__}", "plain values")
        target.__setstate__(state)

    dispatch[pickle.BUILD[0]] = load_build


def _call(function: Any, arguments: Any) -> Any:
    if function not in _CALLABLE or not isinstance(arguments, tuple):
        raise Refused(f"a call of a {type(function).__name__}", "only those that build tensors")
    return function(*arguments)


def _operation(code: int) -> str:
    names = [name for name, value in vars(pickle).items() if name.isupper() and value == bytes([code])]
    return names[0] if names else f"{code:#x}, which there is not"


def _looks_like_a_module(module: str) -> bool:
    """Where networks' classes come from: torch.nn, a script, or a package of models."""
    parts = module.split(".")
    return module.startswith("torch.nn") or parts[0] in ("__main__", "models", "model", "torchvision", "timm")


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63
