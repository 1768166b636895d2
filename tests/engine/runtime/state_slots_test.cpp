// Two flash slots and a power cut at every byte of every save: what is loaded is always the last complete
// state or the one before.
#include "engine/runtime/state_slots.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tests/engine/runtime/small_state.h"

namespace thaw {
namespace {

using testing::SmallState;

/// NOR flash: erasing sets bytes to 0xFF, writing clears bits. After `budget` bytes erased or written the
/// power is gone: nothing changes any more.
struct Flash {
  static constexpr size_t kSlotBytes = THAW_RECORD_OVERHEAD_BYTES + 13;

  std::vector<uint8_t> slot[2] = {std::vector<uint8_t>(kSlotBytes, 0xFF),
                                  std::vector<uint8_t>(kSlotBytes, 0xFF)};
  size_t budget = SIZE_MAX;

  bool spend() { return budget != 0 && budget-- != 0; }

  static bool erase(void* context, int32_t number) {
    auto& flash = *static_cast<Flash*>(context);
    for (uint8_t& byte : flash.slot[number]) {
      if (!flash.spend()) return false;
      byte = 0xFF;
    }
    return true;
  }
  static bool write(void* context, int32_t number, uint32_t offset, const void* from, uint32_t count) {
    auto& flash = *static_cast<Flash*>(context);
    for (uint32_t i = 0; i < count; ++i) {
      if (!flash.spend()) return false;
      flash.slot[number][offset + i] &= static_cast<const uint8_t*>(from)[i];
    }
    return true;
  }
  static bool read(void* context, int32_t number, uint32_t offset, void* to, uint32_t count) {
    auto& flash = *static_cast<Flash*>(context);
    std::memcpy(to, flash.slot[number].data() + offset, count);
    return true;
  }

  thaw_slots slots() { return {this, erase, write, read}; }
};

TEST(StateSlots, LoadTheLastSave) {
  Flash flash;
  const thaw_slots slots = flash.slots();
  for (uint8_t value = 1; value < 6; ++value) {
    SmallState state(value);
    state.step = value;
    ASSERT_EQ(thaw_slots_save(&state.view, &slots), THAW_OK);
    SmallState loaded(0xA0);
    bool changed = false;
    ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
    EXPECT_TRUE(changed);
    EXPECT_EQ(loaded, state);
  }
}

TEST(StateSlots, EmptyFlashHasNoState) {
  for (const uint8_t fill : {uint8_t{0x00}, uint8_t{0xFF}}) {
    Flash flash;
    for (auto& slot : flash.slot) std::fill(slot.begin(), slot.end(), fill);
    const thaw_slots slots = flash.slots();
    SmallState state(1);
    const SmallState before = state;
    bool changed = true;
    EXPECT_EQ(thaw_slots_load(&state.view, &slots, &changed), THAW_NO_STATE);
    EXPECT_FALSE(changed);
    EXPECT_EQ(state, before);
  }
}

TEST(StateSlots, APowerCutAtAnyByteLeavesTheNewStateOrTheOneBefore) {
  for (uint8_t saves = 0; saves < 4; ++saves) {
    for (size_t budget = 0; budget <= 2 * Flash::kSlotBytes; ++budget) {
      Flash flash;
      const thaw_slots slots = flash.slots();
      for (uint8_t value = 1; value <= saves; ++value) {
        SmallState state(value);
        ASSERT_EQ(thaw_slots_save(&state.view, &slots), THAW_OK);
      }
      flash.budget = budget;
      SmallState cut(0x50);
      const thaw_status saved = thaw_slots_save(&cut.view, &slots);
      EXPECT_EQ(saved, budget == 2 * Flash::kSlotBytes ? THAW_OK : THAW_STORAGE_FAILED);
      SmallState loaded(0xA0);
      bool changed = false;
      const thaw_status status = thaw_slots_load(&loaded.view, &slots, &changed);
      if (status == THAW_NO_STATE) {
        EXPECT_EQ(saves, 0) << budget;
        continue;
      }
      ASSERT_EQ(status, THAW_OK) << saves << " saves, cut after " << budget;
      const bool is_new = loaded == SmallState(0x50);
      // The erased bytes of a checksum may happen to be its last bytes: complete is complete.
      EXPECT_TRUE(is_new || loaded == SmallState(saves)) << saves << " saves, cut after " << budget;
      EXPECT_TRUE(is_new || saved != THAW_OK);
      // And the next save works.
      flash.budget = SIZE_MAX;
      SmallState next(0x70);
      ASSERT_EQ(thaw_slots_save(&next.view, &slots), THAW_OK);
      ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
      EXPECT_EQ(loaded, next);
    }
  }
}

TEST(StateSlots, SequenceNumbersMayWrap) {
  Flash flash;
  thaw_slots slots = flash.slots();
  struct Slot {
    thaw_slots* slots;
    int32_t number;
    static bool write(void* context, uint32_t offset, const void* from, uint32_t count) {
      auto& slot = *static_cast<Slot*>(context);
      return slot.slots->write(slot.slots->context, slot.number, offset, from, count);
    }
  };
  SmallState older(1);
  SmallState newer(2);
  Slot first{&slots, 0};
  Slot second{&slots, 1};
  ASSERT_EQ(thaw_record_write(&older.view, 0xFFFFFFFF, Slot::write, &first), THAW_OK);
  ASSERT_EQ(thaw_record_write(&newer.view, 0, Slot::write, &second), THAW_OK);
  SmallState loaded(0xA0);
  bool changed = false;
  ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
  EXPECT_EQ(loaded, newer);
}

TEST(StateSlots, ADamagedNewestGivesTheOneBefore) {
  Flash flash;
  const thaw_slots slots = flash.slots();
  SmallState before(1);
  SmallState last(2);
  ASSERT_EQ(thaw_slots_save(&before.view, &slots), THAW_OK);
  ASSERT_EQ(thaw_slots_save(&last.view, &slots), THAW_OK);
  flash.slot[1][30] ^= 4;
  SmallState loaded(0xA0);
  bool changed = false;
  ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
  EXPECT_EQ(loaded, before);
  flash.slot[0][30] ^= 4;
  EXPECT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_NO_STATE);
}

}  // namespace
}  // namespace thaw
