// What the LSTM kernel reads, from the operator: factors, packed weights, the table of its functions. Source:
// TensorFlow Lite Micro's kernel of UNIDIRECTIONAL_SEQUENCE_LSTM (int8, cell state int16).
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernels/lstm.h"
#include "sim/graph/graph.h"

namespace thaw {

/// Sizes, zero points and factors. `lstm` is the kind of `op`.
thaw_lstm lstm_parameters(const Graph& graph, const Op& op, const Lstm& lstm);

/// The eight weights and the four biases one behind the other.
std::vector<int8_t> lstm_weights(const Graph& graph, const Op& op);
std::vector<int32_t> lstm_biases(const Graph& graph, const Op& op);

/// The 256 points of the logistic function at i/24, 2^16 = 1, as the reference kernels tabulate them: not the
/// nearest integers everywhere.
std::vector<uint16_t> lstm_sigmoid();

}  // namespace thaw
