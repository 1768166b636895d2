// The tag as cameras, phones and damaged files write it; what turning does to pixels is held against Pillow
// by DecodeImage.EqualsPillow.
#include "sim/data/orientation.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/mutate.h"

namespace thaw {
namespace {

using namespace std::string_literals;

int32_t orientation(const std::string& exif) {
  return exif_orientation(testing::bytes_of(exif));
}

TEST(ExifOrientation, EitherByteOrderBehindOtherTags) {
  // Little-endian: two entries, the first is ImageWidth (0x0100).
  const std::string entries = "\x02\0\0\x01\x03\0\x01\0\0\0\x09\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"s;
  std::string exif = "II*\0\x08\0\0\0"s;
  exif += entries;
  EXPECT_EQ(orientation(exif), 6);
  EXPECT_EQ(orientation("Exif\0\0II*\0\x08\0\0\0"s + entries), 6);
  EXPECT_EQ(orientation("II*\0\x0A\0\0\0zz"s + entries), 6);  // the table stands where the header says
  EXPECT_EQ(orientation("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0"s), 3);
  EXPECT_EQ(orientation("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x04\0\0\0\x01\0\0\0\x08"s), 8);  // as a LONG
}

TEST(ExifOrientation, AnythingElseIsUpright) {
  const std::string start = "II*\0\x08\0\0\0\x01\0"s;
  for (const std::string& exif :
       {""s, "Exif\0\0"s, "II*\0"s, "XX*\0\x08\0\0\0"s, "II*\0\xFF\xFF\xFF\xFF"s, start, start + "\x12\x01"s,
        start + "\x12\x01\x03\0\x01\0\0\0"s,                            // no value
        start + "\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"s,                  // no such orientation
        start + "\x12\x01\x03\0\x01\0\0\0\0\0\0\0"s,                    // nor this
        start + "\x12\x01\x02\0\x01\0\0\0\x36\0\0\0"s,                  // text
        "II*\0\x08\0\0\0\xFF\xFF\x00\x01\x03\0\x01\0\0\0\x09\0\0\0"s})  // more entries than there are
    EXPECT_EQ(orientation(exif), 1) << exif.size();
}

TEST(Upright, TurnsByTheTable) {
  const Image image{2, 3, 1, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(upright(image, 1), image);
  EXPECT_EQ(upright(image, 6), (Image{3, 2, 1, {4, 1, 5, 2, 6, 3}}));  // clockwise
  EXPECT_EQ(upright(image, 8), (Image{3, 2, 1, {3, 6, 2, 5, 1, 4}}));  // counter-clockwise
}

}  // namespace
}  // namespace thaw
