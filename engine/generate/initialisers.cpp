// Each structure is taken apart by a structured binding, which stops compiling when a member is added.
#include "engine/generate/initialisers.h"

#include <cstddef>

#include "engine/generate/c_text.h"

namespace thaw {
namespace {

std::string text(int32_t value) {
  return std::to_string(value);
}

std::string text(float value) {
  return float_text(value);
}

std::string text(thaw_binary_function function) {
  constexpr const char* kNames[] = {"THAW_BINARY_ADD",     "THAW_BINARY_SUB",     "THAW_BINARY_MUL",
                                    "THAW_BINARY_MAXIMUM", "THAW_BINARY_MINIMUM", "THAW_BINARY_PRELU"};
  return kNames[function];
}

std::string text(const thaw_conv2d& conv) {
  return initialiser(conv);
}

template <class T, size_t N>
std::string text(const T (&values)[N]) {
  std::string all;
  for (const T& value : values) all += (all.empty() ? "{" : ", ") + text(value);
  return all + "}";
}

}  // namespace

std::string initialiser(std::initializer_list<std::pair<const char*, std::string>> members) {
  std::string all;
  for (const auto& [name, value] : members)
    all += std::string(all.empty() ? "{." : ", .") + name + " = " + value;
  return all + "}";
}

/// A member, or the variable bound to it, with its own name.
#define NAMED(member) \
  { #member, text(member) }

std::string initialiser(const thaw_add& p) {
  const auto& [elements, input1_zero_point, input1_multiplier, input1_shift, input2_zero_point,
               input2_multiplier, input2_shift, output_zero_point, output_multiplier, output_shift, clamp_low,
               clamp_high] = p;
  return initialiser({NAMED(elements), NAMED(input1_zero_point), NAMED(input1_multiplier),
                      NAMED(input1_shift), NAMED(input2_zero_point), NAMED(input2_multiplier),
                      NAMED(input2_shift), NAMED(output_zero_point), NAMED(output_multiplier),
                      NAMED(output_shift), NAMED(clamp_low), NAMED(clamp_high)});
}

std::string initialiser(const thaw_binary& p) {
  const auto& [function, dims, first_stride, second_stride, first_zero_point, first_multiplier, first_shift,
               second_zero_point, second_multiplier, second_shift, output_zero_point, output_multiplier,
               output_shift, clamp_low, clamp_high] = p;
  return initialiser({NAMED(function), NAMED(dims), NAMED(first_stride), NAMED(second_stride),
                      NAMED(first_zero_point), NAMED(first_multiplier), NAMED(first_shift),
                      NAMED(second_zero_point), NAMED(second_multiplier), NAMED(second_shift),
                      NAMED(output_zero_point), NAMED(output_multiplier), NAMED(output_shift),
                      NAMED(clamp_low), NAMED(clamp_high)});
}

std::string initialiser(const thaw_classifier& p) {
  const auto& [classes, features, feature_zero_point] = p;
  return initialiser({NAMED(classes), NAMED(features), NAMED(feature_zero_point)});
}

std::string initialiser(const thaw_conv2d& p) {
  const auto& [input_height, input_width, input_channels, output_height, output_width, output_channels,
               kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width,
               pad_top, pad_left, input_zero_point, output_zero_point, clamp_low, clamp_high] = p;
  return initialiser({NAMED(input_height), NAMED(input_width), NAMED(input_channels), NAMED(output_height),
                      NAMED(output_width), NAMED(output_channels), NAMED(kernel_height), NAMED(kernel_width),
                      NAMED(stride_height), NAMED(stride_width), NAMED(dilation_height),
                      NAMED(dilation_width), NAMED(pad_top), NAMED(pad_left), NAMED(input_zero_point),
                      NAMED(output_zero_point), NAMED(clamp_low), NAMED(clamp_high)});
}

std::string initialiser(const thaw_depthwise& p) {
  const auto& [conv, depth_multiplier] = p;
  return initialiser({NAMED(conv), NAMED(depth_multiplier)});
}

std::string initialiser(const thaw_dequantize& p) {
  const auto& [elements, scale, zero_point] = p;
  return initialiser({NAMED(elements), NAMED(scale), NAMED(zero_point)});
}

std::string initialiser(const thaw_gather_channels& p) {
  const auto& [positions, input_channels, count] = p;
  return initialiser({NAMED(positions), NAMED(input_channels), NAMED(count)});
}

std::string initialiser(const thaw_lstm& p) {
  const auto& [steps, inputs, units, input_zero_point, output_zero_point, input_multiplier, input_shift,
               recurrent_multiplier, recurrent_shift, forget_multiplier, forget_shift, update_multiplier,
               update_shift, output_multiplier, output_shift, cell_clip, tanh_multiplier, tanh_shift] = p;
  return initialiser({NAMED(steps), NAMED(inputs), NAMED(units), NAMED(input_zero_point),
                      NAMED(output_zero_point), NAMED(input_multiplier), NAMED(input_shift),
                      NAMED(recurrent_multiplier), NAMED(recurrent_shift), NAMED(forget_multiplier),
                      NAMED(forget_shift), NAMED(update_multiplier), NAMED(update_shift),
                      NAMED(output_multiplier), NAMED(output_shift), NAMED(cell_clip), NAMED(tanh_multiplier),
                      NAMED(tanh_shift)});
}

std::string initialiser(const thaw_mean& p) {
  const auto& [dims, axes, multiplier, shift, input_offset, output_zero_point] = p;
  return initialiser({NAMED(dims), NAMED(axes), NAMED(multiplier), NAMED(shift), NAMED(input_offset),
                      NAMED(output_zero_point)});
}

std::string initialiser(const thaw_pad& p) {
  const auto& [dims, before, after, value] = p;
  return initialiser({NAMED(dims), NAMED(before), NAMED(after), NAMED(value)});
}

std::string initialiser(const thaw_pool2d& p) {
  const auto& [input_height, input_width, channels, output_height, output_width, filter_height, filter_width,
               stride_height, stride_width, pad_top, pad_left, clamp_low, clamp_high] = p;
  return initialiser({NAMED(input_height), NAMED(input_width), NAMED(channels), NAMED(output_height),
                      NAMED(output_width), NAMED(filter_height), NAMED(filter_width), NAMED(stride_height),
                      NAMED(stride_width), NAMED(pad_top), NAMED(pad_left), NAMED(clamp_low),
                      NAMED(clamp_high)});
}

std::string initialiser(const thaw_quantize& p) {
  const auto& [elements, scale, zero_point] = p;
  return initialiser({NAMED(elements), NAMED(scale), NAMED(zero_point)});
}

std::string initialiser(const thaw_requantize& p) {
  const auto& [elements, input_zero_point, output_zero_point, multiplier, shift] = p;
  return initialiser(
      {NAMED(elements), NAMED(input_zero_point), NAMED(output_zero_point), NAMED(multiplier), NAMED(shift)});
}

std::string initialiser(const thaw_resize& p) {
  const auto& [input_height, input_width, output_height, output_width, channels] = p;
  return initialiser(
      {NAMED(input_height), NAMED(input_width), NAMED(output_height), NAMED(output_width), NAMED(channels)});
}

std::string initialiser(const thaw_softmax& p) {
  const auto& [rows, depth, multiplier, shift, cut] = p;
  return initialiser({NAMED(rows), NAMED(depth), NAMED(multiplier), NAMED(shift), NAMED(cut)});
}

std::string initialiser(const thaw_softmax_loss_scale& p) {
  const auto& [classes, multiplier, shift] = p;
  return initialiser({NAMED(classes), NAMED(multiplier), NAMED(shift)});
}

std::string initialiser(const thaw_transpose& p) {
  const auto& [dims, permutation] = p;
  return initialiser({NAMED(dims), NAMED(permutation)});
}

std::string initialiser(const thaw_view& p) {
  const auto& [dims, begin, step, taken, stride, offset] = p;
  return initialiser({NAMED(dims), NAMED(begin), NAMED(step), NAMED(taken), NAMED(stride), NAMED(offset)});
}

}  // namespace thaw
