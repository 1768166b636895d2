#include "sim/graph/operand_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <variant>

#include "sim/base/error.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/quantized_multiplier.h"
#include "sim/graph/same_values.h"

namespace thaw {

void OperandCheck::fail(const std::string& path, const std::string& what, const std::string& hint) const {
  throw Error(graph_.file_name + ": " + path, what, hint);
}

std::string OperandCheck::path() const {
  return op_path(op_);
}

void OperandCheck::bad_input(size_t k, const std::string& what, const std::string& hint) const {
  fail(path() + ".inputs[" + std::to_string(k) + "]", tensor_path(graph_.tensor(op_.inputs[k])) + " " + what,
       hint);
}

void OperandCheck::bad_output(const std::string& what, const std::string& hint) const {
  fail(path() + ".outputs[0]", tensor_path(graph_.tensor(op_.outputs[0])) + what, hint);
}

void OperandCheck::arity(size_t least, size_t most) const {
  const std::string expected =
      least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
  if (op_.inputs.size() < least || op_.inputs.size() > most)
    fail(path() + ".inputs", "holds " + std::to_string(op_.inputs.size()) + " tensors, expected " + expected);
  for (size_t k = 0; k < least; ++k)
    if (!op_.inputs[k].present()) fail(path() + ".inputs[" + std::to_string(k) + "]", "is absent");
  if (op_.outputs.size() != 1)
    fail(path() + ".outputs", "holds " + std::to_string(op_.outputs.size()) + " tensors, expected 1");
}

const Tensor& OperandCheck::present_input(size_t k) const {
  return graph_.tensor(op_.inputs[k]);
}

void OperandCheck::per_tensor_int8(const Tensor& tensor) const {
  const Quantization& q = tensor.quantization;
  if (q.scales.size() != 1 || q.zero_points.size() > 1)
    fail(tensor_path(tensor) + ".quantization.scale",
         q.present() ? "holds " + std::to_string(q.scales.size()) + " scales, expected 1 for an activation"
                     : "is missing, expected 1 scale for an activation",
         "Quantise the model to int8");
  if (q.zero_point() < -128 || q.zero_point() > 127)
    fail(tensor_path(tensor) + ".quantization.zero_point",
         "is " + std::to_string(q.zero_point()) + ", expected -128..127");
}

const Tensor& OperandCheck::activation(size_t k) const {
  const Tensor& x = present_input(k);
  if (x.type != DataType::int8)
    bad_input(k, std::string("is ") + data_type_name(x.type) + ", expected int8",
              "Quantise the model to int8");
  if (x.is_constant()) bad_input(k, "is a constant, expected an activation", constant_advice());
  per_tensor_int8(x);
  return x;
}

const Tensor& OperandCheck::operand(size_t k) const {
  const Tensor& x = present_input(k);
  if (!x.is_constant()) return activation(k);
  if (x.type != DataType::int8)
    bad_input(k, std::string("is ") + data_type_name(x.type) + ", expected int8",
              "Quantise the model to int8");
  per_tensor_int8(x);
  if (x.quantization.scale() == 0.0F) bad_input(k, "has the scale 0", "Convert the model anew");
  return x;
}

void OperandCheck::broadcast() const {
  const Tensor& a = operand(0);
  const Tensor& b = operand(1);
  if (a.is_constant() && b.is_constant()) activation(0);  // says what to do
  std::vector<int32_t> shape(std::max(a.shape.size(), b.shape.size()), 1);
  for (const Tensor* x : {&a, &b})
    for (size_t i = 0; i < x->shape.size(); ++i) {
      int32_t& size = shape[shape.size() - x->shape.size() + i];
      if (x->shape[i] == 1) continue;
      if (size != 1 && size != x->shape[i])
        bad_input(1, "has shape " + shape_text(b.shape) + ", which does not go with " + shape_text(a.shape) +
                         " of the first input");
      size = x->shape[i];
    }
  output_shape(shape);
  if (shape.size() > kBroadcastAxes)
    bad_input(0, "has more than " + std::to_string(kBroadcastAxes) + " axes");
}

const char* OperandCheck::constant_advice() const {
  const bool alone = std::ranges::all_of(
      op_.inputs, [&](TensorId id) { return !id.present() || graph_.tensor(id).is_constant(); });
  if (alone) return "Operators on constants alone must be folded away";
  return "Only weights and biases may be constants";
}

const Tensor& OperandCheck::image(size_t k) const {
  const Tensor& x = activation(k);
  if (x.shape.size() != 4 || x.shape[0] != 1)
    bad_input(k, "has shape " + shape_text(x.shape) + ", expected [1,height,width,channels]",
              "Convert the model with a batch size of 1");
  return x;
}

const Tensor& OperandCheck::output() const {
  const Tensor& y = graph_.tensor(op_.outputs[0]);
  if (y.type != DataType::int8)
    bad_output(std::string(".type is ") + data_type_name(y.type) + ", expected int8");
  per_tensor_int8(y);
  return y;
}

void OperandCheck::output_shape(const std::vector<int32_t>& expected) const {
  const Tensor& y = output();
  if (y.shape != expected)
    bad_output(".shape is " + shape_text(y.shape) + ", expected " + shape_text(expected));
}

const Tensor& OperandCheck::weights(size_t rank, int axis) const {
  const Tensor& w = present_input(1);
  if (w.type != DataType::int8 || !w.is_constant())
    bad_input(1, std::string("is ") + (w.is_constant() ? data_type_name(w.type) : "no constant") +
                     ", expected constant int8 weights");
  if (w.shape.size() != rank)
    bad_input(1, "has shape " + shape_text(w.shape) + ", expected " + std::to_string(rank) + " axes");
  const Quantization& q = w.quantization;
  const int32_t channels = w.shape[static_cast<size_t>(axis)];
  const std::string field = tensor_path(w) + ".quantization";
  if (!q.present()) fail(field + ".scale", "is missing", "Quantise the model to int8");
  if (q.scales.size() != 1 && q.scales.size() != static_cast<size_t>(channels))
    fail(field + ".scale",
         "holds " + std::to_string(q.scales.size()) + " scales, expected 1 or " + std::to_string(channels));
  if (q.scales.size() > 1 && q.axis != axis)
    fail(field + ".quantized_dimension",
         "is " + std::to_string(q.axis) + ", expected " + std::to_string(axis));
  for (int32_t zero_point : q.zero_points)
    if (zero_point != 0)
      fail(field + ".zero_point", "is " + std::to_string(zero_point) + ", expected 0",
           "Convert the model with symmetric int8 weights");
  return w;
}

void OperandCheck::bias(int32_t channels) const {
  if (op_.inputs.size() < 3 || !op_.inputs[2].present()) return;
  const Tensor& b = present_input(2);
  if (b.type != DataType::int32 || !b.is_constant())
    bad_input(2, std::string("is ") + (b.is_constant() ? data_type_name(b.type) : "no constant") +
                     ", expected a constant int32 bias");
  if (b.elements() != channels)
    bad_input(2, "has shape " + shape_text(b.shape) + ", expected [" + std::to_string(channels) + "]");
  for (int32_t zero_point : b.quantization.zero_points)
    if (zero_point != 0)
      fail(tensor_path(b) + ".quantization.zero_point", "is " + std::to_string(zero_point) + ", expected 0");
}

void OperandCheck::same_quantization() const {
  const Quantization& x = present_input(0).quantization;
  const Quantization& y = output().quantization;
  if (!same_values(x, y))
    bad_output(".quantization differs from that of the input, which this operator only copies or averages",
               "Convert the model so that both have the same scale and zero point");
}

double OperandCheck::scale_ratio() const {
  return static_cast<double>(present_input(0).quantization.scale()) /
         static_cast<double>(output().quantization.scale());
}

void OperandCheck::check_shift(double factor, int64_t largest) const {
  const int32_t shift = quantize_multiplier(factor).shift;
  if (shift > 30 || (shift > 0 && largest > (INT32_MAX >> shift)))
    bad_output(".quantization.scale is so much smaller than that of the input that products leave int32");
}

void OperandCheck::output_factor() const {
  for (size_t c = 0; c < output_channels(graph_, op_); ++c) {
    const double factor = effective_scale(graph_, op_, c);
    if (!std::isfinite(factor) || factor >= 1073741824.0)
      fail(path(), "scales of input, weights and output give channel " + std::to_string(c) + " the factor " +
                       std::to_string(factor) + ", expected less than 2^30");
  }
}

void OperandCheck::bias_scale() const {
  const Tensor& w = present_input(1);
  if (w.quantization.scales.size() != 1 || op_.inputs.size() < 3 || !op_.inputs[2].present()) return;
  const Tensor& b = present_input(2);
  if (!b.quantization.present() || b.quantization.scale() == 0.0F) return;
  if (b.quantization.scales.size() != 1)
    fail(tensor_path(b) + ".quantization.scale",
         "holds " + std::to_string(b.quantization.scales.size()) + " scales, expected 1");
  const double product = static_cast<double>(present_input(0).quantization.scale() * w.quantization.scale());
  const double difference = std::abs(product - static_cast<double>(b.quantization.scale()));
  if (difference / static_cast<double>(output().quantization.scale()) > 0.02)
    fail(tensor_path(b) + ".quantization.scale", "is " + std::to_string(b.quantization.scale()) +
                                                     ", expected scale of input times scale of weights, " +
                                                     std::to_string(product));
}

void OperandCheck::check_axes(const std::vector<int32_t>& folded, size_t most) const {
  if (folded.size() > most)
    bad_input(0,
              "has shape " + shape_text(present_input(0).shape) + ", " + std::to_string(folded.size()) +
                  " axes even where neighbours are joined, and " + op_name(op_.kind) + " works on at most " +
                  std::to_string(most),
              "Split the operator in two, or RESHAPE its input to fewer axes");
}

void OperandCheck::relu6_limit() const {
  if (output().quantization.scale() < 6e-9F)
    bad_output(".quantization.scale is too small for the clamp at 6");
}

}  // namespace thaw
