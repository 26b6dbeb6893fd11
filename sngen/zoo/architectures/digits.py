"""Small networks for 1 x 8 x 8 images: the architectures of the embedded reference suite."""

from __future__ import annotations

from sngen.zoo.architectures.sequence import sequence

SIZE = (1, 8, 8)

ARCHITECTURES = {
    "digits-linear": sequence("flatten, linear", SIZE),
    **{
        f"digits-mlp-{width}": sequence(f"flatten, linear {width}, relu, linear", SIZE)
        for width in (16, 64, 256)
    },
    **{
        f"digits-cnn-{width}": sequence(
            f"conv {width} k3 p1, relu, conv {2 * width} k3 p1, relu, maxpool 2, flatten, linear", SIZE
        )
        for width in (8, 16)
    },
}
