// UNIDIRECTIONAL_SEQUENCE_LSTM of a file. Internal to the reader.
#pragma once

#include <cstdint>

#include "sim/graph/tflite_operator_source.h"

namespace thaw {

/// Its number in the file format, and how many inputs it has there.
inline constexpr int32_t kLstmNumber = 44;
inline constexpr size_t kLstmInputs = 24;

/// Where the inputs of `Lstm` stand among those of the file, in their order: x, the weights, the biases.
inline constexpr size_t kLstmPlaces[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15};
/// Where the states stand.
inline constexpr size_t kLstmHiddenState = 18, kLstmCellState = 19;

/// The operator without its states. Throws Error where it is of a kind that TensorFlow Lite Micro does not
/// run either, or its states are not int8 and int16.
Op read_lstm(const OperatorSource& source);

}  // namespace thaw
