// Whether a graph is a model that Thaw can lower and run: everything later stages rely on is checked here
// once.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Checks indices, execution order and single assignment, shapes (output shapes are computed anew by TFLite's
/// rules), sizes of constants, types, quantisation, and the limits of the int8 kernels
/// (golden/tflm/README.md). Throws Error naming `graph.file_name` and the field path of the first fault.
void check_graph(const Graph& graph);

}  // namespace thaw
