// Gradient tensors on the host: sources as rows of int32, scaled, masked and stored a few rows at a time.
#include <algorithm>
#include <cassert>
#include <cstring>
#include <optional>

#include "engine/kernels/gradient.h"
#include "sim/exec/host/convolution_sums.h"
#include "sim/exec/host/host_step.h"
#include "sim/exec/host/row_kernels.h"
#include "sim/exec/row_source.h"

namespace thaw {
namespace {

/// The tensor lies where the gradient of the convolution that it comes from does.
bool is_in_place(const MakeGradient& k) {
  const auto* from = std::get_if<FromConvolution>(&k.sources[0].from);
  return from != nullptr && from->gradient == k.output;
}

class HostGradient : public HostStep {
 public:
  HostGradient(const MakeGradient& k, HostBinding& binding)
      : binding_(binding), kernel_(k), bits_(binding.gradient_bits(k.tensor)) {
    take_image();
    const int64_t row = width_ * int64_t{padded_columns(k.channels)};
    rows_at_once_ = static_cast<int32_t>(std::clamp<int64_t>(kSumsInCache / row, 1, height_));
    for (size_t j = 0; j < k.sources.size(); ++j) {
      mantissas_[j] = padded_values(binding.at<const int32_t>(k.sources[j].scale.mantissas),
                                    k.sources[j].scale.count, k.channels);
      if (const auto* other = std::get_if<FromOperator>(&k.sources[j].from))
        rows_[j].emplace(*other, [&](BufferId id) { return binding.at<const void>(id); });
      if (const auto* from = std::get_if<FromConvolution>(&k.sources[j].from))
        sums_[j].emplace(from->window, from->depthwise, from->depth_multiplier, Direction::backward,
                         word_format(binding.gradient_bits(from->tensor) == 7),
                         binding.weights_of(from->window, from->depthwise, from->weights,
                                            from->trained_weights, from->trained_channels),
                         binding.workspace);
    }
    for (size_t j = 0; j < k.sources.size(); ++j) {
      const bool reshaped = sums_[j] && !has_image(*sums_[j]);
      if (reshaped)
        binding.workspace.reshaped.reserve(int64_t{sums_[j]->height()} * sums_[j]->width() *
                                           sums_[j]->stride() * 4);
      // The workspace serves one convolution at a time: the first of two is computed ahead.
      // So is one whose gradient the tensor is written over.
      ahead_[j] = reshaped || (j == 0 && sums_[0] && sums_[1]) || is_in_place(k);
      Scratch& rows = j == 0 ? binding.workspace.sums : binding.workspace.other_sums;
      rows.reserve((ahead_[j] ? height_ : rows_at_once_) * row * 4);
    }
    if (k.mask.present()) binding.workspace.passed.reserve(int64_t{k.positions} * k.channels);
  }

  void run(const StepInput*) override {
    thaw_gradient_pass pass = {};
    pass.source_count = static_cast<int32_t>(kernel_.sources.size());
    int32_t exponents[THAW_GRADIENT_SOURCES] = {};
    for (size_t j = 0; j < kernel_.sources.size(); ++j) {
      pass.scales[j].exponent = kernel_.sources[j].scale.exponent;
      exponents[j] = source_exponent(kernel_.sources[j]);
    }
    thaw_gradient_state& state =
        binding_.at<thaw_gradient_state>(binding_.plan.gradient_states)[kernel_.tensor];
    const int32_t offset = binding_.result().error_exponent + 15;
    thaw_gradient_begin(&pass, state, offset, exponents);
    const uint32_t magnitudes = make(pass);
    state = thaw_gradient_finish(state, magnitudes, bits_, pass.exponent - offset);
    binding_.gradient_exponent(kernel_.tensor) = pass.exponent;
  }

 private:
  /// Height and width of the rows in which the tensor is made: those of a convolution that reads it with the
  /// same channels. RESHAPE may have given them other values than the tensor's own, or any.
  void take_image() {
    width_ = std::max(kernel_.width, 1);
    for (const GradientSource& source : kernel_.sources)
      if (const auto* from = std::get_if<FromConvolution>(&source.from);
          from != nullptr && from->window.input_channels == kernel_.channels)
        width_ = from->window.input_width;
    height_ = kernel_.positions / width_;
  }

  bool has_image(const ConvolutionSums& sums) const {
    return sums.channels() == kernel_.channels && sums.width() == width_;
  }

  /// Exponent of the source's int32 values.
  int32_t source_exponent(const GradientSource& source) const {
    if (std::holds_alternative<FromFeatures>(source.from))
      return binding_.result().error_exponent + binding_.plan.feature_exponent;
    if (const auto* stored = std::get_if<FromStored>(&source.from))
      return binding_.gradient_exponent(stored->tensor) - 16;
    if (const auto* other = std::get_if<FromOperator>(&source.from))
      return binding_.gradient_exponent(other->tensor) - other->left_shift;
    return binding_.gradient_exponent(std::get<FromConvolution>(source.from).tensor);
  }

  uint32_t make(const thaw_gradient_pass& pass) {
    uint8_t* passed = nullptr;
    if (kernel_.mask.present()) {
      passed = binding_.workspace.passed.as<uint8_t>();
      expand_mask(binding_.at<const uint8_t>(kernel_.mask), int64_t{kernel_.positions} * kernel_.channels,
                  passed);
    }
    for (size_t j = 0; j < kernel_.sources.size(); ++j)
      if (ahead_[j]) compute_ahead(j);
    for (size_t j = 0; j < kernel_.sources.size(); ++j)
      if (!ahead_[j]) begin(j);
    const int64_t value_bytes = bits_ == 7 ? 1 : 2;
    uint32_t magnitudes = 0;
    for (int32_t y = 0; y < height_; y += rows_at_once_) {
      const int32_t end = std::min(y + rows_at_once_, height_);
      const int64_t at = int64_t{y} * width_ * kernel_.channels;
      GradientRows rows;
      rows.source_count = pass.source_count;
      for (size_t j = 0; j < kernel_.sources.size(); ++j) {
        rows.sources[j] = source_rows(j, y, end);
        rows.sources[j].mantissas = mantissas_[j].data();
        rows.sources[j].shift = pass.shifts[j];
      }
      rows.positions = (end - y) * width_;
      rows.channels = kernel_.channels;
      rows.bits = bits_;
      rows.passed = passed != nullptr ? passed + at : nullptr;
      rows.values = binding_.at<std::byte>(kernel_.output) + at * value_bytes;
      magnitudes |= gradient_rows(rows);
    }
    return magnitudes;
  }

  /// All rows of convolution j at once, in the order of elements that the tensor has.
  void compute_ahead(size_t j) {
    begin(j);
    ConvolutionSums& sums = *sums_[j];
    if (has_image(sums)) return sums.rows(0, height_, scratch(j));
    auto* from = binding_.workspace.reshaped.as<int32_t>();
    sums.rows(0, sums.height(), from);
    int32_t* to = scratch(j);
    const int64_t stride = padded_columns(kernel_.channels);
    int32_t channel = 0;  // of the tensor
    for (int64_t p = 0; p < int64_t{sums.height()} * sums.width(); ++p, from += sums.stride())
      for (int32_t c = 0; c < sums.channels(); ++c) {
        to[channel] = from[c];
        if (++channel < kernel_.channels) continue;
        channel = 0;
        to += stride;
      }
  }

  void begin(size_t j) {
    const auto* from = std::get_if<FromConvolution>(&kernel_.sources[j].from);
    if (from == nullptr) return;
    if (binding_.gradient_bits(from->tensor) == 7)
      sums_[j]->begin(binding_.at<const int8_t>(from->gradient), 0, nullptr);
    else
      sums_[j]->begin(binding_.at<const int16_t>(from->gradient));
  }

  int32_t* scratch(size_t j) const {
    return (j == 0 ? binding_.workspace.sums : binding_.workspace.other_sums).as<int32_t>();
  }

  /// Rows y..end-1 of source j as int32, positions a whole number of blocks of 16 apart (or all the same).
  GradientRows::Source source_rows(size_t j, int32_t y, int32_t end) {
    const int64_t stride = padded_columns(kernel_.channels);
    const int32_t positions = (end - y) * width_;
    const int64_t at = int64_t{y} * width_;
    int32_t* rows = scratch(j);
    if (sums_[j]) {
      if (ahead_[j]) return {rows + at * stride, stride, nullptr, 0};
      sums_[j]->rows(y, end, rows);
    } else if (const auto* stored = std::get_if<FromStored>(&kernel_.sources[j].from)) {
      if (binding_.gradient_bits(stored->tensor) == 7)
        stored_gradient_rows(binding_.at<const int8_t>(stored->gradient) + at * kernel_.channels, positions,
                             kernel_.channels, stride, rows);
      else
        stored_gradient_rows(binding_.at<const int16_t>(stored->gradient) + at * kernel_.channels, positions,
                             kernel_.channels, stride, rows);
    } else if (const auto* other = std::get_if<FromOperator>(&kernel_.sources[j].from)) {
      thaw_gradient_source source = {};
      source.gradient = {binding_.at<const void>(other->gradient), binding_.gradient_bits(other->tensor) > 7};
      rows_[j]->fill(source);
      for (int32_t p = 0; p < positions; ++p)
        source.row(&source, static_cast<int32_t>(at + p) * kernel_.channels, kernel_.channels,
                   rows + p * stride);
    } else {
      const auto& features = std::get<FromFeatures>(kernel_.sources[j].from);
      const auto* values = binding_.at<const int32_t>(features.gradient);
      const auto channels = static_cast<size_t>(kernel_.channels);
      if (!features.per_element) {
        std::memcpy(rows, values, channels * sizeof(int32_t));
        return {rows, 0, nullptr, 0};
      }
      for (int32_t p = 0; p < positions; ++p)
        std::memcpy(rows + p * stride, values + (at + p) * kernel_.channels, channels * sizeof(int32_t));
    }
    return {rows, stride, nullptr, 0};
  }

  HostBinding& binding_;
  const MakeGradient& kernel_;
  int32_t bits_;
  int32_t width_ = 1, height_ = 1, rows_at_once_ = 1;
  bool ahead_[THAW_GRADIENT_SOURCES] = {};  // all rows are computed before the first is stored
  std::optional<ConvolutionSums> sums_[THAW_GRADIENT_SOURCES];
  std::optional<RowSource> rows_[THAW_GRADIENT_SOURCES];
  std::vector<int32_t> mantissas_[THAW_GRADIENT_SOURCES];
};

}  // namespace

std::unique_ptr<HostStep> prepare(const MakeGradient& kernel, HostBinding& binding) {
  return std::make_unique<HostGradient>(kernel, binding);
}

}  // namespace thaw
