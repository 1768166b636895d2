// Every version of the products against plain loops over the same words, at the values and depths where one
// could go wrong: extremes, where float32 stops holding every integer, and sums that pass 2^31.
#include "sim/exec/host/integer_dot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "sim/exec/host/integer_dot_versions.h"
#include "tests/support/noise.h"

namespace thaw {
namespace {

using testing::Noise;

/// The values of one word; int16_pairs and byte_quads as the format packs them.
uint32_t word_of(WordFormat format, const int32_t* values) {
  if (format == WordFormat::float32) return std::bit_cast<uint32_t>(static_cast<float>(values[0]));
  const int bits = 8 * value_bytes(format);
  const uint32_t mask = (uint32_t{1} << bits) - 1;
  uint32_t word = 0;
  for (int i = 0; i < values_per_word(format); ++i)
    word |= (static_cast<uint32_t>(values[i]) & mask) << (bits * i);
  return word;
}

uint32_t dot(WordFormat format, uint32_t left, uint32_t right) {
  if (format == WordFormat::float32)
    return static_cast<uint32_t>(static_cast<int32_t>(std::bit_cast<float>(left)) *
                                 static_cast<int32_t>(std::bit_cast<float>(right)));
  uint32_t sum = 0;
  for (int i = 0; i < values_per_word(format); ++i) {
    const int shift = 8 * value_bytes(format) * i;
    const int32_t a = format == WordFormat::byte_quads ? static_cast<uint8_t>(left >> shift)
                                                       : static_cast<int16_t>(left >> shift);
    const int32_t b = format == WordFormat::byte_quads ? static_cast<int8_t>(right >> shift)
                                                       : static_cast<int16_t>(right >> shift);
    sum += static_cast<uint32_t>(a * b);
  }
  return sum;
}

struct Range {
  int32_t low, high;
};
/// What a format's left and right values may be.
Range left_range(WordFormat format) {
  if (format == WordFormat::int16_pairs) return {-32768, 32767};
  return format == WordFormat::byte_quads ? Range{0, 255} : Range{-255, 255};
}
Range right_range(WordFormat format) {
  return format == WordFormat::int16_pairs ? Range{-32768, 32767} : Range{-128, 127};
}

enum class Values { lowest, highest, highest_by_lowest, random };

/// `count` words of an operand.
std::vector<uint32_t> words_of(WordFormat format, Range range, Values kind, bool right, size_t count,
                               Noise& noise) {
  std::vector<uint32_t> words(count);
  for (uint32_t& word : words) {
    int32_t values[4];
    for (int32_t& value : values) {
      value = noise.in(range.low, range.high);
      if (kind == Values::lowest || (kind == Values::highest_by_lowest && right)) value = range.low;
      if (kind == Values::highest || (kind == Values::highest_by_lowest && !right)) value = range.high;
    }
    word = word_of(format, values);
  }
  return words;
}

struct Shape {
  int32_t rows, blocks, segments, segment_words;
  bool by_words;  // left rows are 4 bytes apart, words far; else the other way round, rows overlapping
  bool start;
};

std::vector<int32_t> random_starts(int32_t count, Noise& noise) {
  std::vector<int32_t> start(static_cast<size_t>(count));
  for (int32_t& value : start) value = static_cast<int32_t>(noise.next());
  return start;
}

void expect_exact_product(const IntegerDotVersion& version, WordFormat format, Values kind, const Shape& s) {
  SCOPED_TRACE(std::string(version.name) + ", format " + std::to_string(static_cast<int>(format)) +
               ", values " + std::to_string(static_cast<int>(kind)) + ", words " +
               std::to_string(s.segments) + " x " + std::to_string(s.segment_words) + ", rows " +
               std::to_string(s.rows));
  Noise noise(17);
  const int64_t row_stride = s.by_words ? 4 : 8;
  const int64_t word_stride = s.by_words ? (s.rows + 3) * 4 : 4;
  const int64_t segment_bytes = s.segment_words * word_stride + 12;
  std::vector<int64_t> segments;
  for (int32_t i = 0; i < s.segments; ++i) segments.push_back(i * segment_bytes);
  const auto left =
      words_of(format, left_range(format), kind, false,
               static_cast<size_t>((s.segments * segment_bytes + s.rows * row_stride) / 4 + 1), noise);
  const int32_t words = s.segments * s.segment_words;
  const int32_t columns = s.blocks * kColumnBlock;
  const auto right =
      words_of(format, right_range(format), kind, true, static_cast<size_t>(words * columns), noise);
  const std::vector<int32_t> start = random_starts(columns, noise);
  const int64_t sum_stride = columns + 16;
  std::vector<int32_t> sums(static_cast<size_t>(s.rows * sum_stride), 77);
  version.multiply({format, reinterpret_cast<const std::byte*>(left.data()), row_stride, word_stride,
                    segments.data(), s.segments, s.segment_words, right.data(),
                    s.start ? start.data() : nullptr, s.rows, s.blocks, sums.data(), sum_stride});

  const RightLayout layout = right_layout(format, s.blocks, words);
  for (int32_t r = 0; r < s.rows; ++r)
    for (int64_t c = 0; c < sum_stride; ++c) {
      uint32_t expected = 77;
      if (c < columns) {
        expected = s.start ? static_cast<uint32_t>(start[static_cast<size_t>(c)]) : 0;
        for (int32_t w = 0; w < words; ++w) {
          const int64_t at = r * row_stride + segments[static_cast<size_t>(w / s.segment_words)] +
                             w % s.segment_words * word_stride;
          expected += dot(format, left[static_cast<size_t>(at / 4)],
                          right[static_cast<size_t>(c / kColumnBlock * layout.block_stride +
                                                    w * layout.word_stride + c % kColumnBlock)]);
        }
      }
      ASSERT_EQ(sums[static_cast<size_t>(r * sum_stride + c)], static_cast<int32_t>(expected))
          << "row " << r << ", column " << c;
    }
}

void expect_exact_depthwise(const IntegerDotVersion& version, WordFormat format, Values kind, int32_t taps,
                            int32_t positions, int32_t blocks) {
  SCOPED_TRACE(std::string(version.name) + ", format " + std::to_string(static_cast<int>(format)) +
               ", values " + std::to_string(static_cast<int>(kind)) + ", taps " + std::to_string(taps));
  Noise noise(18);
  const int32_t channels = blocks * kColumnBlock;
  const auto source = words_of(format, left_range(format), kind, false,
                               static_cast<size_t>((positions + taps) * channels), noise);
  const auto weights =
      words_of(format, right_range(format), kind, true, static_cast<size_t>(taps * channels), noise);
  const std::vector<int32_t> start = random_starts(channels, noise);
  std::vector<const uint32_t*> tap_rows;
  for (int32_t t = 0; t < taps; ++t) tap_rows.push_back(source.data() + t * channels);
  const int64_t sum_stride = channels + 16;
  std::vector<int32_t> sums(static_cast<size_t>(positions * sum_stride), 77);
  version.correlate_depthwise({format, tap_rows.data(), taps, channels, weights.data(), start.data(),
                               positions, blocks, sums.data(), sum_stride});
  for (int32_t p = 0; p < positions; ++p)
    for (int64_t c = 0; c < sum_stride; ++c) {
      uint32_t expected = c < channels ? static_cast<uint32_t>(start[static_cast<size_t>(c)]) : 77;
      for (int32_t t = 0; c < channels && t < taps; ++t)
        expected += dot(format, source[static_cast<size_t>((t + p) * channels + c)],
                        weights[static_cast<size_t>(t * channels + c)]);
      ASSERT_EQ(sums[static_cast<size_t>(p * sum_stride + c)], static_cast<int32_t>(expected))
          << "position " << p << ", channel " << c;
    }
}

class IntegerDotTest : public ::testing::TestWithParam<InstructionSet> {
 protected:
  void SetUp() override {
    if (GetParam() > best_instruction_set()) GTEST_SKIP() << "this processor lacks these instructions";
  }
  const IntegerDotVersion& version() const {
    return *std::ranges::find(integer_dot_versions(), GetParam(), &IntegerDotVersion::set);
  }
};

constexpr WordFormat kFormats[] = {WordFormat::int16_pairs, WordFormat::byte_quads, WordFormat::float32};
constexpr Values kKinds[] = {Values::lowest, Values::highest, Values::highest_by_lowest, Values::random};

TEST_P(IntegerDotTest, ProductsAreExactAtEveryDepth) {
  for (WordFormat format : kFormats)
    for (Values kind : kKinds)
      for (int32_t words : {1, 2, 31, 128, 129, 513, 514, 515, 518, 519, 1032, 1033, 2100})
        expect_exact_product(version(), format, kind, {3, 2, 1, words, words % 2 == 0, words % 3 != 0});
}

TEST_P(IntegerDotTest, ProductsAreExactInEveryShape) {
  for (WordFormat format : kFormats)
    for (int32_t rows : {0, 1, 2, 7, 8, 9, 33})
      for (int32_t blocks : {1, 2, 3, 4, 7}) {
        expect_exact_product(version(), format, Values::random, {rows, blocks, 1, 40, false, true});
        expect_exact_product(version(), format, Values::random, {rows, blocks, 1, 40, true, false});
        expect_exact_product(version(), format, Values::random, {rows, blocks, 3, 5, false, true});
        expect_exact_product(version(), format, Values::random, {rows, blocks, 0, 0, false, true});
      }
}

TEST_P(IntegerDotTest, StretchesCrossSegments) {
  for (WordFormat format : kFormats)
    for (Values kind : kKinds) expect_exact_product(version(), format, kind, {2, 1, 7, 171, false, true});
}

TEST_P(IntegerDotTest, DepthwiseProductsAreExact) {
  for (WordFormat format : kFormats)
    for (Values kind : kKinds)
      for (int32_t taps : {0, 1, 9, 25, 514, 515, 518, 519, 1033})
        for (int32_t positions : {1, 2, 9})
          expect_exact_depthwise(version(), format, kind, taps, positions, taps == 9 ? 3 : 1);
}

INSTANTIATE_TEST_SUITE_P(Sets, IntegerDotTest, ::testing::ValuesIn(instruction_sets()),
                         [](const auto& test) { return std::string(instruction_set_name(test.param)); });

}  // namespace
}  // namespace thaw
