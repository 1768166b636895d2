// Decoders against what Pillow reads from the same files (tests/golden/data), and damaged files.
#include "sim/data/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/sha256.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;

nlohmann::json expected() {
  std::ifstream file(testing::golden_folder() / "data" / "expected.json");
  return nlohmann::json::parse(file);
}

TEST(DecodeImage, EqualsPillow) {
  const auto golden = expected();
  ASSERT_EQ(golden.size(), 34U);
  for (const auto& [name, want] : golden.items()) {
    const Image image = decode_image(golden_bytes(name), name);
    EXPECT_EQ((std::vector<int32_t>{image.height, image.width, image.channels}),
              want["shape"].get<std::vector<int32_t>>())
        << name;
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span(image.pixels))), want["sha256"]) << name;
  }
}

TEST(DecodeImage, EveryTruncationIsRefusedByName) {
  for (const std::string name : {"rgb_420.jpg", "progressive.jpg", "grey.jpg", "rgb.png", "interlaced.png"}) {
    const std::vector<std::byte> file = golden_bytes(name);
    for (size_t length = 0; length + 2 < file.size(); ++length)
      EXPECT_THAT(error_of([&] { decode_image(std::span(file).first(length), name); }), HasSubstr(name))
          << length;
  }
}

TEST(DecodeImage, DamagedFilesNameFileAndByte) {
  EXPECT_THAT(error_of([] { decode_image(golden_bytes("cmyk.jpg"), "a.jpg"); }),
              AllOf(HasSubstr("a.jpg"), HasSubstr("CMYK")));
  auto png = golden_bytes("rgb.png");
  png[png.size() / 2] ^= std::byte{0x10};
  EXPECT_THAT(error_of([&] { decode_image(png, "b.png"); }), AllOf(HasSubstr("b.png"), HasSubstr("byte")));
  EXPECT_THAT(error_of([] { decode_image(testing::golden_bytes("int8.npz"), "c.jpg"); }),
              HasSubstr("neither a JPEG nor a PNG"));
}

TEST(DecodeImage, HugeClaimsAreRefusedBeforeMemoryIsTaken) {
  auto png = golden_bytes("rgb.png");
  for (size_t at : {18U, 22U}) png[at] = std::byte{0xFE};  // 65,042 x 65,037 pixels
  EXPECT_THAT(error_of([&] { decode_image(testing::with_right_checksums(png), "b.png"); }),
              HasSubstr("more than 64000000 pixels"));
  auto jpeg = golden_bytes("grey.jpg");
  size_t frame = 0;
  while (jpeg[frame] != std::byte{0xFF} || jpeg[frame + 1] != std::byte{0xC0}) ++frame;
  for (size_t i = 5; i < 9; ++i) jpeg[frame + i] = std::byte{0xFE};
  EXPECT_THAT(error_of([&] { decode_image(jpeg, "b.jpg"); }), HasSubstr("more than 64000000 pixels"));
}

}  // namespace
}  // namespace thaw
