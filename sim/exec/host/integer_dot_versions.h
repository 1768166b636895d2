// The table of instruction sets: for each its name, whether this processor has it, and its version of
// integer_dot.h's functions. Dispatch, names and THAW_INSTRUCTION_SET read this table and nothing else.
#pragma once

#include <span>

#include "sim/exec/host/instruction_set.h"
#include "sim/exec/host/integer_dot.h"

namespace thaw {

struct IntegerDotVersion {
  InstructionSet set;
  const char* name;
  bool (*supported)();     // by this processor
  WordFormat int8_format;  // what int8 operands are packed into; wider ones are always int16_pairs
  /// Both serve every format, so that operands packed before a change of set stay good.
  void (*multiply)(const MatrixProduct& product);
  void (*correlate_depthwise)(const DepthwiseProduct& product);
};

/// Those of this build, in rising order of speed.
std::span<const IntegerDotVersion> integer_dot_versions();

/// The version in use.
const IntegerDotVersion& integer_dot_version();

void multiply_portable(const MatrixProduct& product);
void correlate_depthwise_portable(const DepthwiseProduct& product);

void multiply_eigen(const MatrixProduct& product);
void correlate_depthwise_eigen(const DepthwiseProduct& product);

#if defined(__x86_64__) && defined(__GNUC__)
#define THAW_X86_DOT 1
void multiply_avx2(const MatrixProduct& product);
void correlate_depthwise_avx2(const DepthwiseProduct& product);

void multiply_avx512_vnni(const MatrixProduct& product);
void correlate_depthwise_avx512_vnni(const DepthwiseProduct& product);
#endif

}  // namespace thaw
