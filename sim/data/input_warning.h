// What a model's input leaves of the samples: values that are clipped, values that fall together.
#pragma once

#include <optional>
#include <string>

#include "sim/data/dataset.h"
#include "sim/graph/graph.h"

namespace thaw {

/// A warning with its remedy about the samples of `split`, which `name` names ("training", "test"), as int8
/// inputs quantised by `input` (to_int8.h):
/// - more than 1 % of the elements lie outside the input's range and are clipped
/// - 99.9 % of the elements fall on at most 16 of the input's 256 values, though the samples hold at least
///   four times as many
/// - pixels are 0 and 1 only
/// Nothing where all is well.
std::optional<std::string> input_warning(const Dataset& dataset, const Split& split, const std::string& name,
                                         const Quantization& input);

}  // namespace thaw
