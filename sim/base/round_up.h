// Multiples of an alignment.
#pragma once

#include <cstdint>

namespace thaw {

/// The smallest multiple of `alignment`, a power of two, that is no less than `value`.
constexpr int64_t round_up(int64_t value, int64_t alignment) {
  return (value + alignment - 1) & -alignment;
}

}  // namespace thaw
