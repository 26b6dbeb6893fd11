"""Small convolutional networks of works on adversarial examples."""

from __future__ import annotations

from sngen.zoo.architectures.sequence import sequence

MNIST, CIFAR = (1, 28, 28), (3, 32, 32)
#: L. Schott et al., arXiv:1805.09190.
ABS = (
    "conv_0: conv {} k5, bn_0: bn, elu, conv_1: conv {} k4 s2, bn_1: bn, elu, "
    "conv_2: conv {} k3 s2, bn_2: bn, elu, conv_3: conv classes k5, flatten"
)
#: DeimosXing/AdversarialCapacity: n and 2n filters.
CAPACITY = (
    "conv1: conv {} k3, relu, conv2: conv {} k3, relu, maxpool 2, flatten, fc1: linear {}, relu, fc2: linear"
)

ARCHITECTURES = {
    # BorealisAI/advertorch
    "lenet5-advertorch": sequence(
        "conv1: conv 32 k3 p1, relu, maxpool 2, conv2: conv 64 k3 p1, relu, maxpool 2, flatten, "
        "linear1: linear 200, relu, linear2: linear",
        MNIST,
    ),
    # yaodongyu/TRADES
    "smallcnn-trades": sequence(
        "feature_extractor.conv1: conv 32 k3, relu, feature_extractor.conv2: conv 32 k3, relu, maxpool 2, "
        "feature_extractor.conv3: conv 64 k3, relu, feature_extractor.conv4: conv 64 k3, relu, maxpool 2, "
        "flatten, classifier.fc1: linear 200, relu, classifier.fc2: linear 200, relu, "
        "classifier.fc3: linear",
        MNIST,
    ),
    "abs-cnn": sequence(ABS.format(20, 70, 256), MNIST),
    "abs-cnn-small": sequence(ABS.format(32, 32, 64), MNIST),
    # Harry24k/adversarial-attacks-pytorch; ReLU and normalisation change places in the second block
    "torchattacks-holdout": sequence(
        "conv_layer.0: conv 32 k5, relu, conv_layer.2: bn, maxpool 2, conv_layer.4: conv 64 k5, "
        "conv_layer.5: bn, relu, maxpool 2, flatten, fc_layer.0: linear 100, relu, fc_layer.2: linear",
        CIFAR,
    ),
    # kuanhenglin/ai-security-workshop
    "cnnlarge-workshop": sequence(
        "network.0: conv 32 k3 p1, relu, network.2: bn, network.3: conv 32 k3 s2 p1, relu, network.5: bn, "
        "network.6: conv 64 k3 p1, relu, network.8: bn, network.9: conv 64 k3 s2 p1, relu, network.11: bn, "
        "network.12: conv 64 k3 p1, relu, network.14: bn, network.15: conv 128 k3 s2 p1, relu, "
        "network.17: bn, flatten, network.19: linear",
        CIFAR,
    ),
    **{
        f"capacity-cnn-{n}": sequence(CAPACITY.format(n, 2 * n, hidden), MNIST)
        for n, hidden in ((2, 32), (4, 64), (8, 96), (16, 128))
    },
}
