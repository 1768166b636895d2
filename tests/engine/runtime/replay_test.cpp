// The reservoir of latents: who stays in it, where, and who comes out.
#include "engine/runtime/replay.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace thaw {
namespace {

/// A reservoir without latents: `slots` of them, and which sample lies in each.
struct Reservoir {
  Reservoir(uint32_t slots, int32_t classes, uint32_t seed)
      : memory(slots / 4 + 1 + 2 * static_cast<uint32_t>(classes)), samples(slots, -1) {
    const auto bytes = slots + static_cast<uint32_t>(classes) * 8;
    EXPECT_EQ(thaw_replay_start(&replay, memory.data(), bytes, 0, classes, seed), THAW_OK);
    EXPECT_EQ(replay.capacity, slots);
  }

  void offer(int32_t label, int32_t sample) {
    const int32_t slot = thaw_replay_offer(&replay, label);
    if (slot != THAW_REPLAY_NONE) samples[static_cast<size_t>(slot)] = sample;
  }

  std::map<int32_t, int32_t> kept_by_class() const {
    std::map<int32_t, int32_t> kept;
    for (uint32_t slot = 0; slot < replay.kept; ++slot)
      ++kept[thaw_replay_label(&replay, static_cast<int32_t>(slot))];
    return kept;
  }

  std::vector<uint32_t> memory;
  std::vector<int32_t> samples;
  thaw_replay replay = {};
};

TEST(ReplayReservoir, KeepsEverythingWhileThereIsRoom) {
  Reservoir r(6, 3, 1);
  EXPECT_EQ(thaw_replay_draw(&r.replay), THAW_REPLAY_NONE);
  for (int32_t i = 0; i < 6; ++i) r.offer(i % 2, i);
  EXPECT_EQ(r.samples, (std::vector<int32_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(r.kept_by_class(), (std::map<int32_t, int32_t>{{0, 3}, {1, 3}}));
}

TEST(ReplayReservoir, SharesItsRoomAmongClassesHoweverRareAndLateTheyCome) {
  Reservoir r(30, 3, 5);
  for (int32_t i = 0; i < 1000; ++i) r.offer(0, i);
  for (int32_t i = 0; i < 15; ++i) r.offer(1, i);
  for (int32_t i = 0; i < 400; ++i) r.offer(i % 20 == 0 ? 2 : 0, i);
  for (const auto& [label, kept] : r.kept_by_class()) EXPECT_EQ(kept, 10) << "class " << label;
}

/// 4 of 40 stay: each with a chance of 0.1, of 4,000 runs 400 with a deviation of 19.
TEST(ReplayReservoir, EverySampleOfAClassHasTheSameChance) {
  std::vector<int32_t> stayed(40, 0);
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    Reservoir r(4, 2, seed);
    for (int32_t i = 0; i < 40; ++i) r.offer(1, i);
    for (int32_t sample : r.samples) ++stayed[static_cast<size_t>(sample)];
  }
  for (int32_t count : stayed) EXPECT_NEAR(count, 400, 5 * 19);
}

TEST(ReplayReservoir, DrawsEverySlotEquallyOften) {
  Reservoir r(5, 2, 7);
  for (int32_t i = 0; i < 5; ++i) r.offer(0, i);
  std::vector<int32_t> drawn(5, 0);
  for (int32_t i = 0; i < 5000; ++i) ++drawn[static_cast<size_t>(thaw_replay_draw(&r.replay))];
  for (int32_t count : drawn) EXPECT_NEAR(count, 1000, 5 * 28);
}

TEST(ReplayReservoir, LatentsLieInItsMemorySideBySide) {
  constexpr uint32_t kBytes = 400, kLatent = 37;
  std::vector<uint32_t> memory(kBytes / 4);
  thaw_replay replay;
  ASSERT_EQ(thaw_replay_start(&replay, memory.data(), kBytes, kLatent, 10, 1), THAW_OK);
  EXPECT_EQ(replay.capacity, (kBytes - 10 * 8) / (kLatent + 1));
  const auto* begin = reinterpret_cast<const int8_t*>(memory.data());
  for (int32_t slot = 0; slot < static_cast<int32_t>(replay.capacity); ++slot) {
    EXPECT_EQ(thaw_replay_latent(&replay, slot), begin + 80 + slot * static_cast<int32_t>(kLatent));
  }
  EXPECT_LE(reinterpret_cast<const int8_t*>(replay.labels) + replay.capacity, begin + kBytes);
  EXPECT_EQ(reinterpret_cast<const int8_t*>(replay.labels), thaw_replay_latent(&replay, 8));
}

TEST(ReplayReservoir, RefusesWhatItCannotDo) {
  std::vector<uint32_t> memory(100);
  auto* odd = reinterpret_cast<uint8_t*>(memory.data()) + 1;
  thaw_replay replay;
  EXPECT_EQ(thaw_replay_start(nullptr, memory.data(), 400, 10, 2, 1), THAW_BAD_ARGUMENT);
  EXPECT_EQ(thaw_replay_start(&replay, nullptr, 400, 10, 2, 1), THAW_BAD_ARGUMENT);
  EXPECT_EQ(thaw_replay_start(&replay, odd, 300, 10, 2, 1), THAW_BAD_ARGUMENT);
  EXPECT_EQ(thaw_replay_start(&replay, memory.data(), 400, 10, 0, 1), THAW_BAD_ARGUMENT);
  EXPECT_EQ(thaw_replay_start(&replay, memory.data(), 400, 10, 256, 1), THAW_BAD_ARGUMENT);
  EXPECT_EQ(thaw_replay_start(&replay, memory.data(), 400, 384, 2, 1), THAW_WRONG_SIZE);
  ASSERT_EQ(thaw_replay_start(&replay, memory.data(), 400, 383, 2, 1), THAW_OK);
  EXPECT_EQ(thaw_replay_offer(&replay, -1), THAW_REPLAY_NONE);
  EXPECT_EQ(thaw_replay_offer(&replay, 2), THAW_REPLAY_NONE);
  EXPECT_EQ(thaw_replay_draw(&replay), THAW_REPLAY_NONE);
}

}  // namespace
}  // namespace thaw
