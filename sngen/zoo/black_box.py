"""Networks that only their own file can run: a module that asks it, and has no gradients.

For TensorFlow Lite and for ONNX graphs that no architecture of the zoo rebuilds. The graph runs in a process
behind the walls of ``sngen.zoo.jail_walls``: in batches where the graph takes them and gives the same numbers
bit for bit, else one image at a time. An answer that does not come in time ends the process.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sngen.errors import CheckFailed, UsageError
from sngen.schema import MODELS
from sngen.settings import Settings
from sngen.zoo.formats.refusal import CheckpointRefused
from sngen.zoo.jail import ENVIRONMENT, ROOT, MiB, missing_package
from sngen.zoo.weights import published_file

FORMATS = ("tflite", "onnx")
#: How long a graph may take, in seconds: to be loaded and tried, and to answer. Honest ones take far less.
LOADING_SECONDS = 300.0
REQUEST_SECONDS, IMAGE_SECONDS = 60.0, 10.0
_PIECE = 2**16
_LONGEST_LINE = 64 * 1024
_START = f"import sys; sys.path.append({str(ROOT)!r}); from sngen.zoo.black_box_inside import main; main()"


def black_box(model: Mapping[str, Any], settings: Settings, num_classes: int) -> BlackBox:
    """The graph of a row of the table models, fetched if need be, as a module without gradients.

    Raises what ``sngen.zoo.fetching.fetch`` raises, ``CheckpointRefused`` for a file that is no such
    graph, ``CheckFailed`` for another number of classes, ``UsageError`` where the runtime is not installed.
    """
    weights_format = model[MODELS.c.weights_format]
    if weights_format not in FORMATS:
        raise UsageError(
            f"{model[MODELS.c.model_id]}: {MODELS.c.weights_format} is {weights_format!r}; as a black box "
            f"can be run: {', '.join(FORMATS)}."
        )
    box = BlackBox(published_file(model, settings), weights_format)
    if box.num_classes != num_classes:
        box.close()
        raise CheckFailed(
            f"{model[MODELS.c.model_id]}: the graph has {box.num_classes} outputs, expected {num_classes}."
        )
    return box.eval()


class BlackBox(nn.Module):
    """x float32 [N, C, H, W], normalised -> logits float32 [N, classes].

    Where the graph ends in softmax, logits are logarithms of its probabilities (a quantised zero counts as
    half a step). ``gradients`` is False, and an input that wants them is an error, not a zero gradient.
    """

    gradients = False

    def __init__(self, file: Path, weights_format: str) -> None:
        super().__init__()
        self.file = file
        with file.open("rb") as stream:
            given = {
                "file": stream.fileno(),
                "weights_format": weights_format,
                "memory_bytes": 1024 * MiB + 20 * file.stat().st_size,
            }
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, with a program of our own
                [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=(stream.fileno(),),
                bufsize=0,
            )
            self.close = weakref.finalize(self, _stop, self._process)
            reply = self._first_reply()
        self.shape, self.num_classes = tuple(reply["shape"]), int(reply["classes"])
        self.batch = int(reply["batch"])

    def _first_reply(self) -> dict[str, Any]:
        try:
            line = _exchange(
                self._process, b"", LOADING_SECONDS, lambda read: read.endswith(b"\n"), _LONGEST_LINE
            )
        except TimeoutError as error:
            self.close()
            raise CheckpointRefused(
                self.file, f"a graph that is not ready after {LOADING_SECONDS:.0f} s", "less time"
            ) from error
        if not line.endswith(b"\n"):
            raise CheckpointRefused(self.file, "a graph that ends its runtime", "one that can be run")
        reply: dict[str, Any] = json.loads(line)
        if reply["kind"] == "missing":
            raise missing_package(self.file, reply["package"])
        if reply["kind"] != "ready":
            raise CheckpointRefused(self.file, str(reply["found"]), str(reply["expected"]))
        return reply

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.requires_grad and torch.is_grad_enabled():
            raise UsageError(
                f"{self.file.name}: this model runs as a black box and has no gradients. Use an attack that "
                "asks for outputs only."
            )
        if tuple(x.shape[1:]) != self.shape:
            raise UsageError(
                f"{self.file.name}: images of shape {tuple(x.shape[1:])}, expected {self.shape}."
            )
        images = x.detach().to("cpu", torch.float32).contiguous().numpy()
        answer = self._ask(len(images), images.tobytes())
        return torch.frombuffer(bytearray(answer), dtype=torch.float32).reshape(len(x), -1).to(x.device)

    def _ask(self, count: int, content: bytes) -> bytes:
        expected, limit = count * self.num_classes * 4, REQUEST_SECONDS + count * IMAGE_SECONDS
        request = count.to_bytes(4, "little") + content
        answer = b""
        if self.close.alive:
            try:
                answer = _exchange(
                    self._process, request, limit, lambda read: len(read) >= expected, expected
                )
            except TimeoutError as error:
                self.close()
                raise CheckFailed(
                    f"{self.file}: no answer within {limit:.0f} s for {count} images, so the process that "
                    "runs this graph was ended. Load the model again, and ask for fewer images at once."
                ) from error
        if len(answer) != expected:
            raise CheckFailed(f"{self.file}: the process that runs this graph ended. Load the model again.")
        return answer


def _exchange(
    process: subprocess.Popen[bytes],
    request: bytes,
    seconds: float,
    is_whole: Callable[[bytearray], bool],
    most: int,
) -> bytes:
    """What the process says to ``request``: until ``is_whole`` of it, ``most`` bytes, or its end. Raises
    ``TimeoutError`` after ``seconds``, whether it does not listen or does not answer."""
    assert process.stdin is not None and process.stdout is not None
    source, target = process.stdout.fileno(), process.stdin.fileno()
    os.set_blocking(target, False)
    rest, read, deadline = memoryview(request), bytearray(), time.monotonic() + seconds
    try:
        while rest or not (is_whole(read) or len(read) >= most):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = _ready(source, target if rest else None, left)
            if target in ready:
                rest = rest[os.write(target, rest[:_PIECE]) :]
            if source in ready:
                piece = os.read(source, most - len(read)) if len(read) < most else b""
                if not piece:
                    break
                read += piece
    except BrokenPipeError:
        pass  # it ended: what it said is not whole
    return bytes(read)


def _ready(source: int, target: int | None, seconds: float) -> set[int]:
    """Which of two descriptors can be read from or written to, or have ended."""
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    if target is not None:
        waiting.register(target, select.POLLOUT)
    return {descriptor for descriptor, _ in waiting.poll(seconds * 1000)}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
