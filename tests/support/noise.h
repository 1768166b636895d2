// Pseudo-random numbers for test inputs; the same on every machine.
#pragma once

#include <cstdint>

namespace thaw::testing {

class Noise {
 public:
  explicit Noise(uint32_t seed) : state_(seed * 2654435761U + 1U) {
    for (int i = 0; i < 8; ++i) next();
  }
  uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  /// Uniform in low..high.
  int32_t in(int32_t low, int32_t high) {
    return low + static_cast<int32_t>((next() >> 8) % static_cast<uint32_t>(high - low + 1));
  }

 private:
  uint32_t state_;
};

}  // namespace thaw::testing
