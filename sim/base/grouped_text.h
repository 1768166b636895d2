// Large numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace thaw {

/// 22613504 -> "22,613,504".
std::string grouped_text(int64_t number);

}  // namespace thaw
