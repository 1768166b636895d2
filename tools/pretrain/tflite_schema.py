"""Field numbers and enumeration values of the public TFLite schema (version 3), only those used here."""

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3

# Table name -> field name -> field number (the position in the schema).
FIELDS = {
    "Model": {"version": 0, "operator_codes": 1, "subgraphs": 2, "description": 3, "buffers": 4},
    "OperatorCode": {"deprecated_builtin_code": 0, "version": 2, "builtin_code": 3},
    "SubGraph": {"tensors": 0, "inputs": 1, "outputs": 2, "operators": 3, "name": 4},
    "Tensor": {"shape": 0, "type": 1, "buffer": 2, "name": 3, "quantization": 4},
    "Quantization": {"scale": 2, "zero_point": 3, "quantized_dimension": 6},
    "Operator": {"opcode_index": 0, "inputs": 1, "outputs": 2, "options_type": 3, "options": 4},
    "Buffer": {"data": 0},
    "Conv2DOptions": {"padding": 0, "stride_w": 1, "stride_h": 2, "activation": 3, "dilation_w": 4, "dilation_h": 5},
    "DepthwiseConv2DOptions": {"padding": 0, "stride_w": 1, "stride_h": 2, "depth_multiplier": 3, "activation": 4,
                               "dilation_w": 5, "dilation_h": 6},
    "Pool2DOptions": {"padding": 0, "stride_w": 1, "stride_h": 2, "filter_w": 3, "filter_h": 4, "activation": 5},
    "AddOptions": {"activation": 0},
    "ReshapeOptions": {"new_shape": 0},
}

# Field width in bytes where it is a single byte; every other number here is 32 bits.
BYTE_FIELDS = {"padding", "activation", "type", "options_type", "deprecated_builtin_code"}
DEFAULTS = {"dilation_w": 1, "dilation_h": 1}

PADDING_SAME, PADDING_VALID = 0, 1
ACTIVATION_NONE = 0
TENSOR_TYPES = {"int32": 2, "int8": 9}


class Kind:
    """An operator kind: its builtin code, the table of its options, their number in the union, its version."""

    def __init__(self, code, options, options_type, version):
        self.code, self.options, self.options_type, self.version = code, options, options_type, version


# The versions are those that added int8 (ADD, AVERAGE_POOL_2D: 2; both convolutions: 3).
KINDS = {
    "ADD": Kind(0, "AddOptions", 11, 2),
    "AVERAGE_POOL_2D": Kind(1, "Pool2DOptions", 5, 2),
    "CONV_2D": Kind(3, "Conv2DOptions", 1, 3),
    "DEPTHWISE_CONV_2D": Kind(4, "DepthwiseConv2DOptions", 2, 3),
    "RESHAPE": Kind(22, "ReshapeOptions", 17, 1),
}
