// What operators ask of the tensors they read and write: how many, of which type and quantisation, and scales
// that the int8 kernels can reach. The quantisation specification is TFLite's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/graph/graph.h"

namespace thaw {

/// Most axes of the kernels that repeat an input along axes, and of those that move elements.
inline constexpr size_t kBroadcastAxes = 5;

/// The checks that kinds of operators share, on one operator. Each throws Error naming the field path of the
/// first fault; those that return a tensor have checked it. `arity` comes first: the others index by it.
class OperandCheck {
 protected:
  OperandCheck(const Graph& graph, const Op& op) : graph_(graph), op_(op) {}

  [[noreturn]] void fail(const std::string& path, const std::string& what,
                         const std::string& hint = "") const;

  /// Of the operator.
  std::string path() const;

  /// `what` continues the name of input k: "is a constant".
  [[noreturn]] void bad_input(size_t k, const std::string& what, const std::string& hint = "") const;

  /// `what` continues the output's path: ".shape is ...".
  [[noreturn]] void bad_output(const std::string& what, const std::string& hint = "") const;

  /// `least` inputs must be there; those between `least` and `most` may be absent. One output.
  void arity(size_t least, size_t most) const;

  /// Input k, unchecked.
  const Tensor& present_input(size_t k) const;

  /// Input k: int8 with one scale, no constant.
  const Tensor& activation(size_t k) const;

  /// Input k: int8 with one scale, an activation or a constant.
  const Tensor& operand(size_t k) const;

  /// Inputs 0 and 1: such operands, not both constants, whose shapes fit by numpy's broadcasting; the output
  /// has the shape that they give together.
  void broadcast() const;

  /// Input k: such an activation, [1,height,width,channels].
  const Tensor& image(size_t k) const;

  /// The output: int8 with one scale.
  const Tensor& output() const;

  /// The output is such a tensor of this shape.
  void output_shape(const std::vector<int32_t>& expected) const;

  /// Input 1: constant int8 of `rank` axes, zero points 0, one scale or one for each slice along `axis`.
  const Tensor& weights(size_t rank, int axis) const;

  /// Input 2, where it is there: constant int32 [channels], zero points 0.
  void bias(int32_t channels) const;

  /// Input 0 and output have the same scales and zero points.
  void same_quantization() const;

  /// Scale of input 0 / scale of the output.
  double scale_ratio() const;

  /// The kernels multiply values up to `largest` by 2^shift of the factor in int32 before they scale down.
  void check_shift(double factor, int64_t largest) const;

  /// Input scale * weight scale / output scale of every channel is below 2^30.
  void output_factor() const;

  /// The reference kernel refuses a bias whose scale is not that of the products (one weight scale only). A
  /// bias without a scale, or of scale 0, has that of the products by definition.
  void bias_scale() const;

  /// `folded`: axes that are left when neighbours treated alike are joined; `most`: of the kernel.
  void check_axes(const std::vector<int32_t>& folded, size_t most) const;

  /// 6 / scale must fit int32; far smaller scales than any real model has.
  void relu6_limit() const;

  const Graph& graph_;
  const Op& op_;

 private:
  // One scale, a zero point of int8.
  void per_tensor_int8(const Tensor& tensor) const;
  // What to do about a constant where an activation belongs.
  const char* constant_advice() const;
};

}  // namespace thaw
