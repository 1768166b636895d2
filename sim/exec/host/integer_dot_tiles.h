// The loops of integer_dot.h over one instruction set, described by a type `Isa`. Included by one source file
// for each set, behind its HWY_PUSH_ATTRIBUTES, so that every function here is compiled for that set.
//
// Isa: `Vector` (int32 lanes), kLanes (a divisor of 16), kTileRows x kTileBlocks (tile held in registers),
// load, store, broadcast of a word at any alignment, and dot<format>(sum, left, right).
#include "sim/exec/host/integer_dot.h"

namespace thaw {
namespace {

/// kRows x kBlocks * 16 sums, held in registers over the whole depth.
template <class Isa, WordFormat format, int kRows, int kBlocks>
inline void multiply_tile(const MatrixProduct& p, int32_t row, int32_t block) {
  constexpr int kParts = kColumnBlock / Isa::kLanes;
  constexpr int kVectors = kBlocks * kParts;
  using Vector = typename Isa::Vector;
  Vector sums[kRows][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const Vector start =
        p.start != nullptr ? Isa::load(p.start + block * kColumnBlock + v * Isa::kLanes) : Isa::zero();
    for (int r = 0; r < kRows; ++r) sums[r][v] = start;
  }
  const RightLayout layout = right_layout(format, p.blocks, int64_t{p.segment_count} * p.segment_words);
  const uint32_t* right = p.right + block * layout.block_stride;
  const std::byte* first = p.left + row * p.left_row_stride;
  for (int32_t s = 0; s < p.segment_count; ++s) {
    const std::byte* left = first + p.segments[s];
    for (int32_t w = 0; w < p.segment_words; ++w) {
      Vector columns[kVectors];
      for (int b = 0; b < kBlocks; ++b)
        for (int v = 0; v < kParts; ++v)
          columns[b * kParts + v] = Isa::load(right + b * layout.block_stride + v * Isa::kLanes);
      for (int r = 0; r < kRows; ++r) {
        const Vector value = Isa::broadcast(left + r * p.left_row_stride);
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] = Isa::template dot<format>(sums[r][v], value, columns[v]);
      }
      left += p.left_word_stride;
      right += format == WordFormat::float32 ? layout.word_stride : kColumnBlock;
    }
  }
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      Isa::store(p.sums + (row + r) * p.sum_stride + block * kColumnBlock + v * Isa::kLanes, sums[r][v]);
}

/// All rows of kBlocks blocks of columns.
template <class Isa, WordFormat format, int kBlocks>
void multiply_panel(const MatrixProduct& p, int32_t block) {
  int32_t row = 0;
  for (; row + Isa::kTileRows <= p.rows; row += Isa::kTileRows)
    multiply_tile<Isa, format, Isa::kTileRows, kBlocks>(p, row, block);
  if constexpr (Isa::kTileRows > 4) {
    for (; row + 4 <= p.rows; row += 4) multiply_tile<Isa, format, 4, kBlocks>(p, row, block);
  }
  for (; row + 2 <= p.rows; row += 2) multiply_tile<Isa, format, 2, kBlocks>(p, row, block);
  for (; row < p.rows; ++row) multiply_tile<Isa, format, 1, kBlocks>(p, row, block);
}

template <class Isa, WordFormat format>
void multiply_all(const MatrixProduct& p) {
  // Panels as even as possible: a last panel of one block would leave half of the multipliers idle.
  const int32_t panels = (p.blocks + Isa::kTileBlocks - 1) / Isa::kTileBlocks;
  int32_t block = 0;
  for (int32_t panel = 0; panel < panels; ++panel) {
    const int32_t width = (p.blocks - block + panels - panel - 1) / (panels - panel);
    if constexpr (Isa::kTileBlocks >= 3) {
      if (width == 3) multiply_panel<Isa, format, 3>(p, block);
    }
    if constexpr (Isa::kTileBlocks >= 2) {
      if (width == 2) multiply_panel<Isa, format, 2>(p, block);
    }
    if (width == 1) multiply_panel<Isa, format, 1>(p, block);
    block += width;
  }
}

/// kPositions positions of one block of 16 channels, held in registers over all taps.
template <class Isa, WordFormat format, int kPositions>
inline void correlate_tile(const DepthwiseProduct& p, int32_t position, int32_t block) {
  constexpr int kParts = kColumnBlock / Isa::kLanes;
  using Vector = typename Isa::Vector;
  Vector sums[kPositions][kParts];
  for (int v = 0; v < kParts; ++v) {
    const Vector start = Isa::load(p.start + block * kColumnBlock + v * Isa::kLanes);
    for (int i = 0; i < kPositions; ++i) sums[i][v] = start;
  }
  const int64_t offset = position * p.position_stride + block * kColumnBlock;
  const uint32_t* weights = p.weights + block * kColumnBlock;
  for (int32_t t = 0; t < p.taps; ++t) {
    const uint32_t* source = p.tap_rows[t] + offset;
    for (int v = 0; v < kParts; ++v) {
      const Vector weight = Isa::load(weights + v * Isa::kLanes);
      for (int i = 0; i < kPositions; ++i)
        sums[i][v] = Isa::template dot<format>(
            sums[i][v], Isa::load(source + i * p.position_stride + v * Isa::kLanes), weight);
    }
    weights += int64_t{p.blocks} * kColumnBlock;
  }
  for (int i = 0; i < kPositions; ++i)
    for (int v = 0; v < kParts; ++v)
      Isa::store(p.sums + (position + i) * p.sum_stride + block * kColumnBlock + v * Isa::kLanes, sums[i][v]);
}

template <class Isa, WordFormat format>
void correlate_all(const DepthwiseProduct& p) {
  for (int32_t block = 0; block < p.blocks; ++block) {
    int32_t position = 0;
    if constexpr (Isa::kTileRows > 4) {
      for (; position + 8 <= p.positions; position += 8) correlate_tile<Isa, format, 8>(p, position, block);
    }
    for (; position + 4 <= p.positions; position += 4) correlate_tile<Isa, format, 4>(p, position, block);
    for (; position < p.positions; ++position) correlate_tile<Isa, format, 1>(p, position, block);
  }
}

}  // namespace
}  // namespace thaw
