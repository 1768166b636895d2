// integer_dot.h for AVX2: 16 products of int16 in one instruction. Other formats are left to the portable
// version: AVX2's byte products saturate.
#include "sim/exec/host/integer_dot_versions.h"

#ifdef THAW_X86_DOT

#include <immintrin.h>

#include <hwy/base.h>
#include <cstring>

HWY_PUSH_ATTRIBUTES("avx2")
#include "sim/exec/host/integer_dot_tiles.h"

namespace thaw {
namespace {

struct Avx2 {
  using Vector = __m256i;
  static constexpr int kLanes = 8;
  static constexpr int kTileRows = 4;  // 4 x 2 sums, 2 columns, 1 value, 1 product: 12 of 16 registers
  static constexpr int kTileBlocks = 1;

  static Vector zero() { return _mm256_setzero_si256(); }
  static Vector load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
  static void store(int32_t* to, Vector v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v); }
  static Vector broadcast(const std::byte* from) {
    int word;
    std::memcpy(&word, from, sizeof word);
    return _mm256_set1_epi32(word);
  }
  template <WordFormat>
  static Vector dot(Vector sum, Vector left, Vector right) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(left, right));
  }
};

}  // namespace

void multiply_avx2(const MatrixProduct& product) {
  if (product.format != WordFormat::int16_pairs) return multiply_portable(product);
  multiply_all<Avx2, WordFormat::int16_pairs>(product);
}

void correlate_depthwise_avx2(const DepthwiseProduct& product) {
  if (product.format != WordFormat::int16_pairs) return correlate_depthwise_portable(product);
  correlate_all<Avx2, WordFormat::int16_pairs>(product);
}

}  // namespace thaw
HWY_POP_ATTRIBUTES
#endif
