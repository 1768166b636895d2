#include "sim/exec/host/axis_taps.h"

#include <cstddef>
#include <numeric>

namespace thaw {

std::vector<AxisTaps> forward_taps(const WindowAxis& axis) {
  AxisTaps taps;
  taps.outputs = axis.output;
  taps.first = -axis.pad;
  taps.step = axis.stride;
  taps.distance = axis.dilation;
  taps.kernel.resize(static_cast<size_t>(axis.kernel));
  std::iota(taps.kernel.begin(), taps.kernel.end(), 0);
  return {taps};
}

std::vector<AxisTaps> backward_taps(const WindowAxis& axis) {
  std::vector<AxisTaps> phases;
  for (int32_t phase = 0; phase < axis.stride && phase < axis.input; ++phase) {
    AxisTaps taps;
    taps.outputs = (axis.input - phase + axis.stride - 1) / axis.stride;
    taps.distance = axis.dilation / std::gcd(axis.dilation, axis.stride);
    // Output o reads input o * stride - pad + k * dilation: larger k, smaller o.
    for (int32_t k = axis.kernel; k-- > 0;) {
      const int32_t start = phase + axis.pad - k * axis.dilation;
      if (start % axis.stride != 0) continue;
      if (taps.kernel.empty()) taps.first = start / axis.stride;
      taps.kernel.push_back(k);
    }
    phases.push_back(taps);
  }
  return phases;
}

}  // namespace thaw
