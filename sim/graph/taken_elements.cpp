#include "sim/graph/taken_elements.h"

#include <algorithm>

namespace thaw {
namespace {

bool bit(int32_t mask, size_t i) {
  return i < 31 && ((mask >> i) & 1) != 0;
}

/// Grows the slice by one entry of the operator after the other.
class StridedSlice {
 public:
  StridedSlice(std::span<const int32_t> shape, const SliceMasks& masks) : shape_(shape), masks_(masks) {}

  std::optional<TakenElements> run(std::span<const int64_t> begin, std::span<const int64_t> end,
                                   std::span<const int64_t> strides) {
    if (end.size() != begin.size() || strides.size() != begin.size()) return std::nullopt;
    size_t named = 0;
    for (size_t i = 0; i < begin.size(); ++i)
      if (!bit(masks_.ellipsis, i) && !bit(masks_.new_axis, i)) ++named;
    if (named > shape_.size()) return std::nullopt;
    bool filled = false;
    for (size_t i = 0; i < begin.size(); ++i) {
      if (bit(masks_.ellipsis, i)) {
        if (filled) return std::nullopt;
        filled = true;
        take_whole(shape_.size() - named);
      } else if (bit(masks_.new_axis, i)) {
        taken_.shape.push_back(1);
      } else if (!take(i, begin[i], end[i], strides[i])) {
        return std::nullopt;
      }
    }
    take_whole(shape_.size() - taken_.axes.size());
    return taken_;
  }

 private:
  int64_t next_size() const { return shape_[taken_.axes.size()]; }

  void take_whole(size_t axes) {
    for (size_t k = 0; k < axes; ++k) {
      taken_.shape.push_back(shape_[taken_.axes.size()]);
      taken_.axes.push_back({0, 1, shape_[taken_.axes.size()]});
    }
  }

  /// The next axis, as entry i says; false where nothing of it is left.
  bool take(size_t i, int64_t begin, int64_t end, int64_t step) {
    const int64_t size = next_size();
    if (step == 0 || step > INT32_MAX || step < -INT32_MAX) return false;
    const bool shrinks = bit(masks_.shrink_axis, i);
    const int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1;
    const auto placed = [&](int64_t v) {
      v = std::clamp<int64_t>(v, INT32_MIN, INT32_MAX);
      return v < 0 ? v + size : v;
    };
    int64_t from = std::clamp(placed(begin), lowest, highest);
    if (bit(masks_.begin, i)) from = step > 0 ? 0 : size - 1;
    if (shrinks) {
      if (!bit(masks_.begin, i) && (placed(begin) < 0 || placed(begin) >= size)) return false;
      taken_.axes.push_back({static_cast<int32_t>(from), 1, 1});
      return true;
    }
    int64_t to = std::clamp(masks_.offset ? from + end : placed(end), lowest, highest);
    if (bit(masks_.end, i)) to = step > 0 ? size : -1;
    const int64_t apart = step > 0 ? to - from : from - to, stride = step > 0 ? step : -step;
    if (apart <= 0) return false;
    const auto count = static_cast<int32_t>((apart + stride - 1) / stride);
    taken_.axes.push_back({static_cast<int32_t>(from), count == 1 ? 1 : static_cast<int32_t>(step), count});
    taken_.shape.push_back(count);
    return true;
  }

  std::span<const int32_t> shape_;
  const SliceMasks& masks_;
  TakenElements taken_;
};

}  // namespace

std::optional<TakenElements> sliced_elements(std::span<const int32_t> shape, std::span<const int64_t> begin,
                                             std::span<const int64_t> size) {
  if (begin.size() != shape.size() || size.size() != shape.size()) return std::nullopt;
  TakenElements taken;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (begin[i] < 0 || begin[i] >= shape[i]) return std::nullopt;
    const int64_t count = size[i] == -1 ? shape[i] - begin[i] : size[i];
    if (count < 1 || count > shape[i] - begin[i]) return std::nullopt;
    taken.axes.push_back({static_cast<int32_t>(begin[i]), 1, static_cast<int32_t>(count)});
    taken.shape.push_back(static_cast<int32_t>(count));
  }
  return taken;
}

std::optional<TakenElements> strided_elements(std::span<const int32_t> shape, std::span<const int64_t> begin,
                                              std::span<const int64_t> end, std::span<const int64_t> strides,
                                              const SliceMasks& masks) {
  return StridedSlice(shape, masks).run(begin, end, strides);
}

}  // namespace thaw
