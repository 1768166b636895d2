// Shapes that several kinds of work are counted from; part of work_*.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "memmodel/cost/work.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Groups of `size` that `count` things fill, the last one perhaps in part.
constexpr int64_t groups(int64_t count, int64_t size) {
  return (count + size - 1) / size;
}
/// Whole groups among them, as a factor.
constexpr double whole_groups(int64_t count, int64_t size) {
  const int64_t whole = count / size;
  return static_cast<double>(whole);
}
/// 1 where some are left over from whole groups.
constexpr int64_t is_odd(int64_t count, int64_t size) {
  return count % size != 0 ? 1 : 0;
}

/// Whether a convolution has one output, which reads one pixel: thaw_conv2d_is_one_pixel.
inline bool is_one_pixel(const Window& w) {
  return w.output_positions() == 1 && w.taps() == 1 && w.pad_top == 0 && w.pad_left == 0;
}

/// Whether its outputs need no other clamp than that of int8.
inline bool is_plain(const Window& w) {
  return w.clamp_low == INT8_MIN && w.clamp_high == INT8_MAX;
}

/// Whether output position p reads pixel p and nothing else; the image may have more rows.
inline bool is_image(const Window& w) {
  return w.taps() == 1 && w.stride_height == 1 && w.stride_width == 1 && w.pad_top == 0 && w.pad_left == 0 &&
         w.output_width == w.input_width && w.output_height <= w.input_height;
}

/// Along one axis of a window: positions of outputs, the input and the kernel.
struct Axis {
  int32_t input, output, kernel, stride, dilation, pad;

  int32_t reach() const { return (kernel - 1) * dilation + 1; }
  /// Taps of output `at` inside the image.
  int32_t inside(int32_t at) const;
  /// Taps under which input `at` is read by some output.
  int32_t readers(int32_t at) const;
  int64_t all_inside() const;   // summed over the outputs
  int64_t all_readers() const;  // summed over the inputs
};
inline Axis rows_of(const Window& w) {
  return {w.input_height, w.output_height, w.kernel_height, w.stride_height, w.dilation_height, w.pad_top};
}
inline Axis columns_of(const Window& w) {
  return {w.input_width, w.output_width, w.kernel_width, w.stride_width, w.dilation_width, w.pad_left};
}

/// The shifts of a convolution's output channels; -2, which takes the short way, of a plan without them.
std::vector<int8_t> shifts_of(const Plan& plan, const ConvolutionForward& kernel);

/// Bits of a gradient tensor; above 7 its values have 16.
inline bool is_wide(const Plan& plan, int32_t tensor) {
  const auto index = static_cast<size_t>(tensor);
  return index < plan.gradient_tensors.size() && plan.gradient_tensors[index].bits > 7;
}

/// Rows of `length` bytes times four columns of scratch, `rows` of them (column_group.h): adds "NAME: row"
/// and what a row is made of.
void add_rows(Work& work, const std::string& name, double rows, int64_t length);

/// The change of `count` weights with so many fraction bits, one by one.
void add_weight_steps(Work& work, int32_t fraction_bits, double count);

/// The work of the kernels that every set has alike, and of those that both sets have their own of. A
/// gradient is made `by rows` where no kernel of the set knows better.
Work plain_work(const Plan& plan, const Step& step, bool learns);
Work gradient_by_rows(const Plan& plan, const MakeGradient& kernel);
Work update_of_biases(const Plan& plan, const UpdateBiases& kernel);
Work update_of_depthwise(const UpdateWeights& kernel);

/// Of engine/kernels/dsp.
Work dsp_convolution(const Plan& plan, const ConvolutionForward& kernel, bool masked);
Work dsp_depthwise(const Plan& plan, const ConvolutionForward& kernel, bool masked);
Work dsp_add(const AddForward& kernel, bool masked);
Work dsp_gradient(const Plan& plan, const MakeGradient& kernel);
Work dsp_update(const Plan& plan, const UpdateWeights& kernel);

/// Of engine/kernels/helium.
Work helium_convolution(const Plan& plan, const ConvolutionForward& kernel, bool masked);
Work helium_depthwise(const Plan& plan, const ConvolutionForward& kernel, bool masked);
Work helium_add(const AddForward& kernel, bool masked);
Work helium_gradient(const Plan& plan, const MakeGradient& kernel);
Work helium_update(const Plan& plan, const UpdateWeights& kernel);

}  // namespace thaw
