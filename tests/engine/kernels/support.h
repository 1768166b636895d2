// What the kernel tests share: goldens, plan-time arithmetic from docs/arithmetic.md section 2, exact wide
// arithmetic that the kernels do not use, and seeded random tensors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/kernels/conv2d.h"
#include "tests/support/shared_folder.h"

namespace thaw::testing {

__extension__ typedef __int128 Wide;

inline nlohmann::json golden(const std::string& file) {
  std::ifstream stream(golden_folder() / file);
  if (!stream) throw std::runtime_error("missing golden " + file);
  return nlohmann::json::parse(stream);
}

// floor(a / b) for b > 0.
inline Wide floor_div(Wide a, Wide b) {
  return a / b - (a % b < 0 ? 1 : 0);
}
inline Wide power_of_two(int exponent) {
  return static_cast<Wide>(1) << exponent;
}

// a / 2^shift, nearest, halves up.
inline int64_t halves_up(Wide a, int shift) {
  return static_cast<int64_t>(floor_div(2 * a + power_of_two(shift), 2 * power_of_two(shift)));
}
// a / 2^shift, nearest, halves away from zero.
inline int64_t halves_away(Wide a, int shift) {
  return static_cast<int64_t>(a < 0 ? -halves_up(-a, shift) : halves_up(a, shift));
}
// TFLite's two roundings.
inline int64_t requantize(int64_t sum, int32_t multiplier, int32_t shift) {
  const Wide scaled = static_cast<Wide>(sum) * power_of_two(std::max(shift, 0)) * multiplier;
  return halves_away(halves_up(scaled, 31), std::max(-shift, 0));
}

struct Multiplier {
  int32_t mantissa;
  int32_t shift;
};

inline Multiplier quantize_multiplier(double value) {
  if (value == 0.0) return {0, 0};
  int exponent = 0;
  int64_t mantissa = std::llround(std::ldexp(std::frexp(value, &exponent), 31));
  if (mantissa == INT64_C(1) << 31) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < -31) return {0, 0};
  return {static_cast<int32_t>(mantissa), exponent};
}

// `chan` of the contract.
struct ChannelScale {
  std::vector<int32_t> mantissas;
  int32_t exponent;
};

inline ChannelScale channel_scale(const std::vector<double>& values) {
  int exponent = 0;
  std::frexp(*std::max_element(values.begin(), values.end()), &exponent);
  ChannelScale scale{{}, exponent};
  for (double value : values)
    scale.mantissas.push_back(
        static_cast<int32_t>(std::min<int64_t>(INT32_MAX, std::llround(std::ldexp(value, 31 - exponent)))));
  return scale;
}

// Seeded random numbers; the same on every machine (no std distributions).
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  // Uniform in low..high.
  int64_t number(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine_() % static_cast<uint64_t>(high - low + 1));
  }
  int32_t integer(int64_t low, int64_t high) { return static_cast<int32_t>(number(low, high)); }
  template <class T>
  std::vector<T> values(int64_t count, int64_t low = std::numeric_limits<T>::min(),
                        int64_t high = std::numeric_limits<T>::max()) {
    std::vector<T> result(static_cast<size_t>(count));
    for (T& value : result) value = static_cast<T>(number(low, high));
    return result;
  }
  // `count` distinct numbers of 0..n-1, ascending.
  std::vector<uint16_t> subset(int32_t n, int32_t count) {
    std::vector<uint16_t> all(static_cast<size_t>(n));
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
    for (size_t i = 0; i < static_cast<size_t>(count); ++i)
      std::swap(all[i], all[static_cast<size_t>(number(static_cast<int64_t>(i), n - 1))]);
    all.resize(static_cast<size_t>(count));
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::mt19937_64 engine_;
};

// A convolution's geometry with random kernel, stride, dilation and padding; clamps and zero points random
// too.
inline thaw_conv2d random_geometry(Random& random, int32_t input_channels, int32_t output_channels) {
  thaw_conv2d conv{};
  const int32_t kernels[] = {1, 1, 2, 3, 3, 5, 7};
  conv.input_channels = input_channels;
  conv.output_channels = output_channels;
  conv.kernel_height = kernels[random.integer(0, 6)];
  conv.kernel_width = kernels[random.integer(0, 6)];
  conv.stride_height = random.integer(1, 3);
  conv.stride_width = random.integer(1, 3);
  conv.dilation_height = random.integer(1, 2);
  conv.dilation_width = random.integer(1, 2);
  conv.input_height = random.integer(1, 9);
  conv.input_width = random.integer(1, 9);
  const int32_t reach_y = (conv.kernel_height - 1) * conv.dilation_height;
  const int32_t reach_x = (conv.kernel_width - 1) * conv.dilation_width;
  conv.pad_top = random.integer(0, reach_y);
  conv.pad_left = random.integer(0, reach_x);
  const int32_t pad_bottom =
      std::max(random.integer(0, reach_y), reach_y + 1 - conv.input_height - conv.pad_top);
  const int32_t pad_right =
      std::max(random.integer(0, reach_x), reach_x + 1 - conv.input_width - conv.pad_left);
  conv.output_height = (conv.input_height + conv.pad_top + pad_bottom - reach_y - 1) / conv.stride_height + 1;
  conv.output_width = (conv.input_width + conv.pad_left + pad_right - reach_x - 1) / conv.stride_width + 1;
  conv.input_zero_point = random.integer(-128, 127);
  conv.output_zero_point = random.integer(-128, 127);
  conv.clamp_low = random.integer(-128, 0);
  conv.clamp_high = random.integer(0, 127);
  return conv;
}

// Calls visit(output position, input position, tap) for every tap of every output that lies inside the image.
template <class Visit>
void for_each_tap(const thaw_conv2d& conv, Visit visit) {
  for (int32_t oy = 0; oy < conv.output_height; ++oy)
    for (int32_t ox = 0; ox < conv.output_width; ++ox)
      for (int32_t ky = 0; ky < conv.kernel_height; ++ky)
        for (int32_t kx = 0; kx < conv.kernel_width; ++kx) {
          const int32_t y = oy * conv.stride_height + ky * conv.dilation_height - conv.pad_top;
          const int32_t x = ox * conv.stride_width + kx * conv.dilation_width - conv.pad_left;
          if (y < 0 || x < 0 || y >= conv.input_height || x >= conv.input_width) continue;
          visit(static_cast<size_t>(oy * conv.output_width + ox),
                static_cast<size_t>(y * conv.input_width + x),
                static_cast<size_t>(ky * conv.kernel_width + kx));
        }
}

// Random output stage: multipliers and shifts per channel that spread sums of about `magnitude` over int8.
struct OutputStage {
  std::vector<int32_t> bias, multipliers;
  std::vector<int8_t> shifts;
};
inline OutputStage random_output_stage(Random& random, int32_t channels, int32_t largest_sum) {
  OutputStage stage;
  for (int32_t c = 0; c < channels; ++c) {
    const double factor = 64.0 / largest_sum * static_cast<double>(random.number(1, 2000)) / 500.0;
    const Multiplier m = quantize_multiplier(factor);
    stage.multipliers.push_back(m.mantissa);
    stage.shifts.push_back(static_cast<int8_t>(m.shift));
    stage.bias.push_back(random.integer(-largest_sum, largest_sum));
  }
  return stage;
}

// A forward result to compare: outputs, and clamp bits packed as the contract says.
struct Clamped {
  std::vector<int8_t> output;
  std::vector<uint8_t> mask;
};
inline Clamped clamp_all(const std::vector<int64_t>& values, int64_t low, int64_t high) {
  Clamped result{{}, std::vector<uint8_t>((values.size() + 7) / 8)};
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t y = std::min(std::max(values[i], low), high);
    result.output.push_back(static_cast<int8_t>(y));
    if (y == values[i]) result.mask[i / 8] = static_cast<uint8_t>(result.mask[i / 8] | (1 << (i % 8)));
  }
  return result;
}

}  // namespace thaw::testing
