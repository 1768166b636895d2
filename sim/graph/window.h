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

/// How far apart windows and taps of one axis lie, and where the first window begins.
struct WindowSteps {
  int32_t stride = 1, dilation = 1, pad_before = 0;

  bool operator==(const WindowSteps&) const = default;
};

/// Steps that let every output position read the same input positions with the same taps, none of them larger
/// than the image calls for: the stride of a single window, and the distance of taps of which at most one can
/// meet the image, may be anything up to 2^31-1 in a file, and tables are as long as they are.
constexpr WindowSteps least_steps(int32_t in, int32_t out, int32_t kernel, WindowSteps steps) {
  WindowSteps least = steps;
  if (out == 1) least.stride = std::min(steps.stride, in + 1);
  // Tap k meets the image in some window where first <= k * dilation - pad < in; `first` to `in` spans
  // `reach`.
  const int64_t first = -(int64_t{out} - 1) * least.stride;
  const int64_t reach = in - first;
  if (steps.dilation <= reach + 1) return least;
  least.dilation = static_cast<int32_t>(reach + 1);
  int64_t tap = 0;  // the first that is not wholly before the image
  while (tap < kernel && tap * steps.dilation - steps.pad_before < first) ++tap;
  const int64_t place = tap * steps.dilation - steps.pad_before;
  const int64_t kept = tap < kernel && place < in ? place : in;  // `in`: none meets it, nor the one before
  least.pad_before = static_cast<int32_t>(tap * least.dilation - kept);
  return least;
}

}  // namespace thaw
