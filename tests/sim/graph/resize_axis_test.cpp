// Where resized axes read, by TensorFlow Lite's rules worked out by hand.
#include "sim/graph/resize_axis.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

using Positions = std::vector<int32_t>;

TEST(ResizeAxis, NearestReaders) {
  const Resize plain{false, false, false}, corners{false, true, false}, centres{false, false, true};
  EXPECT_EQ(nearest_readers(plain, 2, 4), (Positions{0, 2, 4}));
  EXPECT_EQ(nearest_readers(plain, 3, 2), (Positions{0, 1, 2, 2})) << "outputs read 0 and 1";
  EXPECT_EQ(nearest_readers(corners, 2, 3), (Positions{0, 1, 3})) << "0, 0.5 and 1, halves up";
  EXPECT_EQ(nearest_readers(corners, 3, 1), (Positions{0, 1, 1, 1}));
  EXPECT_EQ(nearest_readers(centres, 4, 2), (Positions{0, 0, 1, 1, 2})) << "outputs read 1 and 3";
}

TEST(ResizeAxis, BilinearPositions) {
  EXPECT_EQ(bilinear_positions({true, false, false}, 2, 4),
            (Positions{0, 0, 0, 0, 1, 512, 1, 1, 0, 1, 1, 512}));
  EXPECT_EQ(bilinear_positions({true, true, false}, 3, 2), (Positions{0, 0, 0, 2, 2, 0}));
  EXPECT_EQ(bilinear_positions({true, false, true}, 2, 4),
            (Positions{0, 0, -256, 0, 1, 256, 0, 1, 768, 1, 1, 256}));
}

TEST(ResizeAxis, SizesThatReadBeyondTheEndDoNotFit) {
  EXPECT_TRUE(resize_fits({true, false, false}, 2, 1000));
  EXPECT_FALSE(resize_fits({true, false, false}, 2, 4096)) << "a step of half a 1024th is rounded up";
  EXPECT_TRUE(resize_fits({false, false, false}, 2, 4096));
}

}  // namespace
}  // namespace thaw
