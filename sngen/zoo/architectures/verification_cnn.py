"""Small convolutional networks of works on provable robustness and of comparisons of verifiers.

Tensors are numbered by position, as in ``torch.nn.Sequential``, unless the text names them.
"""

from __future__ import annotations

from sngen.zoo.architectures.sequence import sequence

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
#: First convolution and following ones of 4 x 4 and stride 2, with and without padding.
TWO_PADDED = "conv {} k4 s2 p1, relu, conv {} k4 s2 p1, relu, flatten, linear {}, relu, linear"
TWO_BARE = "conv {} k4 s2, relu, conv {} k4 s2, relu, flatten, linear {}, relu, linear"
MARABOU = "conv {} k4 s2, relu, conv {} k4 s2, relu, flatten, linear 128, relu, linear 64, relu, linear"
BIASFIELD = (
    "layers.1: conv 16 k3 p1, relu, layers.3: conv 32 k3 s2 p1, relu, layers.5: conv 32 k3 p1, relu, "
    "layers.7: conv 64 k3 s2 p1, relu, layers.9: conv 64 k3 p1, relu, layers.11: conv 128 k3 s2 p1, relu, "
    "layers.13: conv 128 k3 p1, relu, layers.15: conv classes k4, flatten"
)

ARCHITECTURES = {
    # E. Wong, Z. Kolter, arXiv:1711.00851; MNIST, Fashion-MNIST, SVHN and CIFAR-10
    "kw-conv-small": sequence(TWO_PADDED.format(16, 32, 100)),
    # oval-group/oval-bab
    "oval-base": sequence(TWO_PADDED.format(8, 16, 100), CIFAR),
    "oval-deep": sequence(
        "conv 8 k4 s2 p1, relu, conv 8 k3 p1, relu, conv 8 k3 p1, relu, conv 8 k4 s2 p1, relu, flatten, "
        "linear 100, relu, linear",
        CIFAR,
    ),
    # eth-sri/eran; MNIST and CIFAR-10
    "convsmall-eran": sequence(TWO_BARE.format(16, 32, 100)),
    "convsmall-sigmoid": sequence(TWO_BARE.format(16, 32, 100).replace("relu", "sigmoid"), CIFAR),
    # VNN-COMP 2021, track marabou-cifar10
    "marabou-cifar-small": sequence(MARABOU.format(8, 16), CIFAR),
    "marabou-cifar-medium": sequence(MARABOU.format(16, 32), CIFAR),
    "marabou-cifar-large": sequence(MARABOU.format(32, 64), CIFAR),
    # Verified-Intelligence/auto_LiRPA and alpha-beta-CROWN
    "lirpa-cnn-4layer-w2": sequence(
        "conv1: conv 8 k4 s2 p1, relu, conv2: conv 16 k4 s2 p1, relu, flatten, fc1: linear 256, relu, "
        "fc2: linear",
        MNIST,
    ),
    "lirpa-2c2f": sequence("conv 4 k3, relu, conv 4 k3, relu, flatten, linear 32, relu, linear", CIFAR),
    "madry-cnn-nomaxpool-tiny": sequence(
        "conv 4 k5 s2 p2, relu, conv 8 k5 s2 p2, relu, flatten, linear 128, relu, linear", MNIST
    ),
    # VNN-COMP 2022, track cifar_biasfield: the classifier that the track's networks begin from
    "biasfield-cnn8": sequence(BIASFIELD, CIFAR),
    # VNN-COMP 2021, track verivital
    "convnet-avgpool-vnn": sequence("conv1.0: conv 32 k2, relu, avgpool 4, flatten, out: linear", MNIST),
    "convnet-maxpool-vnn": sequence("conv1.0: conv 32 k2, relu, maxpool 4, flatten, out: linear", MNIST),
}
