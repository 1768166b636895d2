"""The reference network: a narrow inverted-bottleneck CNN for 28x28 grey images.

`ARCHITECTURE` is the only place where its shape is written. Training uses batch normalisation;
`fold` returns the same function without it, which is what is quantised and what a device trains.
The block is the one of MobileNetV2 (Sandler et al. 2018).
"""
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

IMAGE_SIDE = 28
CLASSES = 10
STEM_CHANNELS = 16


@dataclass(frozen=True)
class Block:
    """One inverted bottleneck: 1x1 to `expanded`, 3x3 depthwise with `stride`, 1x1 to `outputs`."""

    expanded: int
    outputs: int
    stride: int


# Eight blocks and the stem: 25 convolutions at 14x14, 7x7 and 4x4. Few channels, so that a frozen network cannot
# describe clothes with what it learnt of digits; small maps late, so that most weights cost few products and bytes.
ARCHITECTURE = (
    Block(32, 16, 1),
    Block(48, 24, 2),
    Block(72, 24, 1),
    Block(72, 24, 1),
    Block(96, 32, 1),
    Block(96, 48, 2),
    Block(192, 48, 1),
    Block(192, 64, 1),
)


def same_padding(size, kernel, stride):
    """(before, after) of TFLite's SAME padding along one axis of `size` elements."""
    outputs = -(-size // stride)
    total = max(0, (outputs - 1) * stride + kernel - size)
    return total // 2, total - total // 2


class Convolution(nn.Module):
    """Convolution with TFLite's SAME padding, then optional batch normalisation, then optional ReLU6."""

    def __init__(self, name, inputs, outputs, kernel=1, stride=1, depthwise=False, relu6=True, normalised=True):
        super().__init__()
        self.name, self.kernel, self.stride = name, kernel, stride
        self.depthwise, self.relu6 = depthwise, relu6
        groups = inputs if depthwise else 1
        self.convolution = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=not normalised)
        self.normalisation = nn.BatchNorm2d(outputs) if normalised else None

    def forward(self, x):
        """[N,C,H,W] float32 -> [N,outputs,ceil(H/stride),ceil(W/stride)]."""
        top, bottom = same_padding(x.shape[2], self.kernel, self.stride)
        left, right = same_padding(x.shape[3], self.kernel, self.stride)
        if top == bottom == left == right:
            x = functional.conv2d(x, self.convolution.weight, self.convolution.bias, self.stride, top,
                                  groups=self.convolution.groups)
        else:
            x = self.convolution(functional.pad(x, (left, right, top, bottom)))
        if self.normalisation is not None:
            x = self.normalisation(x)
        return functional.relu6(x) if self.relu6 else x


class InvertedBottleneck(nn.Module):
    """Expand, depthwise, project; the input is added where the shapes agree."""

    def __init__(self, index, inputs, block, normalised):
        super().__init__()
        self.name = f"b{index}"
        self.pw1 = Convolution(f"b{index}.pw1", inputs, block.expanded, normalised=normalised)
        self.dw = Convolution(f"b{index}.dw", block.expanded, block.expanded, 3, block.stride, depthwise=True,
                              normalised=normalised)
        self.pw2 = Convolution(f"b{index}.pw2", block.expanded, block.outputs, relu6=False, normalised=normalised)
        self.residual = block.stride == 1 and inputs == block.outputs

    def forward(self, x):
        """[N,C,H,W] -> [N,outputs,H/stride,W/stride]."""
        y = self.pw2(self.dw(self.pw1(x)))
        return x + y if self.residual else y


class Network(nn.Module):
    """Stem, inverted bottlenecks, global average pool, linear classifier."""

    def __init__(self, normalised=True):
        super().__init__()
        self.conv0 = Convolution("conv0", 1, STEM_CHANNELS, 3, 2, normalised=normalised)
        blocks, channels = [], STEM_CHANNELS
        for index, block in enumerate(ARCHITECTURE):
            blocks.append(InvertedBottleneck(index, channels, block, normalised))
            channels = block.outputs
        self.blocks = nn.ModuleList(blocks)
        self.fc = nn.Linear(channels, CLASSES)

    def features(self, x):
        """[N,1,28,28], pixel / 255 -> [N,channels], the pooled features."""
        x = self.conv0(x)
        for block in self.blocks:
            x = block(x)
        return x.mean((2, 3))

    def forward(self, x):
        """[N,1,28,28], pixel / 255 -> [N,CLASSES] logits."""
        return self.fc(self.features(x))

    def convolutions(self):
        """Every `Convolution` in order of computation, the classifier excluded."""
        return [module for module in self.modules() if isinstance(module, Convolution)]


def fold(network):
    """The network in evaluation mode with every batch normalisation folded into weights and biases."""
    folded = Network(normalised=False)
    with torch.no_grad():
        for source, target in zip(network.convolutions(), folded.convolutions()):
            normalisation = source.normalisation
            gain = normalisation.weight / torch.sqrt(normalisation.running_var + normalisation.eps)
            target.convolution.weight.copy_(source.convolution.weight * gain[:, None, None, None])
            target.convolution.bias.copy_(normalisation.bias - normalisation.running_mean * gain)
        folded.fc.load_state_dict(network.fc.state_dict())
    return folded.eval()


def count(network):
    """(convolutions, weights, multiply-accumulates of one image), classifier's weights and products included."""
    weights = macs = 0
    side = IMAGE_SIDE
    for layer in network.convolutions():
        side = -(-side // layer.stride)
        weights += layer.convolution.weight.numel()
        macs += layer.convolution.weight.numel() * side * side
    return len(network.convolutions()), weights + network.fc.weight.numel(), macs + network.fc.weight.numel()
