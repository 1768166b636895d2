// How gradients pass the operators that are neither convolutions nor residual adds: which kernel computes the
// input gradient, with what numbers (arithmetic section 15).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sim/graph/graph.h"
#include "sim/plan/plan.h"

namespace thaw {

/// The way of gradients from an operator's output to one of its inputs, in integers of both: the kernel of
/// `rule` sums gradients with weights of its own, `factor` is what is left to multiply by.
struct OperatorGradient {
  GradientRule rule;  // buffers unset
  double factor = 1.0;
  int64_t most_weight = 1;  // no input element's weights have absolute values of a larger sum
};

/// Why gradients do not pass an operator, one sentence; empty where they do.
std::string why_no_gradient(const Graph& graph, const Op& op);

/// The rule of input `input` of an operator that gradients pass.
OperatorGradient operator_gradient(const Graph& graph, const Op& op, size_t input);

/// Whether the operator may clamp an output element, so that the gradient needs a mask.
bool may_clamp(const Graph& graph, const Op& op);

/// Factor 2^shift by which the integers of a source enter its tensor, so that they use the 31 bits that there
/// are: at most 16, negative where the sums of `bits`-bit gradients do not fit.
int32_t left_shift_of(const OperatorGradient& gradient, int32_t bits);

}  // namespace thaw
