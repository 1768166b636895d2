// Weight updates of convolutions that are not depthwise: the weight gradient is the product of the gradient
// (positions x output channels, transposed) with the layer's unfolded input (positions x weights of a row).
#include <algorithm>
#include <vector>

#include "sim/exec/host/host_step.h"
#include "sim/exec/host/operand_packing.h"
#include "sim/exec/host/weight_update.h"

namespace thaw {
namespace {

constexpr uint8_t kFlip = 0x80;  // int8 to unsigned: 128 added

class HostWeights : public HostStep {
 public:
  HostWeights(const UpdateWeights& k, HostBinding& binding)
      : binding_(binding),
        kernel_(k),
        format_(word_format(binding.gradient_bits(k.tensor) == 7)),
        positions_(static_cast<int32_t>(k.window.output_positions())),
        outputs_(k.window.output_channels),
        row_weights_(static_cast<int32_t>(static_cast<int64_t>(k.channels.size()) * k.window.taps())),
        update_(k, outputs_, row_weights_, binding) {
    const int32_t values = values_per_word(format_);
    words_ = (positions_ + values - 1) / values;
    const int64_t row = padded_columns(row_weights_);
    const bool whole_input = k.gathered || static_cast<int32_t>(k.channels.size()) == k.window.input_channels;
    unfolds_ = !(whole_input && k.window.is_pointwise());
    rows_at_once_ = static_cast<int32_t>(std::clamp<int64_t>(kSumsInCache / row, 1, outputs_));
    Workspace& w = binding.workspace;
    if (unfolds_) w.columns.reserve(int64_t{positions_} * row_weights_);
    w.left.reserve(int64_t{words_} * padded_columns(outputs_) * 4);
    w.right.reserve(int64_t{words_} * row * 4);
    w.start.reserve(row * 4);
    w.other_sums.reserve(int64_t{padded_columns(outputs_)} * 4);
    w.sums.reserve(rows_at_once_ * row * 4);
    gradient_rows_.resize(static_cast<size_t>(words_ * values), nullptr);
    wide_gradient_rows_.resize(gradient_rows_.size(), nullptr);
    input_rows_.resize(gradient_rows_.size(), nullptr);
  }

  void run(const StepInput* input) override {
    const int8_t* unfolded = unfolds_ ? unfold() : binding_.at<const int8_t>(kernel_.saved_input);
    make_words(unfolded);
    update_.begin(*input);
    const Workspace& w = binding_.workspace;
    const int64_t stride = padded_columns(row_weights_);
    const int64_t segment = 0;
    const bool bytes = format_ == WordFormat::byte_quads;
    for (int32_t o = 0; o < outputs_; o += rows_at_once_) {
      const int32_t rows = std::min(rows_at_once_, outputs_ - o);
      multiply({format_, w.left.as<std::byte>() + int64_t{o} * 4, 4, int64_t{padded_columns(outputs_)} * 4,
                &segment, 1, words_, w.right.as<uint32_t>(), bytes ? w.start.as<int32_t>() : nullptr, rows,
                column_blocks(row_weights_), w.sums.as<int32_t>(), stride});
      for (int32_t r = 0; r < rows; ++r)
        update_.move_row(o + r, o + r, w.sums.as<int32_t>() + r * stride,
                         bytes ? -kernel_.window.input_zero_point * w.other_sums.as<int32_t>()[o + r] : 0);
    }
    update_.finish();
  }

 private:
  /// [position][row weight]: the input under each tap, in the order of the weights; zero point outside.
  const int8_t* unfold() const {
    const Window& w = kernel_.window;
    const auto* saved = binding_.at<const int8_t>(kernel_.saved_input);
    const auto count = static_cast<int32_t>(kernel_.channels.size());
    const auto taps = static_cast<int32_t>(w.taps());
    int8_t* out = binding_.workspace.columns.as<int8_t>();
    for (int32_t y = 0; y < w.output_height; ++y)
      for (int32_t x = 0; x < w.output_width; ++x, out += row_weights_)
        for (int32_t tap = 0; tap < taps; ++tap) {
          const int32_t in_y = y * w.stride_height - w.pad_top + tap / w.kernel_width * w.dilation_height;
          const int32_t in_x = x * w.stride_width - w.pad_left + tap % w.kernel_width * w.dilation_width;
          const bool inside = in_y >= 0 && in_y < w.input_height && in_x >= 0 && in_x < w.input_width;
          const int8_t* pixel =
              inside ? saved + (int64_t{in_y} * w.input_width + in_x) * kernel_.saved_channels : nullptr;
          for (int32_t j = 0; j < count; ++j) {
            const int32_t column = kernel_.gathered ? j : kernel_.channels[static_cast<size_t>(j)];
            out[j * taps + tap] =
                pixel != nullptr ? pixel[column] : static_cast<int8_t>(kernel_.window.input_zero_point);
          }
        }
    return binding_.workspace.columns.as<int8_t>();
  }

  /// Both operands as words of neighbouring positions; with bytes also what the sums start from.
  void make_words(const int8_t* unfolded) {
    const Workspace& w = binding_.workspace;
    const InterleavedRows left = {outputs_, w.left.as<uint32_t>(), kColumnBlock, padded_columns(outputs_)};
    const RightLayout layout = right_layout(format_, column_blocks(row_weights_), words_);
    const InterleavedRows right = {row_weights_, w.right.as<uint32_t>(), layout.block_stride,
                                   layout.word_stride};
    const auto* gradient = binding_.at<const int8_t>(kernel_.gradient);
    const auto* wide_gradient = binding_.at<const int16_t>(kernel_.gradient);
    const bool wide = binding_.gradient_bits(kernel_.tensor) != 7;
    for (int32_t p = 0; p < positions_; ++p) {
      const auto i = static_cast<size_t>(p);
      if (wide)
        wide_gradient_rows_[i] = wide_gradient + int64_t{p} * outputs_;
      else
        gradient_rows_[i] = gradient + int64_t{p} * outputs_;
      input_rows_[i] = unfolded + int64_t{p} * row_weights_;
    }
    if (format_ == WordFormat::float32) {
      interleave_floats(gradient_rows_, 0, left);
      return interleave_floats(input_rows_, kernel_.window.input_zero_point, right);
    }
    if (wide)
      interleave_pairs(wide_gradient_rows_, left);
    else if (format_ == WordFormat::int16_pairs)
      interleave_pairs(gradient_rows_, 0, left);
    else
      interleave_quads(gradient_rows_, kFlip, left);
    if (format_ == WordFormat::int16_pairs)
      return interleave_pairs(input_rows_, kernel_.window.input_zero_point, right);
    interleave_quads(input_rows_, 0, right);
    // sum g * (x - z) = sum (g + 128) * x - 128 * sum x - z * sum g.
    auto* start = w.start.as<int32_t>();
    column_sums(unfolded, positions_, row_weights_, row_weights_, start);
    for (int32_t j = 0; j < row_weights_; ++j) start[j] *= -128;
    column_sums(gradient, positions_, outputs_, outputs_, w.other_sums.as<int32_t>());
  }

  HostBinding& binding_;
  const UpdateWeights& kernel_;
  WordFormat format_;
  int32_t positions_, outputs_;
  int32_t row_weights_;  // weights of one output channel
  WeightUpdate update_;
  int32_t words_ = 0;
  int32_t rows_at_once_ = 1;
  bool unfolds_ = false;
  std::vector<const int8_t*> gradient_rows_, input_rows_;
  std::vector<const int16_t*> wide_gradient_rows_;
};

}  // namespace

std::unique_ptr<HostStep> prepare(const UpdateWeights& kernel, HostBinding& binding) {
  if (kernel.depthwise) return prepare_depthwise_weights(kernel, binding);
  return std::make_unique<HostWeights>(kernel, binding);
}

}  // namespace thaw
