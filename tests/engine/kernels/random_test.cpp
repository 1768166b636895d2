// Counter-based random numbers against the goldens, with the shuffle and the classifier's start built on
// them.
#include "engine/kernels/random.h"

#include "engine/kernels/classifier.h"
#include "tests/engine/kernels/support.h"

namespace {

using namespace thaw::testing;

TEST(Random, EqualsTheGoldens) {
  const auto vectors = golden("integer/rng.json");
  for (const auto& v : vectors.at("mix32")) EXPECT_EQ(thaw_mix(v["x"]), v["y"].get<uint32_t>()) << v;
  for (const auto& v : vectors.at("key"))
    EXPECT_EQ(thaw_key(v["seed"], v["stream"], v["step"]), v["key"].get<uint32_t>()) << v;
  for (const auto& v : vectors.at("word"))
    EXPECT_EQ(thaw_word(v["key"], v["j"]), v["w"].get<uint32_t>()) << v;
  for (const auto& v : vectors.at("r16")) EXPECT_EQ(thaw_r16(v["key"], v["i"]), v["r"].get<int32_t>()) << v;
}

TEST(Random, ShuffleAndFlipsEqualTheGoldens) {
  const auto vectors = golden("integer/rng.json");
  ASSERT_EQ(vectors.at("shuffle").size(), 8u);
  for (const auto& v : vectors.at("shuffle")) {
    const uint32_t n = v["n"];
    const uint32_t key = thaw_key(v["seed"], THAW_STREAM_SHUFFLE, v["epoch"]);
    const uint32_t flip_key = thaw_key(v["seed"], THAW_STREAM_FLIP, v["epoch"]);
    std::vector<uint32_t> order(n), flips(n);
    for (uint32_t i = 0; i < n; ++i) order[i] = i;
    for (uint32_t i = n - 1; i >= 1; --i)
      std::swap(order[i], order[(static_cast<uint64_t>(thaw_word(key, i)) * (i + 1)) >> 32]);
    for (uint32_t i = 0; i < n; ++i) flips[i] = thaw_word(flip_key, i) >> 31;
    EXPECT_EQ(order, v["perm"].get<std::vector<uint32_t>>());
    EXPECT_EQ(flips, v["flip_of_sample"].get<std::vector<uint32_t>>());
  }
}

TEST(Random, ClassifierStartEqualsTheGoldens) {
  const auto vectors = golden("integer/rng.json");
  ASSERT_EQ(vectors.at("fc_init").size(), 24u);
  for (const auto& v : vectors.at("fc_init")) {
    const thaw_classifier classifier = {2, v["C"], 0};
    std::vector<int16_t> weights(2 * v["C"].get<size_t>());
    std::vector<int32_t> biases(2, 99);
    EXPECT_EQ(v["bound"].get<int32_t>(), std::llround(4096 / std::sqrt(v["C"].get<double>())));
    thaw_classifier_start(&classifier, v["seed"], v["bound"], weights.data(), biases.data());
    EXPECT_EQ(weights[v["i"].get<size_t>()], v["w"].get<int16_t>()) << v;
    EXPECT_THAT(biases, ::testing::Each(0));
  }
}

}  // namespace
