#include "sim/float/float_kernels.h"

#include <algorithm>

#include "sim/exec/host/multiversion.h"
#include "sim/float/float_pair_sums.h"
#include "sim/float/float_rounding.h"

namespace thaw {
namespace {

// Far outside every clamp: values are cut here before they are rounded, which keeps the rounding in range.
constexpr float kFarOutside = 4096.0F;

[[gnu::always_inline]] inline float clamp_to(float v, float lowest, float highest) {
  const float low = v < lowest ? lowest : v;
  return low > highest ? highest : low;
}

/// Nearest integer, ties to even, of a value in -4096 .. 4096; others stay outside every clamp.
[[gnu::always_inline]] inline float round_small(float v) {
  constexpr float kNoFraction = 12582912.0F;  // 1.5 * 2^23: sums stay where float32 steps by one
  return (clamp_to(v, -kFarOutside, kFarOutside) + kNoFraction) - kNoFraction;
}

THAW_MULTIVERSION
void requantize_row(const float* sums, const float* biases, const float* scales, float lowest, float highest,
                    int64_t channels, float* values) {
  for (int64_t c = 0; c < channels; ++c)
    values[c] = clamp_to(round_small((sums[c] + biases[c]) * scales[c]), lowest, highest);
}

THAW_MULTIVERSION
void requantize_row(const float* sums, const float* biases, const float* scales, float lowest, float highest,
                    int64_t channels, float* values, uint8_t* masks) {
  for (int64_t c = 0; c < channels; ++c) {
    const float rounded = round_small((sums[c] + biases[c]) * scales[c]);
    const float clamped = clamp_to(rounded, lowest, highest);
    masks[c] = rounded == clamped ? 1 : 0;
    values[c] = clamped;
  }
}

THAW_MULTIVERSION
void add_elements(const float* first, const float* second, const FloatAdd& rule, int64_t count, float* values,
                  uint8_t* masks) {
  const FloatAdd r = rule;
  for (int64_t i = 0; i < count; ++i) {
    const float sum = first[i] * r.first_scale + second[i] * r.second_scale;
    const float rounded = round_small(sum / r.output_scale);
    const float clamped = clamp_to(rounded, r.lowest, r.highest);
    masks[i] = rounded == clamped ? 1 : 0;
    values[i] = clamped;
  }
}

THAW_MULTIVERSION
void scale_gradient_row(const float* gradient, const uint8_t* masks, const float* scales, int64_t channels,
                        float* result) {
  for (int64_t c = 0; c < channels; ++c) result[c] = gradient[c] * static_cast<float>(masks[c]) * scales[c];
}

/// The taps of a window along one axis that lie inside the input, for one output position.
struct TapRange {
  int32_t begin, end;  // taps
  int32_t first;       // input position of tap `begin`
};

TapRange taps_inside(int32_t output, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation,
                     int32_t input) {
  const int32_t start = output * stride - pad;
  const int32_t begin = start < 0 ? (-start + dilation - 1) / dilation : 0;
  const int32_t room = input - start;  // taps with tap * dilation < room are inside
  const int32_t end = room <= 0 ? 0 : std::min(kernel, (room + dilation - 1) / dilation);
  return {begin, std::max(begin, end), start + begin * dilation};
}

TapRange rows_inside(const Window& w, int32_t output_row) {
  return taps_inside(output_row, w.stride_height, w.pad_top, w.kernel_height, w.dilation_height,
                     w.input_height);
}

TapRange columns_inside(const Window& w, int32_t output_column) {
  return taps_inside(output_column, w.stride_width, w.pad_left, w.kernel_width, w.dilation_width,
                     w.input_width);
}

/// Calls visit(output row, output column, tap, input position) for every tap that lies inside the image:
/// output positions ascending, then taps.
template <class Visit>
void for_each_tap(const Window& w, const Visit& visit) {
  for (int32_t oy = 0; oy < w.output_height; ++oy) {
    const TapRange rows = rows_inside(w, oy);
    for (int32_t ox = 0; ox < w.output_width; ++ox) {
      const TapRange columns = columns_inside(w, ox);
      const int64_t output = int64_t{oy} * w.output_width + ox;
      int32_t y = rows.first;
      for (int32_t ky = rows.begin; ky < rows.end; ++ky, y += w.dilation_height) {
        int32_t x = columns.first;
        for (int32_t kx = columns.begin; kx < columns.end; ++kx, x += w.dilation_width)
          visit(output, int64_t{ky} * w.kernel_width + kx, int64_t{y} * w.input_width + x);
      }
    }
  }
}

/// For every position of one side of a window the taps that meet it, each with the position on the other
/// side.
struct TapTable {
  struct Entry {
    int32_t tap, position;
  };
  std::vector<Entry> entries;
  std::vector<int64_t> begins;
};

TapTable taps_by_output(const Window& w) {
  TapTable table;
  table.begins.assign(1, 0);
  int64_t current = 0;
  for_each_tap(w, [&](int64_t output, int64_t tap, int64_t input) {
    for (; current < output; ++current) table.begins.push_back(static_cast<int64_t>(table.entries.size()));
    table.entries.push_back({static_cast<int32_t>(tap), static_cast<int32_t>(input)});
  });
  for (; current < w.output_positions(); ++current)
    table.begins.push_back(static_cast<int64_t>(table.entries.size()));
  return table;
}

TapTable taps_by_input(const Window& w) {
  TapTable table;
  table.begins.assign(static_cast<size_t>(w.input_positions()) + 1, 0);
  for_each_tap(w, [&](int64_t, int64_t, int64_t input) { ++table.begins[static_cast<size_t>(input) + 1]; });
  for (size_t i = 1; i < table.begins.size(); ++i) table.begins[i] += table.begins[i - 1];
  table.entries.resize(static_cast<size_t>(table.begins.back()));
  std::vector<int64_t> next(table.begins.begin(), table.begins.end() - 1);
  for_each_tap(w, [&](int64_t output, int64_t tap, int64_t input) {
    const auto at = static_cast<size_t>(next[static_cast<size_t>(input)]++);
    table.entries[at] = {static_cast<int32_t>(tap), static_cast<int32_t>(output)};
  });
  return table;
}

/// sums[sample][i] += sum of weights[tap] * rows[sample][position] over the entries of i.
void add_table_sums(const TapTable& table, const float* rows, int64_t sample_positions, const float* weights,
                    int32_t samples, int64_t channels, float* sums) {
  std::vector<RowPair> pairs(table.entries.size());
  for (int32_t n = 0; n < samples; ++n) {
    std::transform(table.entries.begin(), table.entries.end(), pairs.begin(),
                   [&](const TapTable::Entry& entry) -> RowPair {
                     return {rows + entry.position * channels, weights + entry.tap * channels};
                   });
    add_pair_sums(pairs, table.begins, channels, sums);
    rows += sample_positions * channels;
    sums += (static_cast<int64_t>(table.begins.size()) - 1) * channels;
  }
}

// Pairs summed before they join the result, as kProductDepthBlock.
constexpr int64_t kPairBlock = 256;

void add_long_pair_sum(std::span<const RowPair> pairs, int64_t channels, float* sums) {
  const auto count = static_cast<int64_t>(pairs.size());
  for (int64_t begin = 0; begin < count; begin += kPairBlock) {
    const int64_t begins[] = {begin, std::min(begin + kPairBlock, count)};
    add_pair_sums(pairs, begins, channels, sums);
  }
}

}  // namespace

void requantize(const float* sums, const FloatRequantization& rule, int64_t count, float* values,
                uint8_t* masks) {
  const auto channels = static_cast<int64_t>(rule.scales.size());
  for (int64_t i = 0; i < count; i += channels) {
    if (masks == nullptr)
      requantize_row(sums + i, rule.biases.data(), rule.scales.data(), rule.lowest, rule.highest, channels,
                     values + i);
    else
      requantize_row(sums + i, rule.biases.data(), rule.scales.data(), rule.lowest, rule.highest, channels,
                     values + i, masks + i);
  }
}

void add_residual(const float* first, const float* second, const FloatAdd& rule, int64_t count, float* values,
                  uint8_t* masks) {
  add_elements(first, second, rule, count, values, masks);
}

void scale_gradient(const float* gradient, const uint8_t* masks, std::span<const float> scales, int64_t count,
                    float* result) {
  const auto channels = static_cast<int64_t>(scales.size());
  for (int64_t i = 0; i < count; i += channels)
    scale_gradient_row(gradient + i, masks + i, scales.data(), channels, result + i);
}

void gather_channels(const float* values, int64_t positions, int64_t width, std::span<const int32_t> channels,
                     float* result) {
  for (int64_t p = 0; p < positions; ++p, values += width)
    for (int32_t channel : channels) *result++ = values[channel];
}

void window_columns(const float* image, const Window& w, float* columns) {
  const int64_t channels = w.input_channels;
  std::fill_n(columns, w.output_positions() * w.taps() * channels, 0.0F);
  for_each_tap(w, [&](int64_t output, int64_t tap, int64_t input) {
    std::copy_n(image + input * channels, channels, columns + (output * w.taps() + tap) * channels);
  });
}

void add_window_columns(const float* columns, const Window& w, float* image) {
  const int64_t channels = w.input_channels;
  for_each_tap(w, [&](int64_t output, int64_t tap, int64_t input) {
    const float* from = columns + (output * w.taps() + tap) * channels;
    float* to = image + input * channels;
    for (int64_t c = 0; c < channels; ++c) to[c] += from[c];
  });
}

void add_depthwise(const float* images, int32_t samples, const float* weights, const Window& w, float* sums) {
  add_table_sums(taps_by_output(w), images, w.input_positions(), weights, samples, w.output_channels, sums);
}

void add_depthwise_input_gradient(const float* gradient, int32_t samples, const float* weights,
                                  const Window& w, float* image_gradients) {
  add_table_sums(taps_by_input(w), gradient, w.output_positions(), weights, samples, w.output_channels,
                 image_gradients);
}

void add_depthwise_weight_gradient(const float* gradient, const float* images, int32_t samples,
                                   const Window& w, float* weight_gradient) {
  const int64_t channels = w.output_channels;
  const auto taps = static_cast<size_t>(w.taps());
  std::vector<std::vector<RowPair>> by_tap(taps);
  for (int32_t n = 0; n < samples; ++n) {
    const float* image = images + n * w.input_positions() * channels;
    const float* sample_gradient = gradient + n * w.output_positions() * channels;
    for_each_tap(w, [&](int64_t output, int64_t tap, int64_t input) {
      by_tap[static_cast<size_t>(tap)].push_back(
          {sample_gradient + output * channels, image + input * channels});
    });
  }
  for (size_t tap = 0; tap < taps; ++tap)
    add_long_pair_sum(by_tap[tap], channels, weight_gradient + static_cast<int64_t>(tap) * channels);
}

}  // namespace thaw
