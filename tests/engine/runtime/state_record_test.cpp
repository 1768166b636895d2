// Records of trained state: what is written is read, anything else is refused and changes nothing.
#include "engine/runtime/state_record.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "engine/runtime/crc32.h"
#include "tests/engine/runtime/small_state.h"

namespace thaw {
namespace {

using testing::SmallState;

/// A record in memory that can be cut short or fail.
struct Memory {
  std::vector<uint8_t> bytes;
  size_t fail_at = SIZE_MAX;  // a write or read that reaches this offset fails

  static bool write(void* context, uint32_t offset, const void* from, uint32_t count) {
    auto& memory = *static_cast<Memory*>(context);
    if (offset + count > memory.fail_at) return false;
    EXPECT_EQ(offset, memory.bytes.size()) << "offsets grow without gaps";
    const auto* begin = static_cast<const uint8_t*>(from);
    memory.bytes.insert(memory.bytes.end(), begin, begin + count);
    return true;
  }
  static bool read(void* context, uint32_t offset, void* to, uint32_t count) {
    const auto& memory = *static_cast<Memory*>(context);
    if (offset + count > memory.fail_at || offset + count > memory.bytes.size()) return false;
    std::memcpy(to, memory.bytes.data() + offset, count);
    return true;
  }
};

Memory record_of(const SmallState& state, uint32_t sequence) {
  Memory memory;
  EXPECT_EQ(thaw_record_write(&state.view, sequence, Memory::write, &memory), THAW_OK);
  return memory;
}

TEST(Crc32, IsTheCrcOfGzip) {
  EXPECT_EQ(thaw_crc32(0, "123456789", 9), 0xCBF43926U);
  EXPECT_EQ(thaw_crc32(0, "", 0), 0U);
  std::vector<uint8_t> bytes(1000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i + 7);
  EXPECT_EQ(thaw_crc32(0, bytes.data(), 1000), crc32(0, bytes.data(), 1000));
  EXPECT_EQ(thaw_crc32(thaw_crc32(0, bytes.data(), 300), bytes.data() + 300, 700),
            crc32(0, bytes.data(), 1000));
}

TEST(StateRecord, HasTheDocumentedBytes) {
  SmallState state(0x11);
  state.seed = 0x01020304;
  state.step = 5;
  const Memory memory = record_of(state, 9);
  const uint8_t header[] = {'T', 'H', 'A', 'W', 1, 0, 0, 0, 0x78, 0x56, 0x34, 0x12, 9, 0,
                            0,   0,   4,   3,   2, 1, 5, 0, 0,    0,    13,   0,    0, 0};
  ASSERT_EQ(memory.bytes.size(), THAW_RECORD_OVERHEAD_BYTES + 13U);
  EXPECT_EQ(std::memcmp(memory.bytes.data(), header, sizeof header), 0);
  const auto crc = static_cast<uint32_t>(crc32(0, memory.bytes.data(), 28 + 13));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(memory.bytes[28 + 13 + i], static_cast<uint8_t>(crc >> (8 * i)));
}

TEST(StateRecord, ReadsWhatItWrote) {
  SmallState state(0x40);
  state.seed = 7;
  state.step = 123456;
  Memory memory = record_of(state, 1);
  SmallState other(0x80);
  bool changed = false;
  EXPECT_EQ(thaw_record_read(&other.view, Memory::read, &memory, &changed), THAW_OK);
  EXPECT_TRUE(changed);
  EXPECT_EQ(other, state);
  EXPECT_EQ(thaw_state_values_crc(&other.view), thaw_state_values_crc(&state.view));
}

TEST(StateRecord, StartsFromTheFirstValues) {
  SmallState state(0x40);
  thaw_state_start(&state.view);
  EXPECT_EQ(std::memcmp(state.first, SmallState::kFirst, sizeof state.first), 0);
  const uint8_t zeros[sizeof state.second] = {};
  EXPECT_EQ(std::memcmp(state.second, zeros, sizeof zeros), 0);
}

TEST(StateRecord, EveryFlippedBitIsRefusedAndChangesNothing) {
  SmallState state(0x40);
  const Memory good = record_of(state, 1);
  for (size_t bit = 0; bit < good.bytes.size() * 8; ++bit) {
    Memory damaged = good;
    damaged.bytes[bit / 8] = static_cast<uint8_t>(damaged.bytes[bit / 8] ^ (1U << (bit % 8)));
    SmallState other(0x80);
    const SmallState before = other;
    bool changed = true;
    EXPECT_NE(thaw_record_read(&other.view, Memory::read, &damaged, &changed), THAW_OK) << "bit " << bit;
    EXPECT_FALSE(changed);
    EXPECT_EQ(other, before) << "bit " << bit;
  }
}

TEST(StateRecord, SaysWhatIsWrong) {
  SmallState state(0x40);
  const Memory good = record_of(state, 1);
  const auto status = [&](size_t byte) {
    Memory damaged = good;
    damaged.bytes[byte] ^= 1;
    uint32_t sequence = 0;
    return thaw_record_check(&state.view, Memory::read, &damaged, &sequence);
  };
  EXPECT_EQ(status(0), THAW_WRONG_VERSION);
  EXPECT_EQ(status(4), THAW_WRONG_VERSION);
  EXPECT_EQ(status(8), THAW_WRONG_MODEL);
  EXPECT_EQ(status(24), THAW_WRONG_SIZE);
  EXPECT_EQ(status(16), THAW_CORRUPT);
  EXPECT_EQ(status(30), THAW_CORRUPT);
  EXPECT_EQ(status(good.bytes.size() - 1), THAW_CORRUPT);
}

TEST(StateRecord, StorageThatFailsIsReported) {
  SmallState state(0x40);
  const Memory good = record_of(state, 1);
  for (size_t at = 0; at < good.bytes.size(); ++at) {
    Memory writing;
    writing.fail_at = at;
    EXPECT_EQ(thaw_record_write(&state.view, 1, Memory::write, &writing), THAW_STORAGE_FAILED) << at;
    Memory reading = good;
    reading.fail_at = at;
    bool changed = true;
    EXPECT_EQ(thaw_record_read(&state.view, Memory::read, &reading, &changed), THAW_STORAGE_FAILED) << at;
    EXPECT_FALSE(changed);
  }
}

/// The record of a state, its checksum right, whatever its values.
thaw_status check_of(SmallState& state) {
  Memory memory = record_of(state, 1);
  uint32_t sequence = 0;
  return thaw_record_check(&state.view, Memory::read, &memory, &sequence);
}

TEST(StateRecord, ABiasBeyondItsLimitIsRefusedThoughTheChecksumIsRight) {
  for (const int32_t limit : {1912, 1000000, INT32_MAX - 1}) {
    for (const int64_t value : {int64_t{0}, int64_t{limit}, -int64_t{limit}, int64_t{limit} + 1,
                                -int64_t{limit} - 1, int64_t{INT32_MAX}, int64_t{INT32_MIN}}) {
      SmallState state(0x40);
      state.pieces[1].limit = limit;
      const int32_t words[2] = {5, static_cast<int32_t>(value)};
      std::memcpy(state.second, words, sizeof words);
      EXPECT_EQ(check_of(state), std::abs(value) <= limit ? THAW_OK : THAW_CORRUPT) << limit << " " << value;
      SmallState other(0x80);
      other.pieces[1].limit = limit;
      const SmallState before = other;
      bool changed = true;
      Memory memory = record_of(state, 1);
      if (thaw_record_read(&other.view, Memory::read, &memory, &changed) != THAW_OK) {
        EXPECT_FALSE(changed);
        EXPECT_EQ(other, before);
      }
    }
  }
}

TEST(StateRecord, AWeightThatNoTrainingMakesIsRefused) {
  SmallState state(0x40);
  state.pieces[0].limit = 127;
  EXPECT_EQ(check_of(state), THAW_OK);
  state.first[3] = 0x81;  // -127
  EXPECT_EQ(check_of(state), THAW_OK);
  state.first[3] = 0x80;  // -128
  EXPECT_EQ(check_of(state), THAW_CORRUPT);
  static const uint8_t initial[5] = {1, 2, 3, 0x80, 5};
  state.pieces[0].initial = initial;
  EXPECT_EQ(check_of(state), THAW_OK) << "the model itself starts from it";
  state.first[4] = 0x80;
  EXPECT_EQ(check_of(state), THAW_CORRUPT);
}

TEST(StateRecord, LimitsHoldInEveryChunkOfALongPiece) {
  std::vector<int32_t> biases(100, 7);
  uint32_t seed = 0, step = 0;
  const thaw_state_piece piece = {biases.data(), nullptr, 400, 1000};
  const thaw_state_view view = {&piece, 1, 400, 1, &seed, &step};
  for (size_t i = 0; i < biases.size(); ++i) {
    biases[i] = 1001;
    Memory memory;
    ASSERT_EQ(thaw_record_write(&view, 1, Memory::write, &memory), THAW_OK);
    uint32_t sequence = 0;
    EXPECT_EQ(thaw_record_check(&view, Memory::read, &memory, &sequence), THAW_CORRUPT) << i;
    biases[i] = 7;
  }
}

/// Gives good bytes the first time and others afterwards.
struct FadingMemory {
  Memory memory;
  int reads = 0;

  static bool read(void* context, uint32_t offset, void* to, uint32_t count) {
    auto& fading = *static_cast<FadingMemory*>(context);
    const bool ok = Memory::read(&fading.memory, offset, to, count);
    if (++fading.reads == 6)
      static_cast<uint8_t*>(to)[0] ^= 1;  // header, values, end, header, first piece, ...
    return ok;
  }
};

TEST(StateRecord, BytesThatChangeBetweenCheckAndReadAreReported) {
  SmallState state(0x40);
  FadingMemory fading{record_of(state, 1)};
  bool changed = false;
  EXPECT_EQ(thaw_record_read(&state.view, FadingMemory::read, &fading, &changed), THAW_CORRUPT);
  EXPECT_TRUE(changed);
}

}  // namespace
}  // namespace thaw
