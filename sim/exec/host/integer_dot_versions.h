// The versions of integer_dot.h's functions, one for each instruction set; integer_dot.cpp chooses.
#pragma once

#include "sim/exec/host/integer_dot.h"

namespace thaw {

void multiply_portable(const MatrixProduct& product);
void correlate_depthwise_portable(const DepthwiseProduct& product);

#if defined(__x86_64__) && defined(__GNUC__)
#define THAW_X86_DOT 1
/// int16_pairs only.
void multiply_avx2(const MatrixProduct& product);
void correlate_depthwise_avx2(const DepthwiseProduct& product);

void multiply_avx512_vnni(const MatrixProduct& product);
void correlate_depthwise_avx512_vnni(const DepthwiseProduct& product);
#endif

}  // namespace thaw
