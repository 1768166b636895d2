#include "sim/exec/host/integer_dot.h"

#include "sim/exec/host/instruction_set.h"
#include "sim/exec/host/integer_dot_versions.h"

namespace thaw {

void multiply(const MatrixProduct& product) {
#ifdef THAW_X86_DOT
  const InstructionSet set = instruction_set();
  if (set == InstructionSet::avx512_vnni) return multiply_avx512_vnni(product);
  if (set == InstructionSet::avx2 && product.format == WordFormat::int16_pairs) return multiply_avx2(product);
#endif
  multiply_portable(product);
}

void correlate_depthwise(const DepthwiseProduct& product) {
#ifdef THAW_X86_DOT
  const InstructionSet set = instruction_set();
  if (set == InstructionSet::avx512_vnni) return correlate_depthwise_avx512_vnni(product);
  if (set == InstructionSet::avx2 && product.format == WordFormat::int16_pairs)
    return correlate_depthwise_avx2(product);
#endif
  correlate_depthwise_portable(product);
}

}  // namespace thaw
