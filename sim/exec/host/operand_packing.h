// Brings tensors into the words that integer_dot.h multiplies: changes of width and zero point, and rows
// interleaved so that values to be summed lie side by side in one word.
#pragma once

#include <cstdint>
#include <span>

#include "sim/exec/host/integer_dot.h"

namespace thaw {

/// bytes[i] = values[i] ^ flip; flip 0x80 turns an int8 value into an unsigned one with 128 added.
void flip_bytes(const int8_t* values, int64_t count, uint8_t flip, uint8_t* bytes);

/// wide[i] = values[i] - zero_point.
void widen(const int8_t* values, int64_t count, int32_t zero_point, int16_t* wide);

/// floats[i] = values[i] - zero_point.
void widen(const int8_t* values, int64_t count, int32_t zero_point, float* floats);

/// Word w of column c holds the values of rows n*w .. n*w + n-1 of that column, n = values_per_word; it is
/// written to words[c / 16 * block_stride + w * word_stride + c % 16]. The number of rows must be a multiple
/// of n; a null row is zeros. Whole blocks of 16 columns are written, zeros behind the last column.
struct InterleavedRows {
  int32_t columns = 0;
  uint32_t* words = nullptr;
  int64_t block_stride = 0, word_stride = 0;
};
/// Quads of bytes, each values ^ flip (null rows stay zero).
void interleave_quads(std::span<const int8_t* const> rows, uint8_t flip, const InterleavedRows& to);
/// Pairs of int16, each value - zero_point (null rows stay zero).
void interleave_pairs(std::span<const int8_t* const> rows, int32_t zero_point, const InterleavedRows& to);
void interleave_pairs(std::span<const int16_t* const> rows, const InterleavedRows& to);

/// Each value - zero_point as float32 (null rows are zeros).
void interleave_floats(std::span<const int8_t* const> rows, int32_t zero_point, const InterleavedRows& to);

/// One word row of a depthwise product: word i holds rows[0][i], rows[1][i], ...; `rows` are two (int16) or
/// four (bytes), readable and words writable up to whole blocks of 16.
void interleave_flat(const int16_t* const rows[2], int64_t count, uint32_t* words);
void interleave_flat(const uint8_t* const rows[4], int64_t count, uint32_t* words);

/// sums[c] = sum over positions of values[p * stride + c], c < columns.
void column_sums(const int8_t* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums);
void column_sums(const int16_t* values, int32_t positions, int64_t stride, int32_t columns, int32_t* sums);

}  // namespace thaw
