// How a sliding window (convolution or pooling) lies over one axis of its input: SAME and VALID as TFLite
// defines them (golden/tflm/README.md, "Padding"). Reader, lowering and kernels all ask here.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/graph/graph.h"

namespace thaw {

/// One axis: number of output positions, and elements of padding before the first input element. Window `o`
/// covers input positions o * stride - pad_before + tap * dilation for tap = 0..kernel-1; taps outside
/// 0..in-1 do not exist (convolution: contribute nothing).
struct WindowGeometry {
  int32_t out = 0;
  int32_t pad_before = 0;

  bool operator==(const WindowGeometry&) const = default;
};

/// Geometry of one axis; all sizes in elements, all at least 1. `out` is 0 where a VALID window does not fit.
/// Sizes up to 2^31-1 cannot overflow: the sums are 64 bits wide.
constexpr WindowGeometry window_geometry(int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                                         Padding padding) {
  const int64_t reach = (int64_t{kernel} - 1) * dilation + 1;  // input elements from first to last tap
  if (padding == Padding::valid) {
    const int64_t positions = std::max<int64_t>(0, in - reach + 1);
    return {static_cast<int32_t>((positions + stride - 1) / stride), 0};
  }
  const int64_t out = (int64_t{in} + stride - 1) / stride;
  const int64_t total = std::max<int64_t>(0, (out - 1) * stride + reach - in);
  // Cannot leave int32 for any window whose reach itself does not; the reader refuses longer ones.
  return {static_cast<int32_t>(out), static_cast<int32_t>(total / 2)};
}

}  // namespace thaw
