// Operators on tensors of many axes, told to kernels of four: neighbouring axes that an operator treats alike
// are one axis to it. Example: the channel shuffle [1,4,4,2,3] -> [1,4,4,3,2] moves [16,2,3] to [16,3,2].
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// Most axes that the kernels of MEAN and PAD have, and that of TRANSPOSE.
inline constexpr size_t kKernelAxes = 4;

/// Input axes as the kernel sees them. Tensors of up to four axes stay as they are; others are folded as far
/// as they can be, which may leave more than four: `check_graph` refuses those.
struct TransposeAxes {
  std::vector<int32_t> sizes, permutation;
};
TransposeAxes folded_axes(const std::vector<int32_t>& shape, const Transpose& transpose);

struct PadAxes {
  std::vector<int32_t> sizes;
  std::vector<std::array<int32_t, 2>> paddings;
};
PadAxes folded_axes(const std::vector<int32_t>& shape, const Pad& pad);

/// Axes of which all positions are taken are joined with the one before them; those of one position are gone.
struct SliceAxes {
  std::vector<int32_t> sizes;
  std::vector<TakenAxis> taken;
};
SliceAxes folded_axes(const std::vector<int32_t>& shape, const Slice& slice);

struct MeanAxes {
  std::vector<int32_t> sizes;
  std::vector<bool> reduced;
};
MeanAxes folded_axes(const std::vector<int32_t>& shape, const Mean& mean);

}  // namespace thaw
