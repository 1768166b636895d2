// A state of two pieces and 13 bytes, for tests of records and slots.
#pragma once

#include <cstdint>
#include <cstring>

#include "engine/runtime/state_record.h"

namespace thaw::testing {

struct SmallState {
  static constexpr uint8_t kFirst[5] = {1, 2, 3, 4, 5};

  /// Values count up from `value`.
  explicit SmallState(uint8_t value) { set(value); }
  SmallState(const SmallState& other) : SmallState(0) { *this = other; }
  SmallState& operator=(const SmallState& other) {
    std::memcpy(first, other.first, sizeof first);
    std::memcpy(second, other.second, sizeof second);
    seed = other.seed;
    step = other.step;
    return *this;
  }

  void set(uint8_t value) {
    for (uint8_t& byte : first) byte = value++;
    for (uint8_t& byte : second) byte = value++;
  }

  bool operator==(const SmallState& other) const {
    return std::memcmp(first, other.first, sizeof first) == 0 &&
           std::memcmp(second, other.second, sizeof second) == 0 && seed == other.seed && step == other.step;
  }

  uint8_t first[5];
  uint8_t second[8];
  uint32_t seed = 0, step = 0;
  thaw_state_piece pieces[2] = {{first, kFirst, sizeof first, 0}, {second, nullptr, sizeof second, 0}};
  thaw_state_view view = {pieces, 2, 13, 0x12345678, &seed, &step};
};

}  // namespace thaw::testing
