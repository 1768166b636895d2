// Memory of the host kernels, allocated while steps are prepared and reused by all of them: fresh pages cost
// more than the arithmetic, and small buffers used again and again stay in the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "sim/exec/host/row_kernels.h"

namespace thaw {

/// Bytes aligned to 64, zero at first, with kSlack to spare behind the size asked for.
class Scratch {
 public:
  Scratch() = default;
  explicit Scratch(int64_t bytes) { reserve(bytes); }

  /// Grows to at least `bytes`; what was inside is lost. Not while a step runs.
  void reserve(int64_t bytes) {
    if (memory_ && bytes <= bytes_) return;
    bytes_ = bytes;
    const auto size = static_cast<size_t>(bytes + kSlack);
    memory_.reset(static_cast<std::byte*>(::operator new(size, kAlignment)));
    std::memset(memory_.get(), 0, size);
  }

  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(memory_.get());
  }

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Delete {
    void operator()(std::byte* memory) const { ::operator delete(memory, kAlignment); }
  };
  int64_t bytes_ = 0;
  std::unique_ptr<std::byte, Delete> memory_;
};

/// What the steps of one plan share; each is free again when a step ends.
struct Workspace {
  Scratch image;                   // source of a convolution, padded and converted
  Scratch word_rows;               // interleaved rows of a depthwise convolution
  Scratch start;                   // int32 per channel: what sums start from
  Scratch sums;                    // int32 sums of some rows
  Scratch other_sums;              // the same of a second source
  Scratch reshaped;                // sums in the shape in which a layer reads its input
  Scratch ungrouped;               // the same of one row, before channels of a depth multiplier are added up
  Scratch passed;                  // byte mask of a tensor
  Scratch left, right;             // operands of a weight gradient
  Scratch columns;                 // its windows, unfolded
  Scratch fixed, updated, random;  // weights of a layer as int16, new ones, random bits
  Scratch pointers;                // row pointers of an interleaving
};

/// Int32 values that fit the first cache level together with what they are made from.
inline constexpr int64_t kSumsInCache = 8192;

}  // namespace thaw
