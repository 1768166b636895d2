#include "sim/float/float_pair_sums.h"

#include <cstring>

#include "sim/exec/host/instruction_set.h"
#include "sim/exec/host/multiversion.h"

namespace thaw {
namespace {

using Float16 [[gnu::vector_size(64)]] = float;
using Float8 [[gnu::vector_size(32)]] = float;
using Float4 [[gnu::vector_size(16)]] = float;

struct Operands {
  const RowPair* pairs;
  const int64_t* begins;
  int64_t sums, width;
  float* result;
};

/// One sum for kVectors vectors of neighbouring channels, held in registers.
template <class Vector, int kVectors>
[[gnu::always_inline]] inline void add_one(const RowPair* pair, const RowPair* end, int64_t channel,
                                           float* result) {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): Vector holds several floats
  constexpr auto kLanes = static_cast<int64_t>(sizeof(Vector) / sizeof(float));
  Vector sums[kVectors] = {};
  for (; pair != end; ++pair)
    for (int v = 0; v < kVectors; ++v) {
      Vector left, right;
      std::memcpy(&left, pair->left + channel + v * kLanes, sizeof left);
      std::memcpy(&right, pair->right + channel + v * kLanes, sizeof right);
      sums[v] += left * right;
    }
  for (int v = 0; v < kVectors; ++v) {
    Vector total;
    std::memcpy(&total, result + v * kLanes, sizeof total);
    total += sums[v];
    std::memcpy(result + v * kLanes, &total, sizeof total);
  }
}

template <class Vector, int kVectors>
[[gnu::always_inline]] inline int64_t add_strip(const Operands& o, int64_t sum, int64_t channel) {
  constexpr auto kWidth = static_cast<int64_t>(kVectors * sizeof(Vector) / sizeof(float));
  for (; channel + kWidth <= o.width; channel += kWidth)
    add_one<Vector, kVectors>(o.pairs + o.begins[sum], o.pairs + o.begins[sum + 1], channel,
                              o.result + sum * o.width + channel);
  return channel;
}

#ifdef THAW_X86_VERSIONS
__attribute__((target("avx512f"))) void add_sums_avx512(const Operands& o) {
  for (int64_t sum = 0; sum < o.sums; ++sum) {
    int64_t channel = add_strip<Float16, 4>(o, sum, 0);
    channel = add_strip<Float16, 1>(o, sum, channel);
    channel = add_strip<Float4, 1>(o, sum, channel);
    add_strip<float, 1>(o, sum, channel);
  }
}

__attribute__((target("avx2"))) void add_sums_avx2(const Operands& o) {
  for (int64_t sum = 0; sum < o.sums; ++sum) {
    int64_t channel = add_strip<Float8, 4>(o, sum, 0);
    channel = add_strip<Float8, 1>(o, sum, channel);
    channel = add_strip<Float4, 1>(o, sum, channel);
    add_strip<float, 1>(o, sum, channel);
  }
}
#endif

void add_sums_portable(const Operands& o) {
  for (int64_t sum = 0; sum < o.sums; ++sum) {
    int64_t channel = add_strip<Float4, 4>(o, sum, 0);
    channel = add_strip<Float4, 1>(o, sum, channel);
    add_strip<float, 1>(o, sum, channel);
  }
}

}  // namespace

void add_pair_sums(std::span<const RowPair> pairs, std::span<const int64_t> begins, int64_t width,
                   float* sums) {
  const Operands operands{pairs.data(), begins.data(), static_cast<int64_t>(begins.size()) - 1, width, sums};
#ifdef THAW_X86_VERSIONS
  const InstructionSet set = instruction_set();
  if (set == InstructionSet::avx512_vnni) return add_sums_avx512(operands);
  if (set == InstructionSet::avx2) return add_sums_avx2(operands);
#endif
  add_sums_portable(operands);
}

}  // namespace thaw
