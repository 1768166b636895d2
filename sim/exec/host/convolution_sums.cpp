#include "sim/exec/host/convolution_sums.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "sim/exec/host/operand_packing.h"

namespace thaw {
namespace {

constexpr uint8_t kFlip = 0x80;  // int8 to unsigned: 128 added

std::vector<AxisTaps> taps_of(const WindowAxis& axis, Direction direction) {
  return direction == Direction::forward ? forward_taps(axis) : backward_taps(axis);
}

/// Source positions that the phases read before 0 and behind the last one.
struct Margins {
  int32_t before = 0, after = 0;
};
Margins margins_of(const std::vector<AxisTaps>& phases, int32_t source) {
  Margins margins;
  for (const AxisTaps& phase : phases) {
    if (phase.kernel.empty()) continue;
    const auto reach = static_cast<int32_t>(phase.kernel.size() - 1) * phase.distance;
    const int32_t last = phase.first + (phase.outputs - 1) * phase.step + reach;
    margins.before = std::max(margins.before, -phase.first);
    margins.after = std::max(margins.after, last - (source - 1));
  }
  return margins;
}

int32_t groups_of(size_t count, int32_t size) {
  return (static_cast<int32_t>(count) + size - 1) / size;
}

}  // namespace

ConvolutionSums::ConvolutionSums(const Window& window, bool depthwise, int32_t depth_multiplier,
                                 Direction direction, WordFormat format, EffectiveWeights& weights,
                                 Workspace& workspace)
    : window_(window),
      depthwise_(depthwise),
      depth_multiplier_(depth_multiplier),
      direction_(direction),
      format_(format),
      weights_(weights),
      workspace_(workspace) {
  const Window& w = window;
  row_phases_ = taps_of(
      {w.input_height, w.output_height, w.kernel_height, w.stride_height, w.dilation_height, w.pad_top},
      direction);
  column_phases_ =
      taps_of({w.input_width, w.output_width, w.kernel_width, w.stride_width, w.dilation_width, w.pad_left},
              direction);
  if (direction == Direction::forward) {
    source_height_ = w.input_height, source_width_ = w.input_width, source_channels_ = w.input_channels;
    height_ = w.output_height, width_ = w.output_width, channels_ = w.output_channels;
  } else {
    source_height_ = w.output_height, source_width_ = w.output_width, source_channels_ = w.output_channels;
    height_ = w.input_height, width_ = w.input_width, channels_ = w.input_channels;
  }
  // A depthwise image has a channel for each output channel of the layer, so that a channel of the image
  // meets a channel of the weights.
  image_channels_ = depthwise ? w.output_channels : source_channels_;
  sum_channels_ = depthwise ? w.output_channels : channels_;
  value_bytes_ = value_bytes(format);
  lay_out();
}

int64_t ConvolutionSums::image_at(int32_t y, int32_t x) const {
  return ((int64_t{y} + pad_top_) * image_width_ + x + pad_left_) * image_channels_ * value_bytes_;
}

void ConvolutionSums::lay_out() {
  const Margins rows = margins_of(row_phases_, source_height_);
  const Margins columns = margins_of(column_phases_, source_width_);
  pad_top_ = rows.before, pad_left_ = columns.before;
  image_height_ = source_height_ + rows.before + rows.after;
  image_width_ = source_width_ + columns.before + columns.after;
  for (const AxisTaps& y : row_phases_)
    for (const AxisTaps& x : column_phases_) lay_out_phase(y, x);

  const Phase& last = phases_.back();
  packed_.reserve((last.weights_at + last.words * padded_columns(sum_channels_)) * 4);
  const int64_t starts = static_cast<int64_t>(phases_.size()) * padded_columns(sum_channels_);
  column_sums_.reserve(starts * 4);
  workspace_.start.reserve(starts * 4);
  int64_t words = 0;
  for (const Phase& phase : phases_) words = std::max(words, phase.words);
  if (depthwise_ || direction_ == Direction::backward)
    weight_rows_.reserve(static_cast<size_t>(words * values_per_word(format_)));
  workspace_.image.reserve(int64_t{image_height_} * image_width_ * image_channels_ * value_bytes_);
  if (sum_channels_ != channels_)
    workspace_.ungrouped.reserve(int64_t{width_} * padded_columns(sum_channels_) * 4);
  one_product_ = !depthwise_ && phases_.size() == 1 && phases_[0].segments.size() == 1 &&
                 image_width_ == width_ && row_phases_[0].step == 1 && column_phases_[0].step == 1;
  if (!depthwise_) return;

  // Words of an image row serve every output row that reads it: as many slots as the image rows between the
  // first and the last word row of one window.
  int32_t reach = 1;
  for (const AxisTaps& y : row_phases_)
    reach = std::max(reach, (groups_of(y.kernel.size(), values_per_word(format_)) - 1) *
                                    values_per_word(format_) * y.distance +
                                1);
  tap_rows_.resize(static_cast<size_t>(words));
  if (format_ == WordFormat::float32) return;  // a row of the image is a row of words
  word_row_of_slot_.resize(static_cast<size_t>(reach));
  word_row_words_ = padded_columns(image_width_ * image_channels_);
  workspace_.word_rows.reserve(word_row_words_ * reach * 4);
}

void ConvolutionSums::lay_out_phase(const AxisTaps& y, const AxisTaps& x) {
  Phase phase;
  const int32_t values = values_per_word(format_);
  if (depthwise_) {
    phase.words = int64_t{groups_of(y.kernel.size(), values)} * static_cast<int64_t>(x.kernel.size());
  } else {
    // A row of taps side by side is one run of the image.
    const bool run = x.distance == 1 || x.kernel.size() == 1;
    const auto taps = static_cast<int32_t>(x.kernel.size());
    const int32_t runs = taps == 0 ? 0 : run ? 1 : taps;
    const int32_t run_values = runs == 0 ? 0 : taps / runs * image_channels_;
    for (int32_t ty = 0; ty < static_cast<int32_t>(y.kernel.size()); ++ty)
      for (int32_t tx = 0; tx < runs; ++tx)
        phase.segments.push_back((int64_t{ty} * y.distance * image_width_ + int64_t{tx} * x.distance) *
                                 image_channels_ * value_bytes_);
    phase.segment_words = (run_values + values - 1) / values;
    phase.words = static_cast<int64_t>(phase.segments.size()) * phase.segment_words;
  }
  if (!phases_.empty()) {
    const Phase& before = phases_.back();
    phase.weights_at = before.weights_at + before.words * padded_columns(sum_channels_);
    phase.start_at = before.start_at + padded_columns(sum_channels_);
  }
  phases_.push_back(std::move(phase));
}

// ---- one pass ------------------------------------------------------------------------------------------

template <class Value, class Convert>
void ConvolutionSums::fill_image(const Value* source, int pad_value, const Convert& convert) {
  const int64_t row_values = int64_t{image_width_} * image_channels_;
  const int64_t source_values = int64_t{source_width_} * image_channels_;
  const int64_t left = int64_t{pad_left_} * image_channels_;
  const int32_t repeat = image_channels_ / source_channels_;  // of each channel
  for (int32_t y = 0; y < image_height_; ++y) {
    std::byte* row = workspace_.image.as<std::byte>() + y * row_values * value_bytes_;
    const int32_t source_y = y - pad_top_;
    const bool outside = source_y < 0 || source_y >= source_height_;
    const int64_t before = outside ? row_values : left;
    std::memset(row, pad_value, static_cast<size_t>(before * value_bytes_));
    if (outside) continue;
    convert(source + int64_t{source_y} * source_width_ * source_channels_, source_values, repeat,
            row + left * value_bytes_);
    std::memset(row + (left + source_values) * value_bytes_, pad_value,
                static_cast<size_t>((row_values - left - source_values) * value_bytes_));
  }
  // A block of channels may end behind the image, where bits must still be numbers.
  if (format_ == WordFormat::float32)
    std::memset(workspace_.image.as<float>() + image_height_ * row_values, 0, kColumnBlock * sizeof(float));
}

void ConvolutionSums::begin_pass(int32_t zero_point, const int32_t* bias) {
  pack();
  const int32_t padded = padded_columns(sum_channels_);
  auto* start = workspace_.start.as<int32_t>();
  const auto* column_sums = column_sums_.as<int32_t>();
  const auto added = static_cast<uint32_t>(zero_point + kFlip);
  for (size_t phase = 0; phase < phases_.size(); ++phase) {
    for (int32_t c = 0; c < padded; ++c) {
      uint32_t value = bias != nullptr && c < sum_channels_ ? static_cast<uint32_t>(bias[c]) : 0;
      if (format_ == WordFormat::byte_quads) value -= added * static_cast<uint32_t>(column_sums[c]);
      start[c] = static_cast<int32_t>(value);
    }
    start += padded;
    column_sums += padded;
  }
  start_ = workspace_.start.as<int32_t>();
  std::fill(word_row_of_slot_.begin(), word_row_of_slot_.end(), -1);
}

void ConvolutionSums::begin(const int8_t* source, int32_t zero_point, const int32_t* bias) {
  begin_pass(zero_point, bias);
  if (format_ == WordFormat::byte_quads) {
    fill_image(source, zero_point + kFlip,
               [](const int8_t* from, int64_t count, int32_t repeat, std::byte* to) {
                 auto* bytes = reinterpret_cast<uint8_t*>(to);
                 if (repeat == 1) return flip_bytes(from, count, kFlip, bytes);
                 for (int64_t i = 0; i < count; ++i)
                   bytes[i] = static_cast<uint8_t>(static_cast<uint8_t>(from[i / repeat]) ^ kFlip);
               });
  } else if (format_ == WordFormat::float32) {
    fill_image(source, 0, [zero_point](const int8_t* from, int64_t count, int32_t repeat, std::byte* to) {
      auto* floats = reinterpret_cast<float*>(to);
      if (repeat == 1) return widen(from, count, zero_point, floats);
      for (int64_t i = 0; i < count; ++i) {
        const int32_t value = from[i / repeat] - zero_point;
        floats[i] = static_cast<float>(value);
      }
    });
  } else {
    fill_image(source, 0, [zero_point](const int8_t* from, int64_t count, int32_t repeat, std::byte* to) {
      auto* wide = reinterpret_cast<int16_t*>(to);
      if (repeat == 1) return widen(from, count, zero_point, wide);
      for (int64_t i = 0; i < count; ++i) wide[i] = static_cast<int16_t>(from[i / repeat] - zero_point);
    });
  }
}

void ConvolutionSums::begin(const int16_t* source) {
  assert(format_ == WordFormat::int16_pairs);
  begin_pass(0, nullptr);
  fill_image(source, 0, [](const int16_t* from, int64_t count, int32_t, std::byte* to) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(int16_t));
  });
}

void ConvolutionSums::rows(int32_t y_begin, int32_t y_end, int32_t* sums) {
  if (one_product_) return dense_row(y_begin, y_end - y_begin, sums);
  const int64_t row = int64_t{width_} * stride();
  const bool grouped = sum_channels_ != channels_;  // backward through a depth multiplier
  auto* before_reduction = workspace_.ungrouped.as<int32_t>();
  for (int32_t y = y_begin; y < y_end; ++y, sums += row) {
    if (!depthwise_) {
      dense_row(y, 1, sums);
    } else if (grouped) {
      depthwise_row(y, before_reduction);
      add_groups(before_reduction, width_, sums);
    } else {
      depthwise_row(y, sums);
    }
  }
}

/// `rows` rows from y on; more than one only where all rows are one product.
void ConvolutionSums::dense_row(int32_t y, int32_t rows, int32_t* sums) const {
  const auto row_phases = static_cast<int32_t>(row_phases_.size());
  const auto column_phases = static_cast<int32_t>(column_phases_.size());
  const AxisTaps& ty = row_phases_[static_cast<size_t>(y % row_phases)];
  for (int32_t px = 0; px < column_phases; ++px) {
    const AxisTaps& tx = column_phases_[static_cast<size_t>(px)];
    const Phase& phase = phases_[static_cast<size_t>(y % row_phases * column_phases + px)];
    MatrixProduct product;
    product.format = format_;
    if (!phase.segments.empty())
      product.left =
          workspace_.image.as<std::byte>() + image_at(y / row_phases * ty.step + ty.first, tx.first);
    product.left_row_stride = int64_t{tx.step} * image_channels_ * value_bytes_;
    product.segments = phase.segments.data();
    product.segment_count = static_cast<int32_t>(phase.segments.size());
    product.segment_words = phase.segment_words;
    product.right = packed_.as<uint32_t>() + phase.weights_at;
    product.start = start_ + phase.start_at;
    product.rows = tx.outputs * rows;
    product.blocks = column_blocks(channels_);
    product.sums = sums + px * stride();
    product.sum_stride = column_phases * stride();
    multiply(product);
  }
}

void ConvolutionSums::depthwise_row(int32_t y, int32_t* sums) {
  const auto row_phases = static_cast<int32_t>(row_phases_.size());
  const auto column_phases = static_cast<int32_t>(column_phases_.size());
  const int32_t padded = padded_columns(sum_channels_);
  const AxisTaps& ty = row_phases_[static_cast<size_t>(y % row_phases)];
  const int32_t top = y / row_phases * ty.step + ty.first + pad_top_;
  const int32_t values = values_per_word(format_);
  const int32_t groups = groups_of(ty.kernel.size(), values);
  for (int32_t px = 0; px < column_phases; ++px) {
    const AxisTaps& tx = column_phases_[static_cast<size_t>(px)];
    const Phase& phase = phases_[static_cast<size_t>(y % row_phases * column_phases + px)];
    size_t tap = 0;
    for (int32_t group = 0; group < groups; ++group) {
      const uint32_t* words = word_row(top + group * values * ty.distance, ty.distance);
      for (size_t t = 0; t < tx.kernel.size(); ++t)
        tap_rows_[tap++] =
            words + (int64_t{tx.first} + pad_left_ + static_cast<int64_t>(t) * tx.distance) * image_channels_;
    }
    correlate_depthwise({format_, tap_rows_.data(), static_cast<int32_t>(tap),
                         int64_t{tx.step} * image_channels_, packed_.as<uint32_t>() + phase.weights_at,
                         start_ + phase.start_at, tx.outputs, padded / kColumnBlock, sums + px * padded,
                         int64_t{column_phases} * padded});
  }
}

/// Words that hold image rows y, y + distance, ...; rows below the image meet weights of 0 only.
const uint32_t* ConvolutionSums::word_row(int32_t y, int32_t distance) {
  const int64_t row_values = int64_t{image_width_} * image_channels_;
  if (format_ == WordFormat::float32) return workspace_.image.as<uint32_t>() + y * row_values;
  const size_t slot = static_cast<size_t>(y) % word_row_of_slot_.size();
  uint32_t* words = workspace_.word_rows.as<uint32_t>() + static_cast<int64_t>(slot) * word_row_words_;
  if (word_row_of_slot_[slot] == y) return words;
  word_row_of_slot_[slot] = y;
  const auto row = [&](int32_t i) {
    return workspace_.image.as<std::byte>() +
           std::min(y + i * distance, image_height_ - 1) * row_values * value_bytes_;
  };
  if (format_ == WordFormat::byte_quads) {
    const uint8_t* rows[4];
    for (int32_t i = 0; i < 4; ++i) rows[i] = reinterpret_cast<const uint8_t*>(row(i));
    interleave_flat(rows, row_values, words);
  } else {
    const int16_t* rows[2];
    for (int32_t i = 0; i < 2; ++i) rows[i] = reinterpret_cast<const int16_t*>(row(i));
    interleave_flat(rows, row_values, words);
  }
  return words;
}

void ConvolutionSums::add_groups(const int32_t* from, int32_t positions, int32_t* to) const {
  for (int32_t p = 0; p < positions; ++p, from += padded_columns(sum_channels_), to += stride())
    for (int32_t c = 0; c < channels_; ++c) {
      int32_t sum = 0;
      for (int32_t m = 0; m < depth_multiplier_; ++m) sum += from[c * depth_multiplier_ + m];
      to[c] = sum;
    }
}

}  // namespace thaw
