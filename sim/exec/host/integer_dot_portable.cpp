// integer_dot.h in plain C++, for any processor and every format: the reference of the other versions, which
// leave formats without instructions of theirs to it.
#include <bit>
#include <cstring>

#include "sim/exec/host/integer_dot_tiles.h"
#include "sim/exec/host/integer_dot_versions.h"

namespace thaw {
namespace {

struct Portable {
  struct Vector {
    uint32_t lane[kColumnBlock];  // unsigned: sums may pass 2^31 on the way
  };
  static constexpr int kLanes = kColumnBlock;
  static constexpr int kTileRows = 2;
  static constexpr int kTileBlocks = 1;

  static Vector zero() { return {}; }
  static Vector load(const void* from) {
    Vector v;
    std::memcpy(&v, from, sizeof v);
    return v;
  }
  static void store(int32_t* to, const Vector& v) { std::memcpy(to, &v, sizeof v); }
  static Vector broadcast(const std::byte* from) {
    uint32_t word;
    std::memcpy(&word, from, sizeof word);
    Vector v;
    for (uint32_t& lane : v.lane) lane = word;
    return v;
  }
  static uint32_t integer(uint32_t word) {
    return static_cast<uint32_t>(static_cast<int32_t>(std::bit_cast<float>(word)));
  }
  template <class Left, class Right>
  static void add_products(Vector& sum, const Vector& left, const Vector& right) {
    constexpr int kValues = sizeof(uint32_t) / sizeof(Left);
    Left a[kColumnBlock * kValues];
    Right b[kColumnBlock * kValues];
    std::memcpy(a, &left, sizeof left);
    std::memcpy(b, &right, sizeof right);
    for (int i = 0; i < kColumnBlock; ++i)
      for (int j = 0; j < kValues; ++j)
        sum.lane[i] += static_cast<uint32_t>(int32_t{a[i * kValues + j]} * int32_t{b[i * kValues + j]});
  }
  template <WordFormat format>
  static Vector dot(Vector sum, const Vector& left, const Vector& right) {
    if constexpr (format == WordFormat::int16_pairs)
      add_products<int16_t, int16_t>(sum, left, right);
    else if constexpr (format == WordFormat::byte_quads)
      add_products<uint8_t, int8_t>(sum, left, right);
    else
      for (int i = 0; i < kColumnBlock; ++i) sum.lane[i] += integer(left.lane[i]) * integer(right.lane[i]);
    return sum;
  }
};

}  // namespace

void multiply_portable(const MatrixProduct& product) {
  switch (product.format) {
    case WordFormat::int16_pairs:
      return multiply_all<Portable, WordFormat::int16_pairs>(product);
    case WordFormat::byte_quads:
      return multiply_all<Portable, WordFormat::byte_quads>(product);
    case WordFormat::float32:
      return multiply_all<Portable, WordFormat::float32>(product);
  }
}

void correlate_depthwise_portable(const DepthwiseProduct& product) {
  switch (product.format) {
    case WordFormat::int16_pairs:
      return correlate_all<Portable, WordFormat::int16_pairs>(product);
    case WordFormat::byte_quads:
      return correlate_all<Portable, WordFormat::byte_quads>(product);
    case WordFormat::float32:
      return correlate_all<Portable, WordFormat::float32>(product);
  }
}

}  // namespace thaw
