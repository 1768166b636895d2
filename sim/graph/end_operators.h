// Operators at the very end of a model that only turn scores into probabilities: found in the file, so that
// the model is read without them. Internal to the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/graph/constant_folding.h"

namespace thaw {

/// The operators behind what becomes output `output` of the model, by their numbers in the file: one that
/// turns scores into probabilities, then at most one QUANTIZE or DEQUANTIZE. `scores` is the tensor that the
/// first reads.
struct EndChain {
  size_t output = 0;
  int32_t scores = -1;
  std::vector<size_t> operators;
};

/// The chains of the subgraph: LOG_SOFTMAX, LOGISTIC where Thaw does not compute it, SOFTMAX and LOGISTIC of
/// float32. Their results are read by nobody else. Operators that `folding` leaves out are none.
std::vector<EndChain> find_end_chains(const tflite::Model& model, const tflite::SubGraph& graph,
                                      const Folding& folding);

}  // namespace thaw
