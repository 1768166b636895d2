// The table of versions and the two functions that go through it.
#include "sim/exec/host/integer_dot.h"

#include <algorithm>

#include "sim/exec/host/integer_dot_versions.h"

namespace thaw {
namespace {

bool always() {
  return true;
}

#ifdef THAW_X86_DOT
bool has_avx2() {
  return __builtin_cpu_supports("avx2");
}

bool has_avx512_vnni() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}
#endif

constexpr IntegerDotVersion kVersions[] = {
    {InstructionSet::portable, "portable", always, WordFormat::int16_pairs, multiply_portable,
     correlate_depthwise_portable},
    {InstructionSet::eigen, "eigen", always, WordFormat::float32, multiply_eigen, correlate_depthwise_eigen},
#ifdef THAW_X86_DOT
    {InstructionSet::avx2, "avx2", has_avx2, WordFormat::int16_pairs, multiply_avx2,
     correlate_depthwise_avx2},
    {InstructionSet::avx512_vnni, "avx512_vnni", has_avx512_vnni, WordFormat::byte_quads,
     multiply_avx512_vnni, correlate_depthwise_avx512_vnni},
#endif
};

}  // namespace

std::span<const IntegerDotVersion> integer_dot_versions() {
  return kVersions;
}

const IntegerDotVersion& integer_dot_version() {
  const InstructionSet set = instruction_set();
  return *std::ranges::find(kVersions, set, &IntegerDotVersion::set);
}

void multiply(const MatrixProduct& product) {
  integer_dot_version().multiply(product);
}

void correlate_depthwise(const DepthwiseProduct& product) {
  integer_dot_version().correlate_depthwise(product);
}

}  // namespace thaw
