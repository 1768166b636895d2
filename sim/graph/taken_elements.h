// Which elements of a tensor SLICE and STRIDED_SLICE take. Rules: TensorFlow Lite's reference kernels, which
// are numpy's with masks. Internal to the reader.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// The elements, and the shape that they have: `axes` without those that were shrunk, with those that are
/// new.
struct TakenElements {
  std::vector<TakenAxis> axes;
  std::vector<int32_t> shape;
};

/// A bit an entry of `begin`, as the options of STRIDED_SLICE have them; `offset`: ends count from begins.
struct SliceMasks {
  int32_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink_axis = 0;
  bool offset = false;
};

/// SLICE. Nothing where the numbers do not fit the shape, or no element is left.
std::optional<TakenElements> sliced_elements(std::span<const int32_t> shape, std::span<const int64_t> begin,
                                             std::span<const int64_t> size);

/// STRIDED_SLICE, the same.
std::optional<TakenElements> strided_elements(std::span<const int32_t> shape, std::span<const int64_t> begin,
                                              std::span<const int64_t> end, std::span<const int64_t> strides,
                                              const SliceMasks& masks);

}  // namespace thaw
