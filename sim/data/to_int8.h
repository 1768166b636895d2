// Samples as the int8 input of a model.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/graph/graph.h"

namespace thaw {

/// Writes sample `id` of `split` to `out` (sample_elements() numbers). Pixels: p - 128, whatever `input` is.
/// float32: clamp(round(value / scale) + zero_point) to -128..127 with the single scale and zero point of
/// `input`, the model's input tensor; division in float32, halves away from zero, as TFLite's QUANTIZE.
/// Throws Error where float32 samples meet an input without exactly one scale above 0.
void sample_to_int8(const Dataset& dataset, const Split& split, int64_t id, const Quantization& input,
                    std::span<int8_t> out);

/// All samples of `split`, one after another.
std::vector<int8_t> to_int8(const Dataset& dataset, const Split& split, const Quantization& input);

/// The targets of all samples of `split` in the quantisation of the model's output, rounded and clamped as
/// float32 samples are: an output cannot reach what lies outside.
std::vector<int8_t> targets_to_int8(const Split& split, const Quantization& output);

}  // namespace thaw
