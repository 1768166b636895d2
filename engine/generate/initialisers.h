// Parameter structures of the engine's kernels as C initialisers, every member by its name.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "sim/plan/plan.h"

namespace thaw {

/// "{.first = 1, .second = NULL}" of members and the texts of their values.
std::string initialiser(std::initializer_list<std::pair<const char*, std::string>> members);

/// A structure that holds numbers only. A member that is missing here does not compile.
std::string initialiser(const thaw_add& p);
std::string initialiser(const thaw_binary& p);
std::string initialiser(const thaw_classifier& p);
std::string initialiser(const thaw_conv2d& p);
std::string initialiser(const thaw_depthwise& p);
std::string initialiser(const thaw_dequantize& p);
std::string initialiser(const thaw_gather_channels& p);
std::string initialiser(const thaw_lstm& p);
std::string initialiser(const thaw_mean& p);
std::string initialiser(const thaw_pad& p);
std::string initialiser(const thaw_pool2d& p);
std::string initialiser(const thaw_quantize& p);
std::string initialiser(const thaw_requantize& p);
std::string initialiser(const thaw_resize& p);
std::string initialiser(const thaw_softmax& p);
std::string initialiser(const thaw_softmax_loss_scale& p);
std::string initialiser(const thaw_transpose& p);
std::string initialiser(const thaw_view& p);

}  // namespace thaw
