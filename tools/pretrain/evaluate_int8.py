"""Runs a quantised graph with the integer arithmetic of TFLite's reference kernels (double rounding), in numpy.

`--goldens` proves it: every operator of the recorded cases that is supported here must give the recorded bytes.
Source of the rules: the public TFLite int8 specification; tests/golden/tflm/README.md states them exactly.
"""
import argparse
import json
import math
import sys
import zlib
from pathlib import Path

import numpy

from idx import read_set
from network import same_padding
from read_tflite import read_tflite
from tflite_schema import PADDING_SAME

# Sums of integers below 2^24 are exact in float32, whatever their order; larger ones need float64.
EXACT_FLOAT32 = 1 << 24


class NotSupported(ValueError):
    """An operator, or an option of one, that this file does not compute."""


def quantize_multiplier(value):
    """Real multiplier -> (31-bit mantissa, shift) with value = mantissa * 2^(shift - 31)."""
    if value == 0:
        return 0, 0
    fraction, shift = math.frexp(value)
    mantissa = math.floor(fraction * (1 << 31) + 0.5)
    if mantissa == 1 << 31:
        mantissa, shift = mantissa // 2, shift + 1
    return (0, 0) if shift < -31 else (mantissa, shift)


def rounding_high_multiply(a, b):
    """a * b / 2^31, nearest, halves up; int64 arrays that hold int32 values."""
    return (a * b + (1 << 30)) >> 31


def rounding_shift(a, exponent):
    """a / 2^exponent, nearest, halves away from zero; int64."""
    half = (numpy.int64(1) << exponent) >> 1
    return numpy.where(a >= 0, (a + half) >> exponent, -((half - a) >> exponent))


def requantize(a, mantissa, shift):
    """a * mantissa * 2^(shift - 31) with TFLite's two roundings; int64 in, int64 out."""
    return rounding_shift(rounding_high_multiply(a << numpy.maximum(shift, 0), mantissa), numpy.maximum(-shift, 0))


def activation_range(activation, tensor):
    """(lowest, highest) int8 value of an output with the fused activation NONE 0, RELU 1 or RELU6 3."""
    if activation == 0:
        return -128, 127
    low = max(-128, tensor.zero_point)
    if activation == 1:
        return low, 127
    if activation == 3:
        return low, min(127, tensor.zero_point + math.floor(float(numpy.float32(6) / tensor.scales[0]) + 0.5))
    raise NotSupported(f"fused activation {activation}")


def windows(x, kernel, operator, fill):
    """[N,H,W,C] -> [N,outH,outW,kernelH,kernelW,C], a view of the padded input; pads hold `fill`."""
    options, pads = operator.options, [(0, 0)]
    if options.get("dilation_w", 1) != 1 or options.get("dilation_h", 1) != 1:
        raise NotSupported("dilation")
    strides = (options["stride_h"], options["stride_w"])
    for size, taps, stride in zip(x.shape[1:3], kernel, strides):
        pads.append(same_padding(size, taps, stride) if options["padding"] == PADDING_SAME else (0, 0))
    x = numpy.pad(x, pads + [(0, 0)], constant_values=fill)
    view = numpy.lib.stride_tricks.sliding_window_view(x, kernel, (1, 2))
    return view[:, ::strides[0], ::strides[1]].transpose(0, 1, 2, 4, 5, 3)


def convolve(graph, operator, x):
    """CONV_2D and DEPTHWISE_CONV_2D: [N,H,W,C] int8 -> [N,outH,outW,outC] int8."""
    source, weight = graph.tensors[operator.inputs[0]], graph.tensors[operator.inputs[1]]
    target, depthwise = graph.tensors[operator.outputs[0]], operator.kind == "DEPTHWISE_CONV_2D"
    if weight.values is None:
        raise NotSupported("weights that are no constant")
    kernel, outputs = weight.shape[1:3], weight.shape[3 if depthwise else 0]
    products = kernel[0] * kernel[1] * (1 if depthwise else x.shape[3])
    exact = numpy.float32 if products * 255 * 128 < EXACT_FLOAT32 else numpy.float64
    taps = windows(x.astype(exact) - exact(source.zero_point), kernel, operator, 0)
    if depthwise:
        multiplier = outputs // x.shape[3]
        total = numpy.zeros(taps.shape[:3] + (outputs,), exact)
        for row in range(kernel[0]):
            for column in range(kernel[1]):
                total += numpy.repeat(taps[:, :, :, row, column], multiplier, 3) * weight.values[0, row, column]
    else:
        if weight.shape[3] != x.shape[3]:
            raise NotSupported("grouped convolution")
        total = taps.reshape(-1, products) @ weight.values.reshape(outputs, -1).T.astype(exact)
        total = total.reshape(taps.shape[:3] + (outputs,))
    total = total.astype(numpy.int64)
    if len(operator.inputs) > 2 and operator.inputs[2] >= 0:
        total += graph.tensors[operator.inputs[2]].values
    scales = numpy.broadcast_to(weight.scales.astype(numpy.float64), outputs)
    pairs = [quantize_multiplier(float(source.scales[0]) * s / float(target.scales[0])) for s in scales]
    mantissas, shifts = (numpy.array(column, numpy.int64) for column in zip(*pairs))
    return clamp(requantize(total, mantissas, shifts) + target.zero_point, operator, target)


def clamp(values, operator, target):
    """int64 -> int8 inside the range of the fused activation."""
    return numpy.clip(values, *activation_range(operator.options.get("activation", 0), target)).astype(numpy.int8)


def add(graph, operator, first, second):
    """ADD of two tensors of equal shape."""
    if first.shape != second.shape:
        raise NotSupported("broadcast")
    tensors, target = [graph.tensors[i] for i in operator.inputs], graph.tensors[operator.outputs[0]]
    twice = 2.0 * max(float(tensor.scales[0]) for tensor in tensors)
    total = 0
    for tensor, x in zip(tensors, (first, second)):
        mantissa, shift = quantize_multiplier(float(tensor.scales[0]) / twice)
        total = total + requantize((x.astype(numpy.int64) - tensor.zero_point) << 20, mantissa, numpy.int64(shift))
    mantissa, shift = quantize_multiplier(twice / ((1 << 20) * float(target.scales[0])))
    return clamp(requantize(total, mantissa, numpy.int64(shift)) + target.zero_point, operator, target)


def average_pool(graph, operator, x):
    """AVERAGE_POOL_2D: the raw sum over the taps inside the image, rounded half away from zero."""
    kernel = (operator.options["filter_h"], operator.options["filter_w"])
    total = windows(x.astype(numpy.int64), kernel, operator, 0).sum((3, 4))
    count = windows(numpy.ones((1,) + x.shape[1:], numpy.int64), kernel, operator, 0).sum((3, 4))
    magnitude = (numpy.abs(total) + count // 2) // count
    return clamp(numpy.sign(total) * magnitude, operator, graph.tensors[operator.outputs[0]])


def run_operator(graph, operator, inputs):
    """The output [N,...] int8 of one operator for a batch of inputs; NotSupported where it is unknown."""
    if operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return convolve(graph, operator, inputs[0])
    if operator.kind == "ADD":
        return add(graph, operator, *inputs[:2])
    if operator.kind == "AVERAGE_POOL_2D":
        return average_pool(graph, operator, inputs[0])
    if operator.kind == "RESHAPE":
        shape = graph.tensors[operator.outputs[0]].shape[1:]
        if inputs[0][0].size != math.prod(shape):
            raise NotSupported("a reshape across images")
        return inputs[0].reshape((len(inputs[0]),) + shape)
    raise NotSupported(operator.kind)


def infer(graph, images):
    """[n,28,28] uint8 pixels -> [n,classes] int8 logits; the network's input is pixel - 128."""
    values = {graph.inputs[0]: (images.astype(numpy.int16) - 128).astype(numpy.int8)[..., None]}
    for operator in graph.operators:
        values[operator.outputs[0]] = run_operator(graph, operator, [values.get(i) for i in operator.inputs])
    return values[graph.outputs[0]]


def accuracy(graph, images, labels, batch=250):
    """Percent classified right; the lowest class wins a tie."""
    right = sum(int((infer(graph, images[i:i + batch]).argmax(1) == labels[i:i + batch]).sum())
                for i in range(0, len(images), batch))
    return 100.0 * right / len(images)


def check_golden(folder):
    """(operators equal, messages of those that differ, reasons of those left out) of one recorded case.

    Every operator is fed the recorded input, where that is stored in full, so a difference does not spread.
    """
    index, equal, different, left_out = json.loads((folder / "index.json").read_text()), 0, [], []
    graph, content = read_tflite((folder / index["model"]).read_bytes()), (folder / "tensors.bin").read_bytes()
    known = {tensor["index"]: tensor for tensor in index["tensors"]}
    for run in index["runs"]:
        stored = {entry["index"]: entry for entry in run["tensors"]}
        values = {i: numpy.frombuffer(content, numpy.int8, stored[i]["stored"], stored[i]["offset"])
                  .reshape(known[i]["shape"]) for i in stored
                  if stored[i]["stored"] == known[i]["bytes"] and known[i]["dtype"] == "int8"}
        for number, operator in enumerate(graph.operators):
            name = f"{folder.name}/{run['label']} operator {number} {operator.kind}"
            try:
                if any(i in known and i not in values for i in operator.inputs):
                    raise NotSupported("inputs that are not int8 or not recorded in full")
                output = run_operator(graph, operator, [values.get(i) for i in operator.inputs])
            except NotSupported as reason:
                left_out.append(f"{name}: {reason}")
                continue
            target = operator.outputs[0]
            values.setdefault(target, output)  # a truncated record: go on with ours, its checksum is compared
            if zlib.crc32(output.tobytes()) == int(stored[target]["crc32"], 16):
                equal += 1
            else:
                different.append(name)
    return equal, different, left_out


def main():
    """Checks the arithmetic against the goldens, or prints the accuracy of a model on the test digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goldens", type=Path, help="tests/golden/tflm: compare instead of evaluating")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--data", type=Path, help="folder of the IDX files")
    options = parser.parse_args()
    if options.goldens:
        totals, different, left_out = 0, [], []
        for folder in sorted((options.goldens / "synthetic").iterdir()):
            result = check_golden(folder)
            totals, different, left_out = totals + result[0], different + result[1], left_out + result[2]
        print("\n".join(f"differs: {name}" for name in different) or "no difference")
        print(f"{totals} operator runs equal, {len(different)} differ, {len(left_out)} left out (operators not used here)")
        return 1 if different or not totals else 0
    images, labels = read_set(options.data, "t10k")
    print(f"{accuracy(read_tflite(options.model.read_bytes()), images, labels):.2f} % of {len(images)} images")
    return 0


if __name__ == "__main__":
    sys.exit(main())
