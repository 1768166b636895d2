// Parameter structures of the engine's kernels as C initialisers, members in their order.
#pragma once

#include <cstddef>
#include <string>

#include "sim/plan/plan.h"

namespace thaw {

/// "{1, 2, 3}".
template <class T, size_t N>
std::string list(const T (&values)[N]) {
  std::string text;
  for (const T& value : values) text += (text.empty() ? "{" : ", ") + std::to_string(value);
  return text + "}";
}

/// The struct thaw_conv2d.
std::string conv2d_initialiser(const Window& w, int32_t input_zero_point, int32_t output_zero_point,
                               ActivationRange clamp);

/// The structs of these names.
std::string pool2d_initialiser(const thaw_pool2d& p);
std::string view_initialiser(const thaw_view& v);
std::string binary_initialiser(const thaw_binary& b);
std::string resize_initialiser(const thaw_resize& r);
std::string lstm_initialiser(const thaw_lstm& l);

}  // namespace thaw
