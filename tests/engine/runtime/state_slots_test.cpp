// Two flash slots, a power cut at every byte of every save and a failure of every access to the flash: what
// is loaded is always the last complete state or the one before.
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
/// power is gone: nothing changes any more. Access number `failing` fails, with half of its bytes done.
struct Flash {
  static constexpr size_t kSlotBytes = THAW_RECORD_OVERHEAD_BYTES + 13;

  std::vector<uint8_t> slot[2] = {std::vector<uint8_t>(kSlotBytes, 0xFF),
                                  std::vector<uint8_t>(kSlotBytes, 0xFF)};
  size_t budget = SIZE_MAX;
  size_t accesses = 0, failing = SIZE_MAX;
  int erases = 0;

  bool spend() { return budget != 0 && budget-- != 0; }
  bool next_fails() { return accesses++ == failing; }

  static bool erase(void* context, int32_t number) {
    auto& flash = *static_cast<Flash*>(context);
    ++flash.erases;
    const bool fails = flash.next_fails();
    for (size_t i = 0; i < (fails ? kSlotBytes / 2 : kSlotBytes); ++i) {
      if (!flash.spend()) return false;
      flash.slot[number][i] = 0xFF;
    }
    return !fails;
  }
  static bool write(void* context, int32_t number, uint32_t offset, const void* from, uint32_t count) {
    auto& flash = *static_cast<Flash*>(context);
    const bool fails = flash.next_fails();
    for (uint32_t i = 0; i < (fails ? count / 2 : count); ++i) {
      if (!flash.spend()) return false;
      flash.slot[number][offset + i] &= static_cast<const uint8_t*>(from)[i];
    }
    return !fails;
  }
  static bool read(void* context, int32_t number, uint32_t offset, void* to, uint32_t count) {
    auto& flash = *static_cast<Flash*>(context);
    const bool fails = flash.next_fails();
    std::memcpy(to, flash.slot[number].data() + offset, fails ? count / 2 : count);
    return !fails;
  }

  thaw_slots slots() { return {this, erase, write, read, 0, nullptr}; }
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

/// A flash after `saves` saves of SmallState(1), SmallState(2), ...
Flash flash_after(uint8_t saves) {
  Flash flash;
  const thaw_slots slots = flash.slots();
  for (uint8_t value = 1; value <= saves; ++value) {
    SmallState state(value);
    EXPECT_EQ(thaw_slots_save(&state.view, &slots), THAW_OK);
  }
  flash.accesses = 0;
  flash.erases = 0;
  return flash;
}

size_t accesses_of_a_save(uint8_t saves) {
  Flash flash = flash_after(saves);
  const thaw_slots slots = flash.slots();
  SmallState state(0x50);
  EXPECT_EQ(thaw_slots_save(&state.view, &slots), THAW_OK);
  return flash.accesses;
}

TEST(StateSlots, AFailedReadBeforeTheEraseErasesNothing) {
  for (uint8_t saves = 0; saves < 4; ++saves) {
    size_t reads = 0;
    for (size_t failing = 0; failing < accesses_of_a_save(saves); ++failing) {
      Flash flash = flash_after(saves);
      const std::vector<uint8_t> before[2] = {flash.slot[0], flash.slot[1]};
      const thaw_slots slots = flash.slots();
      flash.failing = failing;
      SmallState state(0x50);
      EXPECT_EQ(thaw_slots_save(&state.view, &slots), THAW_STORAGE_FAILED);
      if (flash.erases > 0) continue;
      ++reads;
      EXPECT_EQ(flash.slot[0], before[0]) << saves << " saves, access " << failing;
      EXPECT_EQ(flash.slot[1], before[1]) << saves << " saves, access " << failing;
    }
    EXPECT_GE(reads, 2U) << "of each slot at least one";
  }
}

TEST(StateSlots, AFailureAndAPowerCutAnywhereLeaveTheNewStateOrTheOneBefore) {
  for (uint8_t saves = 0; saves < 4; ++saves) {
    for (size_t failing = 0; failing <= accesses_of_a_save(saves); ++failing) {
      for (size_t budget = 0; budget <= 2 * Flash::kSlotBytes; ++budget) {
        SCOPED_TRACE(::testing::Message()
                     << saves << " saves, access " << failing << ", cut after " << budget);
        Flash flash = flash_after(saves);
        const thaw_slots slots = flash.slots();
        flash.failing = failing;
        flash.budget = budget;
        SmallState cut(0x50);
        const thaw_status saved = thaw_slots_save(&cut.view, &slots);
        flash.failing = SIZE_MAX;
        flash.budget = SIZE_MAX;
        SmallState loaded(0xA0);
        bool changed = false;
        const thaw_status status = thaw_slots_load(&loaded.view, &slots, &changed);
        if (saves == 0 && saved != THAW_OK && status == THAW_NO_STATE) continue;
        ASSERT_EQ(status, THAW_OK);
        ASSERT_TRUE(loaded == SmallState(0x50) || (saved != THAW_OK && loaded == SmallState(saves)));
        SmallState next(0x70);
        ASSERT_EQ(thaw_slots_save(&next.view, &slots), THAW_OK);
        ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
        ASSERT_EQ(loaded, next);
      }
    }
  }
}

TEST(StateSlots, ALoadWhoseReadsFailNeverSaysThatThereIsNoState) {
  for (uint8_t saves = 0; saves < 4; ++saves) {
    for (size_t failing = 0; failing < 12; ++failing) {
      Flash flash = flash_after(saves);
      const thaw_slots slots = flash.slots();
      flash.failing = failing;
      SmallState loaded(0xA0);
      bool changed = false;
      const thaw_status status = thaw_slots_load(&loaded.view, &slots, &changed);
      if (status == THAW_OK)
        EXPECT_TRUE(loaded == SmallState(saves) || loaded == SmallState(static_cast<uint8_t>(saves - 1)));
      else if (flash.accesses > failing)
        EXPECT_EQ(status, THAW_STORAGE_FAILED) << saves << " saves, access " << failing;
      else
        EXPECT_EQ(saves, 0) << "access " << failing << " did not happen";
    }
  }
}

TEST(StateSlots, BytesThatDoNotStickAreReportedAndTheStateBeforeIsThere) {
  struct WornFlash {
    Flash flash = flash_after(2);
    uint32_t worn = 0;  // this byte's lowest bit comes out wrong, and writing says nothing
    static bool erase(void* context, int32_t slot) {
      return Flash::erase(&static_cast<WornFlash*>(context)->flash, slot);
    }
    static bool write(void* context, int32_t slot, uint32_t offset, const void* from, uint32_t count) {
      auto& worn = *static_cast<WornFlash*>(context);
      const bool ok = Flash::write(&worn.flash, slot, offset, from, count);
      if (worn.worn >= offset && worn.worn < offset + count) worn.flash.slot[slot][worn.worn] ^= 1;
      return ok;
    }
    static bool read(void* context, int32_t slot, uint32_t offset, void* to, uint32_t count) {
      return Flash::read(&static_cast<WornFlash*>(context)->flash, slot, offset, to, count);
    }
  };
  for (uint32_t byte = 0; byte < Flash::kSlotBytes; ++byte) {
    WornFlash worn;
    worn.worn = byte;
    const thaw_slots slots = {&worn, WornFlash::erase, WornFlash::write, WornFlash::read, 0, nullptr};
    SmallState state(0x50);
    EXPECT_EQ(thaw_slots_save(&state.view, &slots), THAW_STORAGE_FAILED) << "byte " << byte;
    SmallState loaded(0xA0);
    bool changed = false;
    ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK);
    EXPECT_EQ(loaded, SmallState(2)) << "byte " << byte;
  }
}

/// Flash that writes whole units, each once after an erase, and tells what else it was asked for.
struct UnitFlash {
  uint32_t unit;
  std::vector<uint8_t> slot[2] = {std::vector<uint8_t>(512, 0), std::vector<uint8_t>(512, 0)};
  uint32_t written[2] = {512, 512};  // bytes of the slot that were written since its last erase
  uint32_t wrong = 0;

  static bool erase(void* context, int32_t number) {
    auto& flash = *static_cast<UnitFlash*>(context);
    std::fill(flash.slot[number].begin(), flash.slot[number].end(), uint8_t{0xFF});
    flash.written[number] = 0;
    return true;
  }
  static bool write(void* context, int32_t number, uint32_t offset, const void* from, uint32_t count) {
    auto& flash = *static_cast<UnitFlash*>(context);
    if (offset != flash.written[number] || count != flash.unit) ++flash.wrong;
    std::memcpy(flash.slot[number].data() + offset, from, count);
    flash.written[number] = offset + count;
    return true;
  }
  static bool read(void* context, int32_t number, uint32_t offset, void* to, uint32_t count) {
    std::memcpy(to, static_cast<UnitFlash*>(context)->slot[number].data() + offset, count);
    return true;
  }
};

TEST(StateSlots, WriteInUnitsOfTheFlash) {
  for (const uint32_t unit : {2U, 4U, 8U, 15U, 32U, 45U, 256U}) {  // the record has 45 bytes
    UnitFlash flash{unit};
    std::vector<uint8_t> room(unit);
    const thaw_slots slots = {&flash, UnitFlash::erase, UnitFlash::write, UnitFlash::read, unit, room.data()};
    for (uint8_t value = 1; value < 4; ++value) {
      SmallState state(value);
      ASSERT_EQ(thaw_slots_save(&state.view, &slots), THAW_OK) << unit;
      SmallState loaded(0xA0);
      bool changed = false;
      ASSERT_EQ(thaw_slots_load(&loaded.view, &slots, &changed), THAW_OK) << unit;
      EXPECT_EQ(loaded, state) << unit;
    }
    EXPECT_EQ(flash.wrong, 0U) << unit;
    for (int32_t number : {0, 1}) {
      EXPECT_EQ(flash.written[number], (Flash::kSlotBytes + unit - 1) / unit * unit) << unit;
      for (uint32_t i = Flash::kSlotBytes; i < flash.written[number]; ++i)
        EXPECT_EQ(flash.slot[number][i], 0xFF) << unit;
    }
  }
}

TEST(StateSlots, AUnitWithoutRoomIsRefusedBeforeAnythingIsErased) {
  Flash flash;
  thaw_slots slots = flash.slots();
  slots.write_unit = 8;
  SmallState state(1);
  EXPECT_EQ(thaw_slots_save(&state.view, &slots), THAW_BAD_ARGUMENT);
  EXPECT_EQ(flash.erases, 0);
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
