// Resizing against Pillow's results for synthetic images (tests/golden/resize).
#include "sim/data/resize.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/base/sha256.h"
#include "sim/data/random.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

Image synthetic(const std::string& kind, uint32_t number, int32_t height, int32_t width, int32_t channels) {
  Image image{height, width, channels, {}};
  for (int32_t y = 0; y < height; ++y)
    for (int32_t x = 0; x < width; ++x)
      for (int32_t c = 0; c < channels; ++c) {
        const auto i = static_cast<uint32_t>((y * width + x) * channels + c);
        const uint32_t noise = random_mix(i + 1000003U * number) >> 24;
        const auto edge = static_cast<uint32_t>((x / 3 + y / 2) % 2) * 255U;
        image.pixels.push_back(static_cast<uint8_t>(kind == "noise" ? noise : edge));
      }
  return image;
}

TEST(Resize, EqualsPillowByteForByte) {
  std::ifstream file(testing::golden_folder() / "resize" / "resize.json");
  const auto golden = nlohmann::json::parse(file);
  ASSERT_EQ(golden["cases"].size(), 156U);
  for (const auto& c : golden["cases"]) {
    const Image in = synthetic(c["kind"], c["number"], c["in"][0], c["in"][1], c["channels"]);
    const Image out = resize_bilinear(in, c["out"][0], c["out"][1]);
    EXPECT_EQ(out.height, c["out"][0]);
    EXPECT_EQ(out.width, c["out"][1]);
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span(out.pixels))), c["sha256"]) << c;
    if (c.contains("pixels")) {
      EXPECT_EQ(out.pixels, c["pixels"].get<std::vector<uint8_t>>()) << c;
    }
  }
}

TEST(Resize, HalvingAveragesWithATriangle) {
  // Reduction by 2: support 2, weights 1/8 3/8 3/8 1/8 inside; at the left edge 3/7 3/7 1/7 of pixels 0,
  // 1, 2.
  const Image in{1, 4, 1, {0, 70, 140, 210}};
  EXPECT_EQ(resize_bilinear(in, 1, 2).pixels, (std::vector<uint8_t>{50, 160}));
}

TEST(Resize, SameSizeIsTheSameImage) {
  const Image in = synthetic("noise", 1, 6, 5, 3);
  EXPECT_EQ(resize_bilinear(in, 6, 5), in);
}

}  // namespace
}  // namespace thaw
