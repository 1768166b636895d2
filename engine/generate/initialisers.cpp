#include "engine/generate/initialisers.h"

#include <fmt/format.h>

namespace thaw {

std::string conv2d_initialiser(const Window& w, int32_t input_zero_point, int32_t output_zero_point,
                               ActivationRange clamp) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}",
                     w.input_height, w.input_width, w.input_channels, w.output_height, w.output_width,
                     w.output_channels, w.kernel_height, w.kernel_width, w.stride_height, w.stride_width,
                     w.dilation_height, w.dilation_width, w.pad_top, w.pad_left, input_zero_point,
                     output_zero_point, clamp.lowest, clamp.highest);
}

std::string view_initialiser(const thaw_view& v) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}}}", list(v.dims), list(v.begin), list(v.step), list(v.taken),
                     list(v.stride), v.offset);
}

std::string binary_initialiser(const thaw_binary& b) {
  constexpr const char* kFunctions[] = {"THAW_BINARY_ADD",     "THAW_BINARY_SUB",     "THAW_BINARY_MUL",
                                        "THAW_BINARY_MAXIMUM", "THAW_BINARY_MINIMUM", "THAW_BINARY_PRELU"};
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}", kFunctions[b.function],
                     list(b.dims), list(b.first_stride), list(b.second_stride), b.first_zero_point,
                     b.first_multiplier, b.first_shift, b.second_zero_point, b.second_multiplier,
                     b.second_shift, b.output_zero_point, b.output_multiplier, b.output_shift, b.clamp_low,
                     b.clamp_high);
}

std::string resize_initialiser(const thaw_resize& r) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", r.input_height, r.input_width, r.output_height, r.output_width,
                     r.channels);
}

std::string lstm_initialiser(const thaw_lstm& l) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}", l.steps,
                     l.inputs, l.units, l.input_zero_point, l.output_zero_point, list(l.input_multiplier),
                     list(l.input_shift), list(l.recurrent_multiplier), list(l.recurrent_shift),
                     l.forget_multiplier, l.forget_shift, l.update_multiplier, l.update_shift,
                     l.output_multiplier, l.output_shift, l.cell_clip, l.tanh_multiplier, l.tanh_shift);
}

std::string pool2d_initialiser(const thaw_pool2d& p) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}}}", p.input_height, p.input_width,
                     p.channels, p.output_height, p.output_width, p.filter_height, p.filter_width,
                     p.stride_height, p.stride_width, p.pad_top, p.pad_left, p.clamp_low, p.clamp_high);
}

}  // namespace thaw
