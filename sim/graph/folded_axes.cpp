#include "sim/graph/folded_axes.h"

#include <algorithm>

namespace thaw {

TransposeAxes folded_axes(const std::vector<int32_t>& shape, const Transpose& transpose) {
  if (shape.size() <= kKernelAxes) return {shape, transpose.permutation};
  // Runs of input axes that stay together, in the order of the output; axes of one element are nowhere.
  struct Run {
    int32_t first, last;  // input axes
    int32_t size;
  };
  std::vector<Run> runs;
  int32_t before = -1;  // the last axis of more than one element before this one, per input axis
  std::vector<int32_t> wide_before(shape.size(), -1);
  for (size_t i = 0; i < shape.size(); ++i) {
    wide_before[i] = before;
    if (shape[i] > 1) before = static_cast<int32_t>(i);
  }
  for (int32_t axis : transpose.permutation) {
    const int32_t size = shape[static_cast<size_t>(axis)];
    if (size == 1) continue;
    if (!runs.empty() && runs.back().last == wide_before[static_cast<size_t>(axis)])
      runs.back() = {runs.back().first, axis, runs.back().size * size};
    else
      runs.push_back({axis, axis, size});
  }
  std::vector<Run> in_order = runs;
  std::sort(in_order.begin(), in_order.end(), [](const Run& a, const Run& b) { return a.first < b.first; });
  TransposeAxes folded;
  for (const Run& run : in_order) folded.sizes.push_back(run.size);
  for (const Run& run : runs)
    folded.permutation.push_back(static_cast<int32_t>(
        std::find_if(in_order.begin(), in_order.end(), [&](const Run& r) { return r.first == run.first; }) -
        in_order.begin()));
  return folded;
}

PadAxes folded_axes(const std::vector<int32_t>& shape, const Pad& pad) {
  if (shape.size() <= kKernelAxes) return {shape, pad.paddings};
  PadAxes folded;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool padded = pad.paddings[i] != std::array<int32_t, 2>{0, 0};
    if (padded || folded.sizes.empty()) {
      folded.sizes.push_back(shape[i]);
      folded.paddings.push_back(pad.paddings[i]);
      continue;
    }
    // All of this axis belongs to each element of the one before.
    folded.sizes.back() *= shape[i];
    for (int32_t& count : folded.paddings.back()) count *= shape[i];
  }
  return folded;
}

SliceAxes folded_axes(const std::vector<int32_t>& shape, const Slice& slice) {
  SliceAxes folded;
  for (size_t i = 0; i < shape.size(); ++i) {
    const TakenAxis& taken = slice.axes[i];
    const int32_t size = shape[i];
    if (size == 1) continue;
    const bool whole = taken == TakenAxis{0, 1, size};
    // All of this axis belongs to each position of the one before, where those follow each other.
    if (whole && !folded.taken.empty() && folded.taken.back().step == 1) {
      TakenAxis& before = folded.taken.back();
      before = {before.first * size, 1, before.count * size};
      folded.sizes.back() *= size;
      continue;
    }
    folded.sizes.push_back(size);
    folded.taken.push_back(taken);
  }
  return folded;
}

MeanAxes folded_axes(const std::vector<int32_t>& shape, const Mean& mean) {
  const bool keep = shape.size() <= kKernelAxes;
  MeanAxes folded;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool reduced =
        std::find(mean.axes.begin(), mean.axes.end(), static_cast<int32_t>(i)) != mean.axes.end();
    if (!keep && shape[i] == 1) continue;
    if (!keep && !folded.sizes.empty() && folded.reduced.back() == reduced) {
      folded.sizes.back() *= shape[i];
      continue;
    }
    folded.sizes.push_back(shape[i]);
    folded.reduced.push_back(reduced);
  }
  return folded;
}

}  // namespace thaw
