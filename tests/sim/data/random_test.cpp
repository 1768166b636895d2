// Orders and flips against the vectors of the contract (tests/golden/integer/rng.json).
#include "sim/data/random.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

nlohmann::json golden() {
  std::ifstream file(testing::golden_folder() / "integer" / "rng.json");
  return nlohmann::json::parse(file);
}

TEST(Random, MixKeyAndWordEqualTheContract) {
  const auto vectors = golden();
  ASSERT_FALSE(vectors["mix32"].empty() || vectors["key"].empty() || vectors["word"].empty());
  for (const auto& v : vectors["mix32"]) EXPECT_EQ(random_mix(v["x"]), v["y"]);
  for (const auto& v : vectors["key"])
    EXPECT_EQ(random_key(v["seed"], v["stream"].get<uint32_t>(), v["step"]), v["key"]);
  for (const auto& v : vectors["word"]) EXPECT_EQ(random_word(v["key"], v["j"]), v["w"]);
}

TEST(Random, ShufflesAndFlipsEqualTheContract) {
  const auto vectors = golden();
  ASSERT_EQ(vectors["shuffle"].size(), 8U);
  for (const auto& v : vectors["shuffle"]) {
    const auto seed = v["seed"].get<uint32_t>(), epoch = v["epoch"].get<uint32_t>();
    EXPECT_EQ(shuffle(seed, epoch, v["n"].get<uint32_t>()), v["perm"].get<std::vector<uint32_t>>());
    const auto flips = v["flip_of_sample"].get<std::vector<int>>();
    for (uint32_t id = 0; id < flips.size(); ++id) EXPECT_EQ(flipped(seed, epoch, id), flips[id] == 1) << id;
  }
}

TEST(Random, ShuffleOfNothingAndOfOne) {
  EXPECT_TRUE(shuffle(1, 2, 0).empty());
  EXPECT_EQ(shuffle(1, 2, 1), std::vector<uint32_t>{0});
}

TEST(Random, FlipMirrorsPixelsAndKeepsChannels) {
  std::vector<int8_t> odd{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};  // 2 x 3 x 2
  flip_left_right(odd, 2, 3, 2);
  EXPECT_EQ(odd, (std::vector<int8_t>{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8}));
  std::vector<int8_t> even{1, 2, 3, 4};
  flip_left_right(even, 1, 4, 1);
  EXPECT_EQ(even, (std::vector<int8_t>{4, 3, 2, 1}));
}

}  // namespace
}  // namespace thaw
