// `Graph` to TFLite file: trained models, and the small models of tests.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// A TFLite flatbuffer (schema version 3, one subgraph, constants at multiples of 16 bytes). Tensors keep the
/// order of `graph.tensors`; axes, paddings, permutations and new shapes follow as constants of their own.
/// Nothing is checked, so that tests can write broken models (only the outputs of operators must be tensors
/// of the graph); for a graph that passes check_graph, read_tflite gives it back, `file_index` and `sha256`
/// apart. Equal graphs give equal bytes.
std::vector<std::byte> write_tflite(const Graph& graph);

}  // namespace thaw
