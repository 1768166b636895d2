// Trained state on disk: what is written reads back, and no damaged byte goes unnoticed.
#include "sim/train/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/base/error.h"
#include "tests/support/error_of.h"
#include "tests/support/mutate.h"

namespace thaw {
namespace {

TrainedState small_state() {
  TrainedState state;
  state.model_sha256 = std::string(64, 'a');
  state.schedule_sha256 = std::string(64, 'b');
  state.seed = 0xFFFFFFFF;
  state.steps = 160;
  for (int i = 0; i < 37; ++i) state.values.push_back(static_cast<std::byte>(7 * i));
  return state;
}

std::string refusal(std::span<const std::byte> bytes) {
  return testing::error_of([&] { read_state(bytes, "state.bin"); });
}

TEST(StateFile, ReadsBackWhatItWrites) {
  EXPECT_EQ(read_state(write_state(small_state()), "state.bin"), small_state());
  TrainedState empty = small_state();
  empty.values.clear();
  EXPECT_EQ(read_state(write_state(empty), "state.bin"), empty);
  EXPECT_EQ(write_state(empty).size(), 8U + 16 + 8 + 128 + 64);
}

TEST(StateFile, EveryChangedByteIsNoticed) {
  const std::vector<std::byte> good = write_state(small_state());
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<std::byte> bad = good;
    bad[i] ^= std::byte{1};
    EXPECT_NE(refusal(bad), "no error") << "byte " << i;
  }
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(refusal(std::span(good).first(size)), "no error") << "cut to " << size;
}

TEST(StateFile, SaysWhatIsWrong) {
  using ::testing::HasSubstr;
  std::vector<std::byte> bytes = write_state(small_state());
  EXPECT_THAT(refusal(testing::bytes_of("something else")), HasSubstr("not a file of trained state"));
  bytes[8] = std::byte{2};
  EXPECT_THAT(refusal(bytes), HasSubstr("version 2"));
  bytes = write_state(small_state());
  bytes.back() ^= std::byte{1};
  EXPECT_THAT(refusal(bytes), HasSubstr("checksum"));
  bytes.pop_back();
  EXPECT_THAT(refusal(bytes), HasSubstr("cut short"));
}

TEST(StateFile, DamagedFilesAreRefused) {
  const testing::FuzzCount count = testing::fuzz(
      {write_state(small_state())},
      [](std::span<const std::byte> bytes) { EXPECT_EQ(read_state(bytes, "fuzz.bin"), small_state()); });
  EXPECT_LT(count.accepted, count.rounds);
}

}  // namespace
}  // namespace thaw
