"""Writes a quantised graph as a TFLite flatbuffer: schema version 3, one subgraph, constants at multiples of 16.

The flatbuffers Builder writes children before parents, so every function returns an offset for its caller.
"""
import flatbuffers
import numpy

from tflite_schema import BYTE_FIELDS, DEFAULTS, FIELDS, FILE_IDENTIFIER, KINDS, SCHEMA_VERSION, TENSOR_TYPES

BUFFER_ALIGNMENT = 16


def write_tflite(graph, description):
    """The bytes of the .tflite file that holds `graph`; the same graph gives the same bytes."""
    builder = flatbuffers.Builder(1 << 16)
    codes = sorted({operator.kind for operator in graph.operators}, key=lambda kind: KINDS[kind].code)
    buffers = [_table(builder, "Buffer", {})]  # number 0 is empty by convention
    tensors = []
    for tensor in graph.tensors:
        number = 0
        if tensor.values is not None:
            number = len(buffers)
            buffers.append(_table(builder, "Buffer", {"data": _bytes(builder, tensor.values)}))
        tensors.append(_tensor(builder, tensor, number))
    operators = [_operator(builder, operator, codes) for operator in graph.operators]
    subgraph = _table(builder, "SubGraph", {
        "tensors": _offsets(builder, tensors), "inputs": _numbers(builder, graph.inputs),
        "outputs": _numbers(builder, graph.outputs), "operators": _offsets(builder, operators),
        "name": builder.CreateString("main")})
    code_tables = [_table(builder, "OperatorCode", {}, {
        "deprecated_builtin_code": KINDS[kind].code, "version": KINDS[kind].version,
        "builtin_code": KINDS[kind].code}) for kind in codes]
    model = _table(builder, "Model", {
        "operator_codes": _offsets(builder, code_tables), "subgraphs": _offsets(builder, [subgraph]),
        "description": builder.CreateString(description), "buffers": _offsets(builder, buffers)},
        {"version": SCHEMA_VERSION})
    builder.Finish(model, FILE_IDENTIFIER)
    return bytes(builder.Output())


def _tensor(builder, tensor, buffer):
    children = {"shape": _numbers(builder, tensor.shape), "name": builder.CreateString(tensor.name)}
    if len(tensor.scales):
        scale = builder.CreateNumpyVector(numpy.asarray(tensor.scales, numpy.float32))
        zero_point = builder.CreateNumpyVector(numpy.full(len(tensor.scales), tensor.zero_point, numpy.int64))
        children["quantization"] = _table(builder, "Quantization", {"scale": scale, "zero_point": zero_point},
                                          {"quantized_dimension": tensor.channel_axis})
    return _table(builder, "Tensor", children, {"type": TENSOR_TYPES[tensor.dtype], "buffer": buffer})


def _operator(builder, operator, codes):
    kind = KINDS[operator.kind]
    vectors = {name: _numbers(builder, value) for name, value in operator.options.items() if isinstance(value, list)}
    scalars = {name: value for name, value in operator.options.items() if name not in vectors}
    children = {"options": _table(builder, kind.options, vectors, scalars),
                "inputs": _numbers(builder, operator.inputs), "outputs": _numbers(builder, operator.outputs)}
    return _table(builder, "Operator", children,
                  {"opcode_index": codes.index(operator.kind), "options_type": kind.options_type})


def _table(builder, name, children, scalars=None):
    """One table: `children` field -> offset, `scalars` field -> number (defaults are left out by the Builder)."""
    numbers = FIELDS[name]
    builder.StartObject(max(numbers.values()) + 1)
    for field, offset in children.items():
        builder.PrependUOffsetTRelativeSlot(numbers[field], offset, 0)
    for field, value in (scalars or {}).items():
        prepend = builder.PrependInt8Slot if field in BYTE_FIELDS else builder.PrependInt32Slot
        prepend(numbers[field], value, DEFAULTS.get(field, 0))
    return builder.EndObject()


def _numbers(builder, values):
    return builder.CreateNumpyVector(numpy.asarray(values, numpy.int32))


def _offsets(builder, offsets):
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _bytes(builder, values):
    content = numpy.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    builder.StartVector(1, len(content), BUFFER_ALIGNMENT)
    builder.head -= len(content)
    builder.Bytes[builder.head:builder.head + len(content)] = content
    return builder.EndVector()
