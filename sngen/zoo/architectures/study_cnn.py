"""Small convolutional networks of works on backdoors, model stealing, membership inference and privacy.

Where the published code ends in softmax or log-softmax, the network here ends before it: both give the
published probabilities, and logits are what an attack needs.
"""

from __future__ import annotations

from functools import partial

from sngen.zoo.architectures.architecture import Tensors
from sngen.zoo.architectures.sequence import sequence

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
#: T. Gu, B. Dolan-Gavitt, S. Garg, arXiv:1708.06733; MNIST and CIFAR-10. ``{}`` ends the names.
BADNET = (
    "conv1{0}: conv 16 k5, relu, avgpool 2, conv2{0}: conv 32 k5, relu, avgpool 2, flatten, "
    "fc1{0}: linear 512, relu, fc2{0}: linear"
)
TWO_CONVOLUTIONS = "conv1: conv {} k{}, relu, maxpool 2, conv2: conv {} k{}, relu, maxpool 2, flatten, {}"
THREE_LINEAR = "fc1: linear 120, relu, fc2: linear 84, relu, fc3: linear"
#: CIFAKE's folders are called 1 to 10, for CIFAR-10's classes in their order; sorted as text, 10 is second.
CIFAKE_ORDER = (0, 2, 3, 4, 5, 6, 7, 8, 9, 1)
#: The target in R. Shokri et al., S&P 2017, as prahaladhchandrahasan/CIFAR_MIA builds it.
SHOKRI = TWO_CONVOLUTIONS.format(32, "3 p1", 64, "3 p1", "fc1: linear 128, relu, fc2: linear").replace(
    "relu", "tanh"
)


def _reordered(layer: str, order: tuple[int, ...], tensors: Tensors) -> Tensors:
    """Output i here is output ``order[i]`` of the published network."""
    rows = {f"{layer}.weight", f"{layer}.bias"}
    return {
        name: tensor[list(order)] if name in rows and len(tensor) == len(order) else tensor
        for name, tensor in tensors.items()
    }


ARCHITECTURES = {
    "badnet": sequence(BADNET.format("")),  # ShihaoZhaoZSH/BadNet
    "badnet-nested": sequence(BADNET.format(".0")),  # verazuo/badnets-pytorch
    "lenet-fit5124": sequence(TWO_CONVOLUTIONS.format(6, "3 p1", 16, 5, THREE_LINEAR), MNIST),
    "lenet-fit5124-bn": sequence(
        "conv1: conv 6 k3 p1, bn1: bn, relu, maxpool 2, conv2: conv 16 k5, bn2: bn, relu, maxpool 2, "
        f"flatten, {THREE_LINEAR}",
        MNIST,
    ),
    # john-samurai/AttackDefenseMNIST-trainedModel
    "minimal-overfit-cnn": sequence(
        "conv1: conv 8 k5 s2 p2, relu, maxpool 2, flatten, fc1: linear 50, relu, fc2: linear", MNIST
    ),
    "surrogate-16-32-64": sequence(
        "features.0: conv 16 k3 p1, relu, maxpool 2, features.3: conv 32 k3 p1, relu, maxpool 2, flatten, "
        "classifier.0: linear 64, relu, classifier.3: linear",
        MNIST,
    ),
    # pytorch/examples as of 2018
    "pytorch-mnist-2018": sequence(
        TWO_CONVOLUTIONS.format(20, 5, 50, 5, "fc1: linear 500, relu, fc2: linear"), MNIST
    ),
    "lenet-32-64-128": sequence(
        TWO_CONVOLUTIONS.format(32, "3 p1", 64, "3 p1", "fc1: linear 128, relu, fc2: linear"), MNIST
    ),
    # PyTorch's tutorial on CIFAR-10, and relatives with more filters
    "pytorch-tutorial-cifar": sequence(TWO_CONVOLUTIONS.format(6, 5, 16, 5, THREE_LINEAR), CIFAR),
    "tutorial-64-128": sequence(TWO_CONVOLUTIONS.format(64, 3, 128, 3, THREE_LINEAR), CIFAR),
    "tutorial-64-128-gap": sequence(
        TWO_CONVOLUTIONS.format(64, 3, 128, 3, THREE_LINEAR).replace("flatten", "gap"), CIFAR
    ),
    "shokri-tanh-cnn": sequence(SHOKRI, CIFAR),
    "shokri-tanh-cnn-cifake": sequence(SHOKRI, CIFAR, partial(_reordered, "fc2", CIFAKE_ORDER)),
    # douzaikongcheng/cifar10_pytorch_quantization_demo
    "vgg3-64": sequence(
        ", ".join(f"feature{i}.0: conv 64 k3, feature{i}.1: bn, relu, maxpool 2" for i in (1, 2, 3))
        + ", gap, classifier: linear",
        CIFAR,
    ),
    # the CIFAR-10 example of pytorch/opacus
    "opacus-convnet4": sequence(
        "conv 32 k3 p1, relu, avgpool 2, conv 64 k3 p1, relu, avgpool 2, conv 64 k3 p1, relu, avgpool 2, "
        "conv 128 k3 p1, relu, gap, flatten, linear",
        CIFAR,
    ),
}
