// What operators that move, repeat or leave out elements ask of their options and shapes. Internal to
// graph_check.h.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// Each throws Error naming the field path of the first fault. `kind` is that of `op`.
void check_moved(const Graph& graph, const Op& op, const Concatenation& kind);
void check_moved(const Graph& graph, const Op& op, const Slice& kind);
void check_moved(const Graph& graph, const Op& op, const Pad& kind);
void check_moved(const Graph& graph, const Op& op, const Reshape& kind);
void check_moved(const Graph& graph, const Op& op, const Transpose& kind);
void check_moved(const Graph& graph, const Op& op, const Resize& kind);

}  // namespace thaw
