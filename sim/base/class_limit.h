// How many classes can be trained: data, schedules and options are held against the same two numbers.
#pragma once

#include <cstdint>

namespace thaw {

/// The loss sums 2^24 a class in uint32 (docs/arithmetic.md, section 5).
inline constexpr int32_t kMinimalClasses = 2, kMaximalClasses = 255;

}  // namespace thaw
