#include "sim/graph/sparse_tensor.h"

#include <algorithm>
#include <cstddef>

#include "sim/graph/tflite_access.h"

namespace thaw {
namespace {

using tflite::SparseIndexVector;

/// One axis in the order of storage.
struct Level {
  size_t axis = 0;   // of the tensor; of its blocks from the rank on
  int64_t size = 0;  // positions along it
  bool compressed = false;
  std::vector<int64_t> segments, indices;  // where compressed
};

template <class Vector>
std::vector<int64_t> wide(const Vector* vector) {
  if (vector == nullptr) return {};
  const auto numbers = values(vector->values());
  return {numbers.begin(), numbers.end()};
}

std::vector<int64_t> numbers_of(SparseIndexVector type, const void* vector) {
  switch (type) {
    case SparseIndexVector::Int32Vector:
      return wide(static_cast<const tflite::Int32Vector*>(vector));
    case SparseIndexVector::Uint16Vector:
      return wide(static_cast<const tflite::Uint16Vector*>(vector));
    case SparseIndexVector::Uint8Vector:
      return wide(static_cast<const tflite::Uint8Vector*>(vector));
    default:
      return {};
  }
}

class SparseReader {
 public:
  SparseReader(const tflite::Tensor& tensor, std::span<const uint8_t> stored)
      : shape_(values(tensor.shape())), size_(element_bytes(tensor.type())), stored_(stored) {}

  std::optional<std::vector<uint8_t>> read(const tflite::SparsityParameters& sparsity) {
    const auto elements = foldable_elements(shape_);
    if (!elements || size_ == 0 || !read_blocks(sparsity) || !read_levels(sparsity)) return std::nullopt;
    dense_.assign(static_cast<size_t>(*elements) * size_, 0);
    at_.assign(levels_.size(), 0);
    if (!fill(0, 0) || next_ != stored_.size()) return std::nullopt;
    return std::move(dense_);
  }

 private:
  /// Sizes of the blocks along each axis of the tensor: 1 where there are none.
  bool read_blocks(const tflite::SparsityParameters& sparsity) {
    const std::span<const int32_t> map = values(sparsity.block_map());
    const size_t rank = shape_.size(), levels = count(sparsity.traversal_order());
    if (levels != rank + map.size() || count(sparsity.dim_metadata()) != levels || map.size() > rank)
      return false;
    block_.assign(rank, 1);
    block_axis_.assign(map.begin(), map.end());
    for (size_t level = rank; level < levels; ++level) {
      const int64_t axis = values(sparsity.traversal_order())[level] - static_cast<int64_t>(rank);
      if (axis < 0 || axis >= static_cast<int64_t>(map.size())) return false;
      const int32_t of = map[static_cast<size_t>(axis)];
      const tflite::DimensionMetadata& about =
          *sparsity.dim_metadata()->Get(static_cast<flatbuffers::uoffset_t>(level));
      if (of < 0 || static_cast<size_t>(of) >= rank || about.dense_size() < 1) return false;
      int64_t& block = block_[static_cast<size_t>(of)];
      block = about.dense_size();
      if (block == 0 || shape_[static_cast<size_t>(of)] % block != 0) return false;
    }
    return true;
  }

  bool read_levels(const tflite::SparsityParameters& sparsity) {
    const std::span<const int32_t> order = values(sparsity.traversal_order());
    std::vector<bool> seen(order.size(), false);
    for (size_t level = 0; level < order.size(); ++level) {
      const auto axis = static_cast<size_t>(order[level]);
      if (order[level] < 0 || axis >= order.size() || seen[axis]) return false;
      seen[axis] = true;
      const bool in_block = axis >= shape_.size();
      if (in_block != (level >= shape_.size())) return false;
      const tflite::DimensionMetadata& about =
          *sparsity.dim_metadata()->Get(static_cast<flatbuffers::uoffset_t>(level));
      Level made;
      made.axis = axis;
      made.size = in_block ? block_[static_cast<size_t>(block_axis_[axis - shape_.size()])]
                           : shape_[axis] / block_[axis];
      made.compressed = about.format() == tflite::DimensionType::SPARSE_CSR;
      if (!made.compressed && about.dense_size() != made.size) return false;
      if (made.compressed) {
        made.segments = numbers_of(about.array_segments_type(), about.array_segments());
        made.indices = numbers_of(about.array_indices_type(), about.array_indices());
      }
      levels_.push_back(std::move(made));
    }
    return true;
  }

  /// Places the values below position `parent` of the level before.
  bool fill(size_t level, int64_t parent) {
    if (level == levels_.size()) return place();
    const Level& here = levels_[level];
    if (!here.compressed) {
      for (int64_t i = 0; i < here.size; ++i) {
        at_[here.axis] = i;
        if (!fill(level + 1, parent * here.size + i)) return false;
      }
      return true;
    }
    if (parent + 1 >= static_cast<int64_t>(here.segments.size())) return false;
    const int64_t first = here.segments[static_cast<size_t>(parent)];
    const int64_t last = here.segments[static_cast<size_t>(parent) + 1];
    if (first < 0 || first > last || last > static_cast<int64_t>(here.indices.size())) return false;
    for (int64_t i = first, before = -1; i < last; ++i) {
      const int64_t index = here.indices[static_cast<size_t>(i)];
      if (index <= before || index >= here.size) return false;
      at_[here.axis] = before = index;
      if (!fill(level + 1, i)) return false;
    }
    return true;
  }

  /// The next value, at the position of all levels.
  bool place() {
    if (stored_.size() - next_ < size_) return false;
    size_t element = 0;
    for (size_t axis = 0; axis < shape_.size(); ++axis) {
      int64_t position = at_[axis] * block_[axis];
      for (size_t b = 0; b < block_axis_.size(); ++b)
        if (static_cast<size_t>(block_axis_[b]) == axis) position += at_[shape_.size() + b];
      element = element * static_cast<size_t>(shape_[axis]) + static_cast<size_t>(position);
    }
    if ((element + 1) * size_ > dense_.size()) return false;
    std::copy_n(stored_.begin() + static_cast<std::ptrdiff_t>(next_), size_,
                dense_.begin() + static_cast<std::ptrdiff_t>(element * size_));
    next_ += size_;
    return true;
  }

  std::span<const int32_t> shape_;
  size_t size_;  // bytes of an element
  std::span<const uint8_t> stored_;
  size_t next_ = 0;  // byte of `stored_`
  std::vector<int64_t> block_;
  std::vector<int32_t> block_axis_;  // the tensor's axis that an axis of the blocks divides
  std::vector<Level> levels_;
  std::vector<int64_t> at_;  // by axis: those of the tensor, counted in blocks, then those of the blocks
  std::vector<uint8_t> dense_;
};

}  // namespace

std::optional<std::vector<uint8_t>> dense_bytes(const tflite::Tensor& tensor,
                                                std::span<const uint8_t> values) {
  if (tensor.sparsity() == nullptr) return std::nullopt;
  return SparseReader(tensor, values).read(*tensor.sparsity());
}

}  // namespace thaw
