// Sparse constants, as pruned models hold them: what DENSIFY makes of them. The format is TensorFlow Lite's
// (a variant of TACO's): the axes of the tensor, then those of its blocks, each dense or compressed as the
// rows of a CSR matrix. Internal to the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/graph/constant_value.h"

namespace thaw {

/// The dense bytes of a sparse tensor whose stored values are `values`; places that are not stored are 0.
/// Nothing where its description contradicts itself, its shape or the number of values.
std::optional<std::vector<uint8_t>> dense_bytes(const tflite::Tensor& tensor,
                                                std::span<const uint8_t> values);

}  // namespace thaw
