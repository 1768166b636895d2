"""A quantised graph as plain values: what quantise.py makes, write_tflite.py writes and read_tflite.py reads."""
from dataclasses import dataclass, field
from typing import Optional

import numpy


@dataclass
class Tensor:
    """One tensor: NHWC activations, OHWI or 1HWC weights. `scales` is empty where nothing is quantised."""

    name: str
    shape: tuple
    dtype: str  # "int8" or "int32"
    scales: numpy.ndarray = field(default_factory=lambda: numpy.zeros(0, numpy.float32))
    zero_point: int = 0
    channel_axis: int = 0  # the axis that `scales` follows where there is more than one
    values: Optional[numpy.ndarray] = None  # constants only


@dataclass
class Operator:
    """One operator: kind (`KINDS` of tflite_schema.py), tensor numbers, option name -> value."""

    kind: str
    inputs: list
    outputs: list
    options: dict = field(default_factory=dict)


@dataclass
class Graph:
    """Tensors by number, operators in order of computation, tensor numbers of inputs and outputs."""

    tensors: list = field(default_factory=list)
    operators: list = field(default_factory=list)
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)

    def add_tensor(self, tensor):
        """Appends `tensor`; returns its number."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1
