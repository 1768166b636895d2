// Which source positions an output position of a window reads along one axis: forward (outputs of a
// convolution read its input) and backward (gradients of its input read those of its output).
#pragma once

#include <cstdint>
#include <vector>

namespace thaw {

/// One axis of a convolution's window.
struct WindowAxis {
  int32_t input = 1, output = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;
};

/// Outputs phase, phase + n, phase + 2n, ... of an axis with n phases. The j-th of them reads, with kernel
/// position kernel[t], source position first + j * step + t * distance for t = 0..; positions outside the
/// source contribute nothing.
struct AxisTaps {
  int32_t outputs = 0;
  int32_t first = 0, step = 1, distance = 1;
  std::vector<int32_t> kernel;
};

/// Forward: one phase.
std::vector<AxisTaps> forward_taps(const WindowAxis& axis);

/// Backward: a phase for each residue of the input position modulo the stride; each meets only every
/// stride-th kernel position, so no product with an inserted zero is ever computed.
std::vector<AxisTaps> backward_taps(const WindowAxis& axis);

}  // namespace thaw
