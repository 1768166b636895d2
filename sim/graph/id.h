// Small integer ids, one type each, so that a tensor id cannot be passed where an operator id is meant.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace thaw {

/// Index into the vector that owns the things of one kind; -1 means "absent".
template <class Tag>
struct Id {
  int32_t value = -1;

  constexpr Id() = default;
  constexpr explicit Id(int32_t v) : value(v) {}
  constexpr explicit Id(size_t v) : value(static_cast<int32_t>(v)) {}
  constexpr bool present() const { return value >= 0; }
  constexpr size_t index() const { return static_cast<size_t>(value); }
  constexpr auto operator<=>(const Id&) const = default;
};

using TensorId = Id<struct TensorTag>;
using OpId = Id<struct OpTag>;
using BufferId = Id<struct BufferTag>;

}  // namespace thaw
