// Exact integer products on the host: a matrix product and a depthwise correlation, both sums of dot products
// inside 32-bit words. A word holds two int16 values or four bytes, the unit of the multiply-add instructions
// of vector processors, or one integer as float32, for matrix libraries. Sums are exact modulo 2^32, so their
// order is free.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thaw {

/// What the words of both operands hold. bytes: four values, the left ones unsigned, the right ones signed
/// (an instruction of AVX-512 VNNI); signed left values enter with 128 added, and the starting sums take
/// 128 times the right column's sum off again. float32: one integer, left -255..255 (an int8 value less its
/// zero point), right -128..127.
enum class WordFormat { int16_pairs, byte_quads, float32 };

/// Values in one word.
constexpr int32_t values_per_word(WordFormat format) {
  return format == WordFormat::int16_pairs ? 2 : format == WordFormat::byte_quads ? 4 : 1;
}

/// Bytes of one value in a word.
constexpr int32_t value_bytes(WordFormat format) {
  return 4 / values_per_word(format);
}

/// Columns of the right operand are packed in blocks of this many; sums are stored in whole blocks.
inline constexpr int32_t kColumnBlock = 16;

constexpr int32_t column_blocks(int32_t columns) {
  return (columns + kColumnBlock - 1) / kColumnBlock;
}
constexpr int32_t padded_columns(int32_t columns) {
  return column_blocks(columns) * kColumnBlock;
}

/// Words between blocks of 16 columns and between words of a column in the right operand of a matrix product:
/// [block][word][16] for tiles held in registers, [word][block][16], one matrix, for float32.
struct RightLayout {
  int64_t block_stride, word_stride;
};
constexpr RightLayout right_layout(WordFormat format, int32_t blocks, int64_t words) {
  if (format == WordFormat::float32) return {kColumnBlock, int64_t{blocks} * kColumnBlock};
  return {words * kColumnBlock, kColumnBlock};
}

/// sums[row][column] = start[column] + sum over words of dot(left word of the row, right word of the column).
/// The left operand's word w of segment s of row r lies `r * left_row_stride + segments[s] + w *
/// left_word_stride` bytes behind `left`, at any alignment: rows may overlap, as windows over an image do.
/// The right operand's words lie as right_layout says, those of a segment behind those of the one before.
/// With float32, left words or left rows are 4 bytes apart.
struct MatrixProduct {
  WordFormat format = WordFormat::int16_pairs;
  const std::byte* left = nullptr;
  int64_t left_row_stride = 0;   // bytes
  int64_t left_word_stride = 4;  // bytes
  const int64_t* segments = nullptr;
  int32_t segment_count = 1;
  int32_t segment_words = 0;
  const uint32_t* right = nullptr;
  const int32_t* start = nullptr;  // [blocks * 16], or null for zeros
  int32_t rows = 0;
  int32_t blocks = 0;
  int32_t* sums = nullptr;
  int64_t sum_stride = 0;  // elements between rows
};

void multiply(const MatrixProduct& product);

/// sums[position][channel] = start[channel] + sum over taps of dot(source word, weight word), all words of
/// one channel. Tap t of position p reads words `taps[t] + p * position_stride + channel` of `source`.
struct DepthwiseProduct {
  WordFormat format = WordFormat::int16_pairs;
  const uint32_t* const* tap_rows = nullptr;  // [tap]: its words of position 0, channel 0
  int32_t taps = 0;
  int64_t position_stride = 0;        // words
  const uint32_t* weights = nullptr;  // [tap][blocks * 16]
  const int32_t* start = nullptr;     // [blocks * 16]
  int32_t positions = 0;
  int32_t blocks = 0;  // of 16 channels; words behind the last channel are read and their sums meaningless
  int32_t* sums = nullptr;
  int64_t sum_stride = 0;  // elements between positions
};

void correlate_depthwise(const DepthwiseProduct& product);

}  // namespace thaw
