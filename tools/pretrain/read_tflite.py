"""Reads a TFLite flatbuffer back into a graph, so that what is evaluated is the written file and nothing else.

For trusted files: hostile offsets are not defended against. Operators not in `KINDS` are kept as "builtin operator N".
"""
import flatbuffers
import numpy
from flatbuffers.number_types import Int8Flags, Int32Flags, UOffsetTFlags

from graph import Graph, Operator, Tensor
from tflite_schema import BYTE_FIELDS, DEFAULTS, FIELDS, FILE_IDENTIFIER, KINDS, TENSOR_TYPES


class View:
    """One table of the file, its fields by name."""

    def __init__(self, content, position, name):
        self.table, self.name = flatbuffers.table.Table(content, position), name

    def _offset(self, field):
        return self.table.Offset(4 + 2 * FIELDS[self.name][field])

    def number(self, field):
        """An integer field, its default where it is absent."""
        offset = self._offset(field)
        flags = Int8Flags if field in BYTE_FIELDS else Int32Flags
        return self.table.Get(flags, self.table.Pos + offset) if offset else DEFAULTS.get(field, 0)

    def child(self, field, name):
        """A table field, None where it is absent."""
        offset = self._offset(field)
        return View(self.table.Bytes, self.table.Indirect(self.table.Pos + offset), name) if offset else None

    def children(self, field, name):
        """A vector of tables as a list of views."""
        offset = self._offset(field)
        if not offset:
            return []
        start = self.table.Vector(offset)
        return [View(self.table.Bytes, self.table.Indirect(start + 4 * i), name)
                for i in range(self.table.VectorLen(offset))]

    def vector(self, field, dtype):
        """A vector of numbers as an array of `dtype`, empty where it is absent."""
        offset = self._offset(field)
        if not offset:
            return numpy.zeros(0, dtype)
        return numpy.frombuffer(self.table.Bytes, dtype, self.table.VectorLen(offset), self.table.Vector(offset))

    def text(self, field):
        """A string field."""
        return self.vector(field, numpy.uint8).tobytes().decode()


def read_tflite(content):
    """The graph in the bytes of a .tflite file; ValueError where it is none."""
    if content[4:8] != FILE_IDENTIFIER:
        raise ValueError(f"not a TFLite file: identifier {content[4:8]!r} at offset 4, expected {FILE_IDENTIFIER!r}")
    content = bytearray(content)
    root = flatbuffers.encode.Get(UOffsetTFlags.packer_type, content, 0)
    model = View(content, root, "Model")
    buffers = [buffer.vector("data", numpy.uint8) for buffer in model.children("buffers", "Buffer")]
    subgraph = model.children("subgraphs", "SubGraph")[0]
    graph = Graph([_tensor(view, buffers) for view in subgraph.children("tensors", "Tensor")],
                  inputs=subgraph.vector("inputs", numpy.int32).tolist(),
                  outputs=subgraph.vector("outputs", numpy.int32).tolist())
    names = {kind.code: name for name, kind in KINDS.items()}
    codes = [max(view.number("builtin_code"), view.number("deprecated_builtin_code"))
             for view in model.children("operator_codes", "OperatorCode")]
    for view in subgraph.children("operators", "Operator"):
        code = codes[view.number("opcode_index")]
        kind = names.get(code, f"builtin operator {code}")
        options = view.child("options", KINDS[kind].options) if kind in KINDS else None
        scalars = {field: options.number(field) for field in FIELDS[options.name] if field != "new_shape"} \
            if options else {}
        graph.operators.append(Operator(kind, view.vector("inputs", numpy.int32).tolist(),
                                        view.vector("outputs", numpy.int32).tolist(), scalars))
    return graph


def _tensor(view, buffers):
    types = {number: name for name, number in TENSOR_TYPES.items()}
    dtype = types.get(view.number("type"), f"type {view.number('type')}")
    tensor = Tensor(view.text("name"), tuple(view.vector("shape", numpy.int32).tolist()), dtype)
    quantization = view.child("quantization", "Quantization")
    if quantization:
        tensor.scales = quantization.vector("scale", numpy.float32)
        zero_points = quantization.vector("zero_point", numpy.int64)
        tensor.zero_point = int(zero_points[0]) if len(zero_points) else 0
        tensor.channel_axis = quantization.number("quantized_dimension")
    content = buffers[view.number("buffer")]
    if len(content) and dtype in ("int8", "int32"):
        tensor.values = content.view(dtype).reshape(tensor.shape)
    return tensor
