// integer_dot.h for AVX-512 with VNNI: 32 products of int16 or 64 of bytes in one instruction. Floats are
// left to the portable version.
#include "sim/exec/host/integer_dot_versions.h"

#ifdef THAW_X86_DOT

#include <immintrin.h>

#include <hwy/base.h>
#include <cstring>

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512vl,avx512vnni")
#include "sim/exec/host/integer_dot_tiles.h"

namespace thaw {
namespace {

struct Avx512Vnni {
  using Vector = __m512i;
  static constexpr int kLanes = 16;
  static constexpr int kTileRows = 8;  // 8 x 3 sums, 3 columns, 1 value: 28 of 32 registers
  static constexpr int kTileBlocks = 3;

  static Vector zero() { return _mm512_setzero_si512(); }
  static Vector load(const void* from) { return _mm512_loadu_si512(from); }
  static void store(int32_t* to, Vector v) { _mm512_storeu_si512(to, v); }
  static Vector broadcast(const std::byte* from) {
    int word;
    std::memcpy(&word, from, sizeof word);
    return _mm512_set1_epi32(word);
  }
  template <WordFormat format>
  static Vector dot(Vector sum, Vector left, Vector right) {
    if constexpr (format == WordFormat::int16_pairs)
      return _mm512_dpwssd_epi32(sum, left, right);
    else
      return _mm512_dpbusd_epi32(sum, left, right);
  }
};

}  // namespace

void multiply_avx512_vnni(const MatrixProduct& product) {
  if (product.format == WordFormat::float32) return multiply_portable(product);
  if (product.format == WordFormat::int16_pairs)
    multiply_all<Avx512Vnni, WordFormat::int16_pairs>(product);
  else
    multiply_all<Avx512Vnni, WordFormat::byte_quads>(product);
}

void correlate_depthwise_avx512_vnni(const DepthwiseProduct& product) {
  if (product.format == WordFormat::float32) return correlate_depthwise_portable(product);
  if (product.format == WordFormat::int16_pairs)
    correlate_all<Avx512Vnni, WordFormat::int16_pairs>(product);
  else
    correlate_all<Avx512Vnni, WordFormat::byte_quads>(product);
}

}  // namespace thaw
HWY_POP_ATTRIBUTES
#endif
