"""Post-training quantisation of the folded network: per-channel symmetric int8 weights, asymmetric int8 activations.

ReLU6 costs nothing: its output tensor has zero point -128 and scale 6/255, so that the clamp to int8 is the activation.
Linear outputs take the range seen on calibration images. Source: the public TFLite int8 specification.
"""
import numpy
import torch

from graph import Graph, Operator, Tensor
from network import CLASSES, IMAGE_SIDE
from tflite_schema import ACTIVATION_NONE, PADDING_SAME, PADDING_VALID

# A channel with far smaller weights than its layer would train with a huge step (steps grow with 1 / scale^2);
# such channels share 1/16 of the layer's median scale instead of their own.
SMALLEST_SHARE_OF_MEDIAN = 1 / 16
LARGEST_INT32 = (1 << 31) - 1


def activation(low, high):
    """(scale, zero point) of an int8 tensor that holds low..high; the range is widened to hold zero exactly."""
    low, high = min(0.0, float(low)), max(0.0, float(high))
    scale = numpy.float32((high - low) / 255)
    return scale, int(numpy.clip(round(-128 - low / float(scale)), -128, 127))


def quantise_weights(weights):
    """float [out,...] -> (int8 values, float32 scales [out]), symmetric, -127..127."""
    flat = weights.reshape(len(weights), -1).astype(numpy.float64)
    scales = numpy.abs(flat).max(1) / 127
    scales = numpy.maximum(scales, numpy.median(scales) * SMALLEST_SHARE_OF_MEDIAN).astype(numpy.float32)
    values = numpy.clip(numpy.rint(flat / scales[:, None].astype(numpy.float64)), -127, 127)
    return values.astype(numpy.int8).reshape(weights.shape), scales


def observe(network, images):
    """Name -> (lowest, highest) value of every linear output on `images` [n,1,28,28]: projections, adds, classifier."""
    ranges = {}

    def note(name, values):
        low, high = ranges.get(name, (0.0, 0.0))
        ranges[name] = (min(low, values.min().item()), max(high, values.max().item()))

    hooks = []
    for block in network.blocks:
        hooks.append(block.pw2.register_forward_hook(lambda layer, _, y: note(layer.name, y)))
        hooks.append(block.register_forward_hook(lambda layer, _, y: note(layer.name + ".add", y)))
    hooks.append(network.fc.register_forward_hook(lambda layer, _, y: note("fc", y)))
    with torch.no_grad():
        for part in images.split(500):
            network(part)
    for hook in hooks:
        hook.remove()
    return ranges


def quantise(network, images):
    """The integer graph of a folded network, calibrated on `images` [n,1,28,28] (pixel / 255)."""
    ranges, graph = observe(network, images), Graph()
    # pixel p is the int8 value p - 128 and the real value p / 255
    current = graph.add_tensor(Tensor("input", (1, IMAGE_SIDE, IMAGE_SIDE, 1), "int8",
                                      numpy.array([1 / 255], numpy.float32), -128))
    graph.inputs = [current]
    current = _convolution(graph, current, network.conv0, ranges)
    for block in network.blocks:
        entry = current
        for layer in (block.pw1, block.dw, block.pw2):
            current = _convolution(graph, current, layer, ranges)
        if block.residual:
            name = block.name + ".add"
            current = _output(graph, "ADD", [entry, current], name, graph.tensors[current].shape,
                              activation(*ranges[name]), {"activation": ACTIVATION_NONE})
    current = _pool(graph, current)
    current = _weighted(graph, current, "CONV_2D", "fc", network.fc.weight[:, :, None, None], network.fc.bias,
                        (1, 1, 1, CLASSES), activation(*ranges["fc"]), 1)
    shape = graph.add_tensor(Tensor("out.shape", (2,), "int32", values=numpy.array([1, CLASSES], numpy.int32)))
    logits = graph.tensors[current]
    graph.outputs = [_output(graph, "RESHAPE", [current, shape], "out", (1, CLASSES),
                             (logits.scales[0], logits.zero_point), {"new_shape": [1, CLASSES]})]
    return graph


def _convolution(graph, current, layer, ranges):
    side = -(-graph.tensors[current].shape[1] // layer.stride)
    scale = activation(0, 6) if layer.relu6 else activation(*ranges[layer.name])
    kind = "DEPTHWISE_CONV_2D" if layer.depthwise else "CONV_2D"
    weight, bias = layer.convolution.weight, layer.convolution.bias
    return _weighted(graph, current, kind, layer.name, weight, bias, (1, side, side, len(bias)), scale, layer.stride)


def _weighted(graph, current, kind, name, weight, bias, shape, scale, stride):
    """Adds weights, biases and the operator of one convolution; torch's [out,in,kh,kw] becomes OHWI or 1HWC."""
    source = graph.tensors[current]
    values, scales = quantise_weights(weight.detach().numpy())
    depthwise = kind == "DEPTHWISE_CONV_2D"
    values = values.transpose((1, 2, 3, 0) if depthwise else (0, 2, 3, 1))
    bias_scales = source.scales[0] * scales
    biases = numpy.rint(bias.detach().numpy().astype(numpy.float64) / bias_scales.astype(numpy.float64))
    products = values.size // len(scales)
    if scales.min() <= 1e-7 or numpy.abs(biases).max() + products * 255 * 127 > LARGEST_INT32:
        raise ValueError(f"{name}: a dead channel or a sum that can leave int32; train again with another seed")
    weights = graph.add_tensor(Tensor(name + ".w", values.shape, "int8", scales, 0, 3 if depthwise else 0, values))
    constants = graph.add_tensor(Tensor(name + ".b", (len(scales),), "int32", bias_scales, 0, 0,
                                        biases.astype(numpy.int32)))
    options = {"padding": PADDING_SAME, "stride_w": stride, "stride_h": stride, "activation": ACTIVATION_NONE,
               "dilation_w": 1, "dilation_h": 1}
    if depthwise:
        options["depth_multiplier"] = 1
    return _output(graph, kind, [current, weights, constants], name, shape, scale, options)


def _pool(graph, current):
    source = graph.tensors[current]
    _, height, width, channels = source.shape
    return _output(graph, "AVERAGE_POOL_2D", [current], "pool", (1, 1, 1, channels),
                   (source.scales[0], source.zero_point),
                   {"padding": PADDING_VALID, "stride_w": width, "stride_h": height, "filter_w": width,
                    "filter_h": height, "activation": ACTIVATION_NONE})


def _output(graph, kind, inputs, name, shape, scale, options):
    """Adds one operator and its output tensor; returns the tensor's number."""
    number = graph.add_tensor(Tensor(name, shape, "int8", numpy.array([scale[0]], numpy.float32), scale[1]))
    graph.operators.append(Operator(kind, inputs, [number], options))
    return number
