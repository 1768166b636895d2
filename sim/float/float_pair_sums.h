// Sums of elementwise products of rows: what a depthwise convolution and its gradients are made of.
#pragma once

#include <cstdint>
#include <span>

namespace thaw {

/// Two rows that are multiplied element by element.
struct RowPair {
  const float* left;
  const float* right;
};

/// sums[i][c] += sum over the pairs begins[i] .. begins[i + 1] - 1, in that order, of left[c] * right[c];
/// each operation rounded to float32, the sum added to what was there at the end. sums: [begins.size() -
/// 1][width].
void add_pair_sums(std::span<const RowPair> pairs, std::span<const int64_t> begins, int64_t width,
                   float* sums);

}  // namespace thaw
