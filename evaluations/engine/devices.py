"""Where networks run: on the processor, or on an accelerator by torch's name for it, such as ``cuda``.

A tier belongs to one of the two. What an accelerator measures is never ranked with the processor's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evaluations.engine.work import LeftOut, Selection
from evaluations.method import CPU
from sngen.errors import UsageError

#: The tiers that are measured on an accelerator.
ACCELERATED = ("gpu",)


def fits(tier: str, device: str) -> bool:
    return (tier in ACCELERATED) == (device != CPU)


def of_device(selection: Selection, device: str) -> Selection:
    """The work of the tiers that are measured on ``device``; other work is left out with that reason."""
    works = tuple(work for work in selection.works if fits(work.tier, device))
    others = [work for work in selection.works if not fits(work.tier, device)]
    left_out = dict.fromkeys(
        LeftOut(work.model_id, elsewhere(work.protocol.protocol_id, work.tier)) for work in others
    )
    return replace(selection, works=works, left_out=(*selection.left_out, *left_out))


def elsewhere(protocol_id: str, tier: str) -> str:
    """Why work of the tier is not for the device that was asked for."""
    how = "--device cuda" if tier in ACCELERATED else "--device cpu"
    return f"the tier {tier} of {protocol_id} is measured with {how}"


def names(device: str, processor: str) -> str:
    """What a record calls the device. Raises ``UsageError`` where torch has no such accelerator."""
    if device == CPU:
        return processor
    import torch  # noqa: PLC0415 - the processor needs no torch to be named

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(
            f"--device {device}: torch {torch.__version__} cannot use it ({_first_line(error)}). It knows "
            f"{', '.join(_known())}."
        ) from error
    if torch.device(device).type != "cuda":
        return f"{device} with {processor}"
    return f"{torch.cuda.get_device_name(device)} with {processor}"


def make_exact(device: str) -> None:
    """Float32 without shortcuts, and kernels that give the same sum every time, in this process."""
    if device == CPU:
        return
    import torch  # noqa: PLC0415

    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def _known() -> Sequence[str]:
    import torch  # noqa: PLC0415

    accelerators = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    return [CPU, *accelerators]


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
