// Forward steps on the host: convolutions and residual additions.
#include <algorithm>
#include <cassert>

#include "engine/kernels/add.h"
#include "sim/exec/host/convolution_sums.h"
#include "sim/exec/host/host_step.h"
#include "sim/exec/host/row_kernels.h"

namespace thaw {
namespace {

class HostConvolution : public HostStep {
 public:
  HostConvolution(const ConvolutionForward& k, HostBinding& binding)
      : binding_(binding),
        kernel_(k),
        sums_(k.window, k.depthwise, k.depth_multiplier, Direction::forward, word_format(true),
              binding.weights_of(k.window, k.depthwise, k.weights, k.trained_weights, k.trained_channels),
              binding.workspace) {
    const int32_t channels = k.window.output_channels;
    multipliers_ = padded_values(binding.at<const int32_t>(k.multipliers), channels, channels);
    const auto* shifts = binding.at<const int8_t>(k.shifts);
    std::vector<int32_t> left, right;
    for (int32_t c = 0; c < channels; ++c) {
      left.push_back(std::max<int32_t>(shifts[c], 0));
      right.push_back(std::max<int32_t>(-shifts[c], 0));
    }
    right_shifts_ = padded_values(right.data(), channels, channels);
    if (*std::max_element(left.begin(), left.end()) > 0)
      left_shifts_ = padded_values(left.data(), channels, channels);
    const int64_t row = int64_t{k.window.output_width} * sums_.stride();
    rows_at_once_ = static_cast<int32_t>(std::clamp<int64_t>(kSumsInCache / row, 1, k.window.output_height));
    binding.workspace.sums.reserve(rows_at_once_ * row * 4);
    if (k.mask.present()) binding.workspace.passed.reserve(k.window.output_elements());
  }

  void run(const StepInput*) override {
    const Window& w = kernel_.window;
    auto* sums = binding_.workspace.sums.as<int32_t>();
    auto* passed = kernel_.mask.present() ? binding_.workspace.passed.as<uint8_t>() : nullptr;
    sums_.begin(binding_.at<const int8_t>(kernel_.input) + kernel_.input_offset, w.input_zero_point,
                binding_.at<const int32_t>(kernel_.bias));
    for (int32_t y = 0; y < w.output_height; y += rows_at_once_) {
      const int32_t end = std::min(y + rows_at_once_, w.output_height);
      sums_.rows(y, end, sums);
      const int64_t at = int64_t{y} * w.output_width * w.output_channels;
      RequantizeRows rows;
      rows.sums = sums;
      rows.sum_stride = sums_.stride();
      rows.positions = (end - y) * w.output_width;
      rows.channels = w.output_channels;
      rows.multipliers = multipliers_.data();
      rows.right_shifts = right_shifts_.data();
      rows.left_shifts = left_shifts_.empty() ? nullptr : left_shifts_.data();
      rows.output_zero_point = w.output_zero_point;
      rows.low = w.clamp_low;
      rows.high = w.clamp_high;
      rows.output = binding_.at<int8_t>(kernel_.output) + kernel_.output_offset + at;
      rows.passed = passed != nullptr ? passed + at : nullptr;
      requantize_rows(rows);
    }
    if (passed != nullptr) pack_mask(passed, w.output_elements(), binding_.at<uint8_t>(kernel_.mask));
  }

 private:
  HostBinding& binding_;
  const ConvolutionForward& kernel_;
  ConvolutionSums sums_;
  std::vector<int32_t> multipliers_, right_shifts_, left_shifts_;
  int32_t rows_at_once_ = 1;
};

class HostAdd : public HostStep {
 public:
  HostAdd(const AddForward& k, HostBinding& binding) : binding_(binding), kernel_(k) {
    if (k.mask.present()) binding.workspace.passed.reserve(k.add.elements);
  }

  void run(const StepInput*) override {
    auto* passed = kernel_.mask.present() ? binding_.workspace.passed.as<uint8_t>() : nullptr;
    add_rows(kernel_.add, binding_.at<const int8_t>(kernel_.first_input) + kernel_.first_offset,
             binding_.at<const int8_t>(kernel_.second_input) + kernel_.second_offset,
             binding_.at<int8_t>(kernel_.output) + kernel_.output_offset, passed);
    if (passed != nullptr) pack_mask(passed, kernel_.add.elements, binding_.at<uint8_t>(kernel_.mask));
  }

 private:
  HostBinding& binding_;
  const AddForward& kernel_;
};

}  // namespace

std::unique_ptr<HostStep> prepare(const ConvolutionForward& kernel, HostBinding& binding) {
  return std::make_unique<HostConvolution>(kernel, binding);
}

std::unique_ptr<HostStep> prepare(const AddForward& kernel, HostBinding& binding) {
  const thaw_add& add = kernel.add;
  if (add.input1_shift > 0 || add.input2_shift > 0 || add.output_shift > 0) return nullptr;
  return std::make_unique<HostAdd>(kernel, binding);
}

}  // namespace thaw
