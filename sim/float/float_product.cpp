#include "sim/float/float_product.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "sim/exec/host/instruction_set.h"
#include "sim/exec/host/multiversion.h"

namespace thaw {
namespace {

// Vectors of the compiler. They are never passed by value, so no calling convention depends on them.
using Float16 [[gnu::vector_size(64)]] = float;
using Float8 [[gnu::vector_size(32)]] = float;
using Float4 [[gnu::vector_size(16)]] = float;

struct Operands {
  const float* left;
  int64_t left_row_stride, left_depth_stride;
  const float* right;
  int64_t right_stride;
  float* result;
  int64_t result_stride;
  int64_t rows, columns, depth;
};

/// kRows x (kVectors * lanes of Vector) elements of the result, held in registers over the whole depth.
template <class Vector, int kRows, int kVectors>
[[gnu::always_inline]] inline void add_tile(const Operands& o, int64_t row, int64_t column) {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): Vector holds several floats
  constexpr auto kLanes = static_cast<int64_t>(sizeof(Vector) / sizeof(float));
  Vector sums[kRows][kVectors] = {};
  const float* left = o.left + row * o.left_row_stride;
  const float* right = o.right + column;
  for (int64_t k = 0; k < o.depth; ++k) {
    Vector values[kVectors];
    for (int v = 0; v < kVectors; ++v) std::memcpy(&values[v], right + v * kLanes, sizeof(Vector));
    for (int r = 0; r < kRows; ++r)
      for (int v = 0; v < kVectors; ++v) sums[r][v] += left[r * o.left_row_stride] * values[v];
    left += o.left_depth_stride;
    right += o.right_stride;
  }
  for (int r = 0; r < kRows; ++r) {
    float* result = o.result + (row + r) * o.result_stride + column;
    for (int v = 0; v < kVectors; ++v) {
      Vector total;
      std::memcpy(&total, result + v * kLanes, sizeof total);
      total += sums[r][v];
      std::memcpy(result + v * kLanes, &total, sizeof total);
    }
  }
}

/// All tiles of one width from `column` on; returns the first column that is left.
template <class Vector, int kRows, int kVectors>
[[gnu::always_inline]] inline int64_t add_strips(const Operands& o, int64_t column) {
  constexpr auto kWidth = static_cast<int64_t>(kVectors * sizeof(Vector) / sizeof(float));
  for (; column + kWidth <= o.columns; column += kWidth) {
    int64_t row = 0;
    for (; row + kRows <= o.rows; row += kRows) add_tile<Vector, kRows, kVectors>(o, row, column);
    for (; row + 2 <= o.rows; row += 2) add_tile<Vector, 2, kVectors>(o, row, column);
    for (; row < o.rows; ++row) add_tile<Vector, 1, kVectors>(o, row, column);
  }
  return column;
}

// Tile shapes fill the registers of each instruction set: 32 of 64 bytes, 16 of 32 bytes, 16 of 16 bytes.
#ifdef THAW_X86_VERSIONS
__attribute__((target("avx512f"))) void add_block_avx512(const Operands& o) {
  int64_t column = add_strips<Float16, 8, 2>(o, 0);
  column = add_strips<Float16, 8, 1>(o, column);
  column = add_strips<Float8, 6, 1>(o, column);
  column = add_strips<Float4, 6, 1>(o, column);
  add_strips<float, 2, 1>(o, column);
}

__attribute__((target("avx2"))) void add_block_avx2(const Operands& o) {
  int64_t column = add_strips<Float8, 6, 2>(o, 0);
  column = add_strips<Float8, 6, 1>(o, column);
  column = add_strips<Float4, 6, 1>(o, column);
  add_strips<float, 2, 1>(o, column);
}
#endif

void add_block_portable(const Operands& o) {
  int64_t column = add_strips<Float4, 4, 2>(o, 0);
  column = add_strips<Float4, 6, 1>(o, column);
  add_strips<float, 2, 1>(o, column);
}

void add_block(InstructionSet set, const Operands& o) {
#ifdef THAW_X86_VERSIONS
  if (set == InstructionSet::avx512_vnni) return add_block_avx512(o);
  if (set == InstructionSet::avx2) return add_block_avx2(o);
#endif
  (void)set;
  add_block_portable(o);
}

}  // namespace

void add_product(MatrixView<const float> left, MatrixView<const float> right, MatrixView<float> result) {
  assert(left.columns == right.rows && left.rows == result.rows && right.columns == result.columns);
  assert(right.column_stride == 1 && result.column_stride == 1);
  const InstructionSet set = instruction_set();
  for (int64_t begin = 0; begin < left.columns; begin += kProductDepthBlock)
    add_block(set, {left.data + begin * left.column_stride, left.row_stride, left.column_stride,
                    right.data + begin * right.row_stride, right.row_stride, result.data, result.row_stride,
                    left.rows, right.columns, std::min(kProductDepthBlock, left.columns - begin)});
}

}  // namespace thaw
