// Kernels that move bytes and change none.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "engine/kernels/copy.h"
#include "engine/kernels/gather_channels.h"

namespace thaw {
namespace {

TEST(GatherChannels, KeepsTheNamedChannelsOfEveryPosition) {
  const std::vector<int8_t> input = {1, 2, 3, 4, -1, -2, -3, -4};  // two positions of four channels
  const std::vector<uint16_t> channels = {0, 3, 3};
  thaw_gather_channels gather = {};
  gather.positions = 2;
  gather.input_channels = 4;
  gather.count = 3;
  std::vector<int8_t> output(7, 99);
  thaw_gather_channels_s8(&gather, input.data(), channels.data(), output.data());
  EXPECT_EQ(output, (std::vector<int8_t>{1, 4, 4, -1, -4, -4, 99}));
}

TEST(Copy, MayMoveBytesDownWithinABuffer) {
  std::vector<uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7};
  thaw_copy(bytes.data() + 1, bytes.data() + 3, 4);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{1, 4, 5, 6, 7, 6, 7}));
}

}  // namespace
}  // namespace thaw
