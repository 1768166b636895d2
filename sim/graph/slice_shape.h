// Which axes are left of those that a slice, or a join along a new axis, reads or makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// Whether the output keeps each axis, where `shape` is that of what the slice takes with axes of one
/// position left out; nothing where it is not.
inline std::optional<std::vector<bool>> kept_axes(const Slice& slice, const std::vector<int32_t>& shape) {
  std::vector<bool> kept;
  size_t next = 0;
  for (const TakenAxis& axis : slice.axes) {
    const bool keeps = next < shape.size() && shape[next] == axis.count;
    if (!keeps && axis.count != 1) return std::nullopt;
    next += keeps ? 1 : 0;
    kept.push_back(keeps);
  }
  if (next != shape.size()) return std::nullopt;
  return kept;
}

/// The shape of an input of a CONCATENATION or PACK among the output's axes.
inline std::vector<int32_t> shape_along(const Concatenation& concatenation, std::vector<int32_t> shape) {
  if (concatenation.new_axis) shape.insert(shape.begin() + concatenation.axis, 1);
  return shape;
}

}  // namespace thaw
