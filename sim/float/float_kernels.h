// Loops of the float arithmetic over blocks of samples, all NHWC, float32, sums in a fixed order. Values of
// activations are integers with their zero point taken off, so that padding is 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/plan/plan.h"

namespace thaw {

/// One output element's value v = x * scale[c] rounded and clamped to lowest..highest (zero point taken off).
struct FloatRequantization {
  std::span<const float> biases, scales;  // by channel
  float lowest = -128.0F, highest = 127.0F;
};

/// values[p][c] = clamp(round((sums[p][c] + biases[c]) * scales[c])): one rounding to float32 each for sum
/// and product, ties of the last to even. masks[p][c] = 1 where nothing was clamped; null: not wanted. May
/// run in place. `count` = positions * channels.
void requantize(const float* sums, const FloatRequantization& rule, int64_t count, float* values,
                uint8_t* masks);

/// Residual add of `count` elements: round((a * a_scale + b * b_scale) / output_scale), clamped.
struct FloatAdd {
  float first_scale = 1.0F, second_scale = 1.0F, output_scale = 1.0F;
  float lowest = -128.0F, highest = 127.0F;
};
void add_residual(const float* first, const float* second, const FloatAdd& rule, int64_t count, float* values,
                  uint8_t* masks);

/// result[p][c] = gradient[p][c] * masks[p][c] * scales[c].
void scale_gradient(const float* gradient, const uint8_t* masks, std::span<const float> scales, int64_t count,
                    float* result);

/// result[p][i] = values[p][channels[i]].
void gather_channels(const float* values, int64_t positions, int64_t width, std::span<const int32_t> channels,
                     float* result);

/// Windows of one sample laid out as rows: columns[output position][tap][input channel], 0 outside the image.
void window_columns(const float* image, const Window& window, float* columns);

/// The reverse: image[...] += the columns that read it, by ascending output position, then tap.
void add_window_columns(const float* columns, const Window& window, float* image);

/// Depthwise convolution of `samples` images with one output for each input channel; weights [tap][channel].
/// sums[sample][position][c] += ...
void add_depthwise(const float* images, int32_t samples, const float* weights, const Window& window,
                   float* sums);

/// Its input gradient: image_gradients[sample][input position][c] += ...
void add_depthwise_input_gradient(const float* gradient, int32_t samples, const float* weights,
                                  const Window& window, float* image_gradients);

/// Its weight gradient: weight_gradient[tap][c] += ..., samples and positions ascending.
void add_depthwise_weight_gradient(const float* gradient, const float* images, int32_t samples,
                                   const Window& window, float* weight_gradient);

}  // namespace thaw
