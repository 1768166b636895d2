// Weight scales of 0, as converters write them for channels whose weights are all 0. TensorFlow Lite Micro
// runs them: the channel is its output's zero point, whatever the bias. Everything after the reader divides
// by scales, so such channels get the scale that the arithmetic gives dead channels.
#pragma once

#include "sim/graph/graph.h"

namespace thaw {

/// The dead-channel rule of docs/arithmetic.md section 2 for every channel of scale 0: its weights and bias
/// are llround(w * 0 / t) = 0 and its scale is t, element n/2 of the ascending list of the layer's n other
/// scales above 1e-7 (of those above 0 where there is none; where all are 0, the scale that makes the factor
/// to the output 1). No output changes; a sentence in `warnings` says which operator. `graph` must have
/// passed check_graph.
Graph with_nonzero_scales(Graph graph);

}  // namespace thaw
