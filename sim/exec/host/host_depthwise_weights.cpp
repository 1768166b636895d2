// Weight updates of depthwise convolutions: for every tap the sum over positions of gradient * input, channel
// by channel. Seen the other way round that is a depthwise product too, whose positions are the columns of
// the kernel and whose taps are the positions of the gradient.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/exec/host/host_step.h"
#include "sim/exec/host/operand_packing.h"
#include "sim/exec/host/weight_update.h"

namespace thaw {
namespace {

class HostDepthwiseWeights : public HostStep {
 public:
  HostDepthwiseWeights(const UpdateWeights& k, HostBinding& binding)
      : binding_(binding),
        kernel_(k),
        count_(static_cast<int32_t>(k.channels.size())),
        taps_(static_cast<int32_t>(k.window.taps())),
        update_(k, count_, taps_, binding) {
    const Window& w = k.window;
    pairs_ = (w.output_width + 1) / 2;
    image_height_ = std::max(w.pad_top + w.input_height, (w.output_height - 1) * w.stride_height +
                                                             (w.kernel_height - 1) * w.dilation_height + 1);
    image_width_ = std::max(w.pad_left + w.input_width, (w.output_width - 1) * w.stride_width +
                                                            (w.kernel_width - 1) * w.dilation_width + 1);
    const int64_t image = int64_t{image_height_} * image_width_ * count_;
    const int64_t neighbour =
        int64_t{w.stride_width} * count_;  // read behind the image, meets gradients of 0
    Workspace& space = binding.workspace;
    space.image.reserve((image + neighbour) * 2);
    space.word_rows.reserve((image + neighbour * 2 + kColumnBlock) * 4);
    space.columns.reserve(w.output_positions() * count_ * 2);
    space.left.reserve(int64_t{w.output_height} * pairs_ * padded_columns(count_) * 4);
    space.start.reserve(int64_t{padded_columns(count_)} * 4);
    space.sums.reserve(int64_t{taps_} * padded_columns(count_) * 4);
    space.other_sums.reserve(int64_t{padded_columns(taps_)} * 4);
    gradient_rows_.resize(static_cast<size_t>(w.output_height * pairs_ * 2), nullptr);
    tap_rows_.resize(static_cast<size_t>(w.output_height * pairs_), nullptr);
  }

  void run(const StepInput* input) override {
    make_input_words();
    if (binding_.gradient_bits(kernel_.tensor) == 7)
      make_gradient_words(binding_.at<const int8_t>(kernel_.gradient));
    else
      make_gradient_words(binding_.at<const int16_t>(kernel_.gradient));
    for (int32_t ky = 0; ky < kernel_.window.kernel_height; ++ky) sum_kernel_row(ky);
    update_.begin(*input);
    // From [tap][channel] to the weights' [channel][tap].
    const int32_t padded = padded_columns(count_);
    const auto* sums = binding_.workspace.sums.as<int32_t>();
    auto* row = binding_.workspace.other_sums.as<int32_t>();
    for (int32_t j = 0; j < count_; ++j) {
      for (int32_t tap = 0; tap < taps_; ++tap) row[tap] = sums[tap * padded + j];
      update_.move_row(j, kernel_.channels[static_cast<size_t>(j)], row, 0);
    }
    update_.finish();
  }

 private:
  /// Every word a trained channel at one position of the padded input and at the position that the next
  /// output column reads: [row][column][trained channel].
  void make_input_words() {
    const Window& w = kernel_.window;
    const auto* saved = binding_.at<const int8_t>(kernel_.saved_input);
    const int32_t saved_channels = kernel_.saved_channels;
    const int64_t image = int64_t{image_height_} * image_width_ * count_;
    auto* values = binding_.workspace.image.as<int16_t>();
    std::fill_n(values, image + int64_t{w.stride_width} * count_, int16_t{0});
    for (int32_t y = 0; y < w.input_height; ++y)
      for (int32_t x = 0; x < w.input_width; ++x) {
        int16_t* to = values + ((int64_t{y} + w.pad_top) * image_width_ + x + w.pad_left) * count_;
        const int8_t* from = saved + (int64_t{y} * w.input_width + x) * saved_channels;
        if (saved_channels == count_) {
          widen(from, count_, kernel_.window.input_zero_point, to);
          continue;
        }
        for (int32_t j = 0; j < count_; ++j)
          to[j] =
              static_cast<int16_t>(from[kernel_.channels[static_cast<size_t>(j)] / kernel_.depth_multiplier] -
                                   kernel_.window.input_zero_point);
      }
    const int16_t* rows[2] = {values, values + int64_t{w.stride_width} * count_};
    interleave_flat(rows, image, binding_.workspace.word_rows.as<uint32_t>());
  }

  /// Words of two neighbouring output columns: [row][pair][trained channel]; 0 behind the last column.
  template <class Value>
  void make_gradient_words(const Value* gradient) {
    const Window& w = kernel_.window;
    auto* gathered = binding_.workspace.columns.as<int16_t>();
    for (int64_t p = 0; p < w.output_positions(); ++p) {
      const auto y = p / w.output_width;
      const auto x = p % w.output_width;
      int16_t* to = gathered + p * count_;
      for (int32_t j = 0; j < count_; ++j)
        to[j] = gradient[p * w.output_channels + kernel_.channels[static_cast<size_t>(j)]];
      gradient_rows_[static_cast<size_t>(y * pairs_ * 2 + x)] = to;
    }
    interleave_pairs(gradient_rows_,
                     {count_, binding_.workspace.left.as<uint32_t>(), kColumnBlock, padded_columns(count_)});
  }

  void sum_kernel_row(int32_t ky) {
    const Window& w = kernel_.window;
    const auto* words = binding_.workspace.word_rows.as<uint32_t>();
    for (int32_t y = 0; y < w.output_height; ++y)
      for (int32_t pair = 0; pair < pairs_; ++pair)
        tap_rows_[static_cast<size_t>(y * pairs_ + pair)] =
            words + (int64_t{y * w.stride_height + ky * w.dilation_height} * image_width_ +
                     int64_t{2} * pair * w.stride_width) *
                        count_;
    const int64_t padded = padded_columns(count_);
    auto* start = binding_.workspace.start.as<int32_t>();
    std::fill_n(start, padded, 0);
    correlate_depthwise({WordFormat::int16_pairs, tap_rows_.data(), w.output_height * pairs_,
                         int64_t{w.dilation_width} * count_, binding_.workspace.left.as<uint32_t>(), start,
                         w.kernel_width, column_blocks(count_),
                         binding_.workspace.sums.as<int32_t>() + ky * w.kernel_width * padded, padded});
  }

  HostBinding& binding_;
  const UpdateWeights& kernel_;
  int32_t count_;  // trained channels
  int32_t taps_;
  WeightUpdate update_;
  int32_t pairs_ = 0;  // of output columns
  int32_t image_height_ = 0, image_width_ = 0;
  std::vector<const int16_t*> gradient_rows_;
  std::vector<const uint32_t*> tap_rows_;
};

}  // namespace

std::unique_ptr<HostStep> prepare_depthwise_weights(const UpdateWeights& kernel, HostBinding& binding) {
  return std::make_unique<HostDepthwiseWeights>(kernel, binding);
}

}  // namespace thaw
