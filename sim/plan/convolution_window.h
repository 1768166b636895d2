// The geometry of a convolution: its kernels' own structure with questions.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/kernels/conv2d.h"
#include "engine/kernels/depthwise_conv2d.h"

namespace thaw {

/// What a convolution's kernels take, and what is asked of it: a window sliding over an NHWC image of
/// batch 1. A step's has zero points and clamp too.
struct Window : thaw_conv2d {
  Window() : thaw_conv2d{} {
    for (int32_t* size :
         {&input_height, &input_width, &input_channels, &output_height, &output_width, &output_channels,
          &kernel_height, &kernel_width, &stride_height, &stride_width, &dilation_height, &dilation_width})
      *size = 1;
    clamp_low = INT8_MIN;
    clamp_high = INT8_MAX;
  }

  int64_t input_positions() const { return int64_t{input_height} * input_width; }
  int64_t output_positions() const { return int64_t{output_height} * output_width; }
  int64_t input_elements() const { return input_positions() * input_channels; }
  int64_t output_elements() const { return output_positions() * output_channels; }
  int64_t taps() const { return int64_t{kernel_height} * kernel_width; }
  /// Every output position reads just its own input position: the rows to multiply are the image itself.
  bool is_pointwise() const {
    return taps() == 1 && stride_height == 1 && stride_width == 1 && pad_top == 0 && pad_left == 0 &&
           input_height == output_height && input_width == output_width;
  }
  /// All members, zero points and clamp too.
  bool operator==(const Window& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(Window) == 18 * sizeof(int32_t), "numbers only, so that bytes tell windows apart");

/// What depthwise kernels take, of a step or source that holds a window and a depth multiplier.
template <class AnyConvolution>
thaw_depthwise depthwise_of(const AnyConvolution& convolution) {
  thaw_depthwise depthwise = {};
  depthwise.conv = convolution.window;
  depthwise.depth_multiplier = convolution.depth_multiplier;
  return depthwise;
}

}  // namespace thaw
