// Weights brought into the order in which ConvolutionSums multiplies them, once for each of their versions.
#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/exec/host/convolution_sums.h"
#include "sim/exec/host/operand_packing.h"

namespace thaw {
namespace {

/// One word of a column whose values lie side by side; `count` of them exist.
template <WordFormat format>
uint32_t word_of(const int8_t* values, int64_t count) {
  if constexpr (format == WordFormat::byte_quads) {
    uint32_t word = 0;
    std::memcpy(&word, values, static_cast<size_t>(std::min<int64_t>(count, 4)));
    return word;
  } else if constexpr (format == WordFormat::float32) {
    return std::bit_cast<uint32_t>(static_cast<float>(values[0]));
  } else {
    const uint32_t low = static_cast<uint16_t>(values[0]);
    const uint32_t high = count > 1 ? static_cast<uint16_t>(values[1]) : 0;
    return low | high << 16;
  }
}

template <WordFormat format>
void pack_segment(const int8_t* weights, int64_t row_stride, int32_t columns, int32_t words, int64_t values,
                  int64_t word_stride, uint32_t* out) {
  constexpr int32_t kValues = values_per_word(format);
  const auto whole = static_cast<int32_t>(values / kValues);
  for (int32_t w = 0; w < words; ++w, weights += kValues, out += word_stride) {
    if (w < whole)
      for (int32_t c = 0; c < columns; ++c) out[c] = word_of<format>(weights + c * row_stride, kValues);
    else
      for (int32_t c = 0; c < columns; ++c)
        out[c] = word_of<format>(weights + c * row_stride, values - int64_t{w} * kValues);
  }
}

}  // namespace

void ConvolutionSums::pack() {
  if (packed_version_ == weights_.version()) return;
  packed_version_ = weights_.version();
  const int8_t* weights = weights_.data();
  const Phase* phase = phases_.data();
  for (const AxisTaps& y : row_phases_)
    for (const AxisTaps& x : column_phases_) {
      if (depthwise_)
        pack_depthwise(*phase, y, x, weights);
      else if (direction_ == Direction::forward)
        pack_forward(*phase, weights);
      else
        pack_backward(*phase, y, x, weights);
      if (format_ == WordFormat::byte_quads)
        sum_columns(*phase, column_sums_.as<int32_t>() + phase->start_at);
      ++phase;
    }
}

void ConvolutionSums::pack_forward(const Phase& phase, const int8_t* weights) {
  // A column is an output channel, whose weights lie in the order of the segments.
  const auto segments = static_cast<int64_t>(phase.segments.size());
  const int64_t row_stride = window_.taps() * window_.input_channels;
  const int64_t segment_values = segments == 0 ? 0 : row_stride / segments;
  const RightLayout layout = right_layout(format_, column_blocks(channels_), phase.words);
  const auto pack = format_ == WordFormat::byte_quads ? pack_segment<WordFormat::byte_quads>
                    : format_ == WordFormat::float32  ? pack_segment<WordFormat::float32>
                                                      : pack_segment<WordFormat::int16_pairs>;
  for (int32_t o = 0; o < channels_; o += kColumnBlock) {
    auto* out = packed_.as<uint32_t>() + phase.weights_at + o / kColumnBlock * layout.block_stride;
    for (int64_t s = 0; s < segments; ++s, out += phase.segment_words * layout.word_stride)
      pack(weights + o * row_stride + s * segment_values, row_stride, std::min(kColumnBlock, channels_ - o),
           phase.segment_words, segment_values, layout.word_stride, out);
  }
}

void ConvolutionSums::pack_backward(const Phase& phase, const AxisTaps& y, const AxisTaps& x,
                                    const int8_t* weights) {
  // A column is an input channel; the values of a run are its taps, and of each tap the output channels.
  const int32_t values = values_per_word(format_);
  const auto segments = static_cast<int32_t>(phase.segments.size());
  if (segments == 0) return;
  const auto run_taps = static_cast<int32_t>(y.kernel.size() * x.kernel.size()) / segments;
  std::vector<const int8_t*>& rows = weight_rows_;
  rows.clear();
  int32_t in_run = 0;
  for (int32_t ky : y.kernel)
    for (int32_t kx : x.kernel) {
      const int64_t tap = int64_t{ky} * window_.kernel_width + kx;
      for (int32_t o = 0; o < window_.output_channels; ++o)
        rows.push_back(weights + (o * window_.taps() + tap) * channels_);
      if (++in_run == run_taps) {
        in_run = 0;
        while (static_cast<int64_t>(rows.size()) % (int64_t{phase.segment_words} * values) != 0)
          rows.push_back(nullptr);
      }
    }
  const RightLayout layout = right_layout(format_, column_blocks(channels_), phase.words);
  interleave_weights(
      {channels_, packed_.as<uint32_t>() + phase.weights_at, layout.block_stride, layout.word_stride});
}

void ConvolutionSums::pack_depthwise(const Phase& phase, const AxisTaps& y, const AxisTaps& x,
                                     const int8_t* weights) {
  // A word holds kernel rows below each other.
  const auto values = static_cast<size_t>(values_per_word(format_));
  std::vector<const int8_t*>& rows = weight_rows_;
  rows.clear();
  for (size_t group = 0; group < y.kernel.size(); group += values)
    for (int32_t kx : x.kernel)
      for (size_t i = group; i < group + values; ++i)
        rows.push_back(i < y.kernel.size()
                           ? weights + (y.kernel[i] * window_.kernel_width + kx) * sum_channels_
                           : nullptr);
  interleave_weights({sum_channels_, packed_.as<uint32_t>() + phase.weights_at, kColumnBlock,
                      padded_columns(sum_channels_)});
}

void ConvolutionSums::interleave_weights(const InterleavedRows& to) const {
  switch (format_) {
    case WordFormat::byte_quads:
      return interleave_quads(weight_rows_, 0, to);
    case WordFormat::int16_pairs:
      return interleave_pairs(weight_rows_, 0, to);
    case WordFormat::float32:
      return interleave_floats(weight_rows_, 0, to);
  }
}

void ConvolutionSums::sum_columns(const Phase& phase, int32_t* column_sums) const {
  // The product with a source of ones.
  const uint32_t* packed = packed_.as<uint32_t>() + phase.weights_at;
  const int32_t blocks = column_blocks(sum_channels_);
  if (!depthwise_) {
    const uint32_t ones = 0x01010101;
    const int64_t segment = 0;
    multiply({format_, reinterpret_cast<const std::byte*>(&ones), 0, 0, &segment, 1,
              static_cast<int32_t>(phase.words), packed, nullptr, 1, blocks, column_sums, 0});
    return;
  }
  std::fill_n(column_sums, blocks * kColumnBlock, 0);
  const auto* bytes = reinterpret_cast<const int8_t*>(packed);
  for (int64_t w = 0; w < phase.words; ++w)
    for (int32_t c = 0; c < blocks * kColumnBlock; ++c, bytes += 4)
      column_sums[c] += bytes[0] + bytes[1] + bytes[2] + bytes[3];
}

}  // namespace thaw
