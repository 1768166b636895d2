// The rules are TFLite's (shapes, quantisation specification) and those of the TensorFlow Lite Micro
// reference kernels (what they refuse or would overflow on). One check function per kind of operator.
#include "sim/graph/graph_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "sim/base/error.h"
#include "sim/graph/effective_scale.h"
#include "sim/graph/folded_axes.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/quantized_multiplier.h"
#include "sim/graph/same_values.h"
#include "sim/graph/window.h"

namespace thaw {

namespace {

using Shape = std::vector<int32_t>;

// Sums over so many int8 differences (each at most 255) still fit int32.
constexpr int64_t max_summed_elements = INT32_MAX / 255;
// Softmax sums exponentials of at most 2^19 each in int32.
constexpr int32_t max_softmax_row = 4095;

[[noreturn]] void fail(const Graph& graph, const std::string& path, const std::string& what,
                       const std::string& hint = "") {
  throw Error(graph.file_name + ": " + path, what, hint);
}

// Tensors alone.

void check_shape(const Graph& graph, const Tensor& tensor) {
  int64_t elements = 1;
  for (int32_t d : tensor.shape) {
    if (d < 1)
      fail(graph, tensor_path(tensor) + ".shape",
           "is " + shape_text(tensor.shape) + ", expected sizes of at least 1",
           "Convert the model with a fixed batch size of 1");
    elements *= d;  // both factors below 2^31
    if (elements > INT32_MAX)
      fail(graph, tensor_path(tensor) + ".shape",
           "is " + shape_text(tensor.shape) + ", more than 2^31-1 elements");
  }
}

void check_constant(const Graph& graph, const Tensor& tensor) {
  if (tensor.is_constant() && static_cast<int64_t>(tensor.data.size()) != tensor.bytes())
    fail(graph, tensor_path(tensor) + ".buffer",
         "holds " + std::to_string(tensor.data.size()) + " bytes, but " + data_type_name(tensor.type) + " " +
             shape_text(tensor.shape) + " needs " + std::to_string(tensor.bytes()));
}

void check_scales(const Graph& graph, const Tensor& tensor) {
  // Weights of 0 have a scale of 0 in some files (zero_scales.h); a bias has that of its products, whatever
  // the file says.
  for (float scale : tensor.quantization.scales)
    if (!std::isfinite(scale) || scale < 0.0F || (scale == 0.0F && !tensor.is_constant()))
      fail(graph, tensor_path(tensor) + ".quantization.scale",
           "holds " + std::to_string(scale) + ", expected a finite number above 0",
           scale == 0.0F ? "Convert the model with a representative_dataset that reaches this tensor" : "");
}

// Order of execution.

void check_order(const Graph& graph) {
  std::vector<bool> available(graph.tensors.size(), false);
  for (const Tensor& tensor : graph.tensors) available[tensor.id.index()] = tensor.is_constant();
  for (TensorId id : graph.inputs) {
    if (available[id.index()])
      fail(graph, "subgraphs[0].inputs",
           "names " + tensor_path(graph.tensor(id)) + ", which is a constant or named before");
    available[id.index()] = true;
  }
  std::vector<bool> written = available;
  for (const Op& op : graph.ops) {
    for (size_t k = 0; k < op.inputs.size(); ++k)
      if (op.inputs[k].present() && !available[op.inputs[k].index()])
        fail(graph, op_path(op) + ".inputs[" + std::to_string(k) + "]",
             "reads " + tensor_path(graph.tensor(op.inputs[k])) + " before any operator has written it",
             "The graph has a cycle, or its operators are out of order");
    for (size_t k = 0; k < op.outputs.size(); ++k) {
      if (written[op.outputs[k].index()])
        fail(graph, op_path(op) + ".outputs[" + std::to_string(k) + "]",
             "writes " + tensor_path(graph.tensor(op.outputs[k])) + ", which has a value already",
             "Each tensor may be written once; inputs and constants never");
      written[op.outputs[k].index()] = available[op.outputs[k].index()] = true;
    }
  }
  for (TensorId id : graph.outputs)
    if (!available[id.index()] || graph.tensor(id).is_constant())
      fail(graph, "subgraphs[0].outputs",
           "names " + tensor_path(graph.tensor(id)) + ", which no operator writes");
}

// One operator: its tensors, their types, quantisation and shapes.
class OperatorCheck {
 public:
  OperatorCheck(const Graph& graph, const Op& op) : graph_(graph), op_(op) {}

  void operator()(const Conv2d& conv) const {
    arity(2, 3);
    const Tensor& x = image(0);
    const Tensor& w = weights(4, 0);
    if (w.shape[3] != x.shape[3])
      bad_input(1, "has shape " + shape_text(w.shape) + ", expected " + std::to_string(x.shape[3]) +
                       " input channels in the last axis (grouped convolutions are not supported)");
    bias(w.shape[0]);
    output_shape(
        {1, window("height", x.shape[1], w.shape[1], conv.stride_height, conv.dilation_height, conv.padding),
         window("width", x.shape[2], w.shape[2], conv.stride_width, conv.dilation_width, conv.padding),
         w.shape[0]});
    output_factor();
    relu6_limit();
  }

  void operator()(const DepthwiseConv2d& conv) const {
    arity(2, 3);
    const Tensor& x = image(0);
    const Tensor& w = weights(4, 3);
    const int64_t channels = int64_t{x.shape[3]} * conv.depth_multiplier;
    if (w.shape[0] != 1 || w.shape[3] != channels)
      bad_input(1, "has shape " + shape_text(w.shape) + ", expected [1,height,width," +
                       std::to_string(channels) + "] (" + std::to_string(x.shape[3]) +
                       " input channels times depth_multiplier " + std::to_string(conv.depth_multiplier) +
                       ")");
    bias(w.shape[3]);
    output_shape(
        {1, window("height", x.shape[1], w.shape[1], conv.stride_height, conv.dilation_height, conv.padding),
         window("width", x.shape[2], w.shape[2], conv.stride_width, conv.dilation_width, conv.padding),
         w.shape[3]});
    output_factor();
    relu6_limit();
  }

  void operator()(const FullyConnected& dense) const {
    arity(2, 3);
    const Tensor& x = activation(0);
    const Tensor& w = weights(2, 0);
    if (x.elements() % w.shape[1] != 0)
      bad_input(0, "has shape " + shape_text(x.shape) + ", which does not divide into rows of " +
                       std::to_string(w.shape[1]));
    bias(w.shape[0]);
    const auto rows = static_cast<int32_t>(x.elements() / w.shape[1]);
    if (dense.keep_num_dims) {
      Shape shape = x.shape;
      if (shape.empty() || shape.back() != w.shape[1])
        bad_input(0, "has shape " + shape_text(x.shape) + ", expected " + std::to_string(w.shape[1]) +
                         " in the last axis because of keep_num_dims");
      shape.back() = w.shape[0];
      output_shape(shape);
    } else {
      // Converters also write [1,1,rows,channels] and the like; only the rows matter.
      const Tensor& y = output();
      if (y.shape.empty() || y.shape.back() != w.shape[0] || y.elements() != int64_t{rows} * w.shape[0])
        bad_output(".shape is " + shape_text(y.shape) + ", expected " + shape_text(Shape{rows, w.shape[0]}));
    }
    output_factor();
    bias_scale();
    relu6_limit();
  }

  void operator()(const Add&) const {
    arity(2, 2);
    const Tensor& a = activation(0);
    const Tensor& b = activation(1);
    if (a.shape != b.shape)
      bad_input(
          1, "has shape " + shape_text(b.shape) + ", expected " + shape_text(a.shape) + " as the first input",
          "Broadcasting is not supported");
    output_shape(a.shape);
    // The factors of golden/tflm/README.md, "ADD"; the kernels only shift right.
    const double twice_larger = 2.0 * std::max<double>(a.quantization.scale(), b.quantization.scale());
    const double factor = twice_larger / (1048576.0 * static_cast<double>(output().quantization.scale()));
    if (!(factor < 1.0) || quantize_multiplier(factor).shift > 0)
      bad_output(".quantization.scale is " + std::to_string(output().quantization.scale()) +
                 ", less than the kernels can reach from the scales of the inputs");
    relu6_limit();
  }

  void operator()(const AveragePool2d& pool) const { check_pool(pool); }
  void operator()(const MaxPool2d& pool) const { check_pool(pool); }

  void operator()(const Mean& mean) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    if (mean.axes.empty()) fail(graph_, path(), "names no axes to average over");
    Shape shape;
    int64_t summed = 1;
    for (int32_t axis = 0; axis < static_cast<int32_t>(x.shape.size()); ++axis) {
      const bool reduced = std::ranges::count(mean.axes, axis) > 0;
      if (reduced) summed *= x.shape[static_cast<size_t>(axis)];
      if (!reduced) shape.push_back(x.shape[static_cast<size_t>(axis)]);
      if (reduced && mean.keep_dims) shape.push_back(1);
    }
    if (!std::ranges::is_sorted(mean.axes, std::ranges::less_equal()) || mean.axes.front() < 0 ||
        mean.axes.back() >= static_cast<int32_t>(x.shape.size()))
      fail(graph_, path(),
           "has axes " + shape_text(mean.axes) + ", expected ascending axes of " + shape_text(x.shape));
    output_shape(shape);
    if (summed > max_summed_elements)
      fail(graph_, path(), "averages " + std::to_string(summed) + " elements, too many for int32");
    const double factor = scale_ratio();
    check_shift(factor, 255 * summed);
    check_axes(folded_axes(x.shape, mean).sizes);
  }

  void operator()(const Pad& pad) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    if (pad.paddings.size() != x.shape.size())
      fail(graph_, path(),
           "pads " + std::to_string(pad.paddings.size()) + " axes, but the input has shape " +
               shape_text(x.shape));
    Shape shape;
    for (size_t i = 0; i < x.shape.size(); ++i) {
      const auto [before, after] = pad.paddings[i];
      const int64_t size = int64_t{x.shape[i]} + before + after;
      if (before < 0 || after < 0 || size > INT32_MAX)
        fail(graph_, path(),
             "pads axis " + std::to_string(i) + " by " + std::to_string(before) + " and " +
                 std::to_string(after) + ", expected sizes from 0 within int32");
      shape.push_back(static_cast<int32_t>(size));
    }
    output_shape(shape);
    same_quantization();
    check_axes(folded_axes(x.shape, pad).sizes);
  }

  void operator()(const Reshape&) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    const Tensor& y = output();
    if (x.elements() != y.elements())
      bad_output(".shape is " + shape_text(y.shape) + ", but the input " + shape_text(x.shape) +
                 " has another number of elements");
    same_quantization();
  }

  void operator()(const Transpose& transpose) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    Shape sorted = transpose.permutation;
    std::ranges::sort(sorted);
    Shape shape;
    bool valid = sorted.size() == x.shape.size();
    for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int32_t>(i);
    if (!valid)
      fail(graph_, path(),
           "has the permutation " + shape_text(transpose.permutation) + " for an input of shape " +
               shape_text(x.shape) + ", expected each axis once");
    for (int32_t axis : transpose.permutation) shape.push_back(x.shape[static_cast<size_t>(axis)]);
    output_shape(shape);
    same_quantization();
    check_axes(folded_axes(x.shape, transpose).sizes);
  }

  void operator()(const Softmax& softmax) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    const Tensor& y = output();
    if (x.shape.empty() || x.shape.back() > max_softmax_row)
      bad_input(0, "has shape " + shape_text(x.shape) + ", expected rows of 1 to " +
                       std::to_string(max_softmax_row));
    output_shape(x.shape);
    if (y.quantization.scale() != 1.0F / 256.0F || y.quantization.zero_point() != -128)
      bad_output(".quantization has scale " + std::to_string(y.quantization.scale()) + " and zero point " +
                 std::to_string(y.quantization.zero_point()) + ", expected 1/256 and -128");
    const double factor =
        static_cast<double>(softmax.beta) * static_cast<double>(x.quantization.scale()) * 67108864.0;
    if (!std::isfinite(softmax.beta) || !(factor > 1.0))
      fail(graph_, path() + ".builtin_options.beta",
           "is " + std::to_string(softmax.beta) + ", expected beta times the input scale above 2^-26");
  }

  void operator()(const Quantize&) const {
    arity(1, 1);
    const Tensor& x = present_input(0);
    if (x.type == DataType::float32) {
      if (std::ranges::count(graph_.inputs, x.id) == 0)
        bad_input(0, "is float32 but no input of the model", "Only the ends of the model may be float32");
    } else {
      activation(0);
      check_shift(scale_ratio(), 255);
    }
    output_shape(x.shape);
  }

  void operator()(const Dequantize&) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    const Tensor& y = graph_.tensor(op_.outputs[0]);
    if (y.type != DataType::float32)
      bad_output(std::string(".type is ") + data_type_name(y.type) + ", expected float32");
    if (std::ranges::count(graph_.outputs, y.id) == 0)
      bad_output(" is no output of the model", "Only the ends of the model may be float32");
    if (y.shape != x.shape)
      bad_output(".shape is " + shape_text(y.shape) + ", expected " + shape_text(x.shape));
  }

 private:
  std::string path() const { return op_path(op_); }

  [[noreturn]] void bad_input(size_t k, const std::string& what, const std::string& hint = "") const {
    fail(graph_, path() + ".inputs[" + std::to_string(k) + "]",
         tensor_path(graph_.tensor(op_.inputs[k])) + " " + what, hint);
  }

  /// `what` continues the tensor's path: ".shape is ...".
  [[noreturn]] void bad_output(const std::string& what, const std::string& hint = "") const {
    fail(graph_, path() + ".outputs[0]", tensor_path(graph_.tensor(op_.outputs[0])) + what, hint);
  }

  /// `least` inputs must be there; those between `least` and `most` may be absent.
  void arity(size_t least, size_t most) const {
    const std::string expected =
        least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    if (op_.inputs.size() < least || op_.inputs.size() > most)
      fail(graph_, path() + ".inputs",
           "holds " + std::to_string(op_.inputs.size()) + " tensors, expected " + expected);
    for (size_t k = 0; k < least; ++k)
      if (!op_.inputs[k].present()) fail(graph_, path() + ".inputs[" + std::to_string(k) + "]", "is absent");
    if (op_.outputs.size() != 1)
      fail(graph_, path() + ".outputs",
           "holds " + std::to_string(op_.outputs.size()) + " tensors, expected 1");
  }

  const Tensor& present_input(size_t k) const { return graph_.tensor(op_.inputs[k]); }

  void per_tensor_int8(const Tensor& tensor) const {
    const Quantization& q = tensor.quantization;
    if (q.scales.size() != 1 || q.zero_points.size() > 1)
      fail(graph_, tensor_path(tensor) + ".quantization.scale",
           q.present() ? "holds " + std::to_string(q.scales.size()) + " scales, expected 1 for an activation"
                       : "is missing, expected 1 scale for an activation",
           "Quantise the model to int8");
    if (q.zero_point() < -128 || q.zero_point() > 127)
      fail(graph_, tensor_path(tensor) + ".quantization.zero_point",
           "is " + std::to_string(q.zero_point()) + ", expected -128..127");
  }

  const Tensor& activation(size_t k) const {
    const Tensor& x = present_input(k);
    if (x.type != DataType::int8)
      bad_input(k, std::string("is ") + data_type_name(x.type) + ", expected int8",
                "Quantise the model to int8");
    if (x.is_constant()) bad_input(k, "is a constant, expected an activation", constant_advice());
    per_tensor_int8(x);
    return x;
  }

  const char* constant_advice() const {
    const bool alone = std::ranges::all_of(
        op_.inputs, [&](TensorId id) { return !id.present() || graph_.tensor(id).is_constant(); });
    if (alone) return "Operators on constants alone must be folded away";
    if (std::holds_alternative<Add>(op_.kind))
      return "Adding a constant is not supported: make it the bias of the layer before, and convert anew";
    return "Only weights and biases may be constants";
  }

  const Tensor& image(size_t k) const {
    const Tensor& x = activation(k);
    if (x.shape.size() != 4 || x.shape[0] != 1)
      bad_input(k, "has shape " + shape_text(x.shape) + ", expected [1,height,width,channels]",
                "Convert the model with a batch size of 1");
    return x;
  }

  const Tensor& output() const {
    const Tensor& y = graph_.tensor(op_.outputs[0]);
    if (y.type != DataType::int8)
      bad_output(std::string(".type is ") + data_type_name(y.type) + ", expected int8");
    per_tensor_int8(y);
    return y;
  }

  void output_shape(const Shape& expected) const {
    const Tensor& y = output();
    if (y.shape != expected)
      bad_output(".shape is " + shape_text(y.shape) + ", expected " + shape_text(expected));
  }

  /// Input 1: constant int8, zero points 0, one scale or one for each slice along `axis`.
  const Tensor& weights(size_t rank, int axis) const {
    const Tensor& w = present_input(1);
    if (w.type != DataType::int8 || !w.is_constant())
      bad_input(1, std::string("is ") + (w.is_constant() ? data_type_name(w.type) : "no constant") +
                       ", expected constant int8 weights");
    if (w.shape.size() != rank)
      bad_input(1, "has shape " + shape_text(w.shape) + ", expected " + std::to_string(rank) + " axes");
    const Quantization& q = w.quantization;
    const int32_t channels = w.shape[static_cast<size_t>(axis)];
    const std::string field = tensor_path(w) + ".quantization";
    if (!q.present()) fail(graph_, field + ".scale", "is missing", "Quantise the model to int8");
    if (q.scales.size() != 1 && q.scales.size() != static_cast<size_t>(channels))
      fail(graph_, field + ".scale",
           "holds " + std::to_string(q.scales.size()) + " scales, expected 1 or " + std::to_string(channels));
    if (q.scales.size() > 1 && q.axis != axis)
      fail(graph_, field + ".quantized_dimension",
           "is " + std::to_string(q.axis) + ", expected " + std::to_string(axis));
    for (int32_t zero_point : q.zero_points)
      if (zero_point != 0)
        fail(graph_, field + ".zero_point", "is " + std::to_string(zero_point) + ", expected 0",
             "Convert the model with symmetric int8 weights");
    return w;
  }

  void bias(int32_t channels) const {
    if (op_.inputs.size() < 3 || !op_.inputs[2].present()) return;
    const Tensor& b = present_input(2);
    if (b.type != DataType::int32 || !b.is_constant())
      bad_input(2, std::string("is ") + (b.is_constant() ? data_type_name(b.type) : "no constant") +
                       ", expected a constant int32 bias");
    if (b.elements() != channels)
      bad_input(2, "has shape " + shape_text(b.shape) + ", expected [" + std::to_string(channels) + "]");
    for (int32_t zero_point : b.quantization.zero_points)
      if (zero_point != 0)
        fail(graph_, tensor_path(b) + ".quantization.zero_point",
             "is " + std::to_string(zero_point) + ", expected 0");
  }

  /// Output positions along one axis.
  int32_t window(const char* axis, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                 Padding padding) const {
    const std::string field = path() + ".builtin_options";
    if (kernel < 1 || stride < 1 || dilation < 1)
      fail(graph_, field,
           std::string("has ") + axis + " of filter, stride and dilation " + std::to_string(kernel) + ", " +
               std::to_string(stride) + ", " + std::to_string(dilation) + ", expected at least 1");
    if ((int64_t{kernel} - 1) * dilation + 1 > INT32_MAX)
      fail(graph_, field, std::string("spreads the ") + axis + " of the filter beyond int32");
    const int32_t out = window_geometry(in, kernel, stride, dilation, padding).out;
    if (out < 1)
      fail(graph_, field,
           std::string("has a filter that does not fit: ") + axis + " " + std::to_string(in) +
               " of the input, filter " + std::to_string(kernel) + " with dilation " +
               std::to_string(dilation));
    return out;
  }

  template <class Pool>
  void check_pool(const Pool& pool) const {
    arity(1, 1);
    const Tensor& x = image(0);
    output_shape({1, window("height", x.shape[1], pool.filter_height, pool.stride_height, 1, pool.padding),
                  window("width", x.shape[2], pool.filter_width, pool.stride_width, 1, pool.padding),
                  x.shape[3]});
    if (int64_t{pool.filter_height} * pool.filter_width > max_summed_elements)
      fail(graph_, path() + ".builtin_options", "pools over more elements than int32 sums can hold");
    same_quantization();
    relu6_limit();
  }

  /// The kernels have four axes; `folded` are those that are left when neighbours treated alike are joined.
  void check_axes(const std::vector<int32_t>& folded) const {
    if (folded.size() > kKernelAxes)
      bad_input(0,
                "has shape " + shape_text(present_input(0).shape) + ", " + std::to_string(folded.size()) +
                    " axes even where neighbours are joined, and " + op_name(op_.kind) +
                    " works on at most " + std::to_string(kKernelAxes),
                "Split the operator in two, or RESHAPE its input to fewer axes");
  }

  void same_quantization() const {
    const Quantization& x = present_input(0).quantization;
    const Quantization& y = output().quantization;
    if (!same_values(x, y))
      bad_output(".quantization differs from that of the input, which this operator only copies or averages",
                 "Convert the model so that both have the same scale and zero point");
  }

  double scale_ratio() const {
    return static_cast<double>(present_input(0).quantization.scale()) /
           static_cast<double>(output().quantization.scale());
  }

  /// The kernels multiply by 2^shift in int32 before they scale down.
  void check_shift(double factor, int64_t largest) const {
    const int32_t shift = quantize_multiplier(factor).shift;
    if (shift > 30 || (shift > 0 && largest > (INT32_MAX >> shift)))
      bad_output(".quantization.scale is so much smaller than that of the input that products leave int32");
  }

  void output_factor() const {
    for (size_t c = 0; c < output_channels(graph_, op_); ++c) {
      const double factor = effective_scale(graph_, op_, c);
      if (!std::isfinite(factor) || factor >= 1073741824.0)
        fail(graph_, path(),
             "scales of input, weights and output give channel " + std::to_string(c) + " the factor " +
                 std::to_string(factor) + ", expected less than 2^30");
    }
  }

  /// The reference kernel refuses a bias whose scale is not that of the products (one weight scale only). A
  /// bias without a scale, or of scale 0, has that of the products by definition.
  void bias_scale() const {
    const Tensor& w = present_input(1);
    if (w.quantization.scales.size() != 1 || op_.inputs.size() < 3 || !op_.inputs[2].present()) return;
    const Tensor& b = present_input(2);
    if (!b.quantization.present() || b.quantization.scale() == 0.0F) return;
    if (b.quantization.scales.size() != 1)
      fail(graph_, tensor_path(b) + ".quantization.scale",
           "holds " + std::to_string(b.quantization.scales.size()) + " scales, expected 1");
    const double product =
        static_cast<double>(present_input(0).quantization.scale() * w.quantization.scale());
    const double difference = std::abs(product - static_cast<double>(b.quantization.scale()));
    if (difference / static_cast<double>(output().quantization.scale()) > 0.02)
      fail(graph_, tensor_path(b) + ".quantization.scale",
           "is " + std::to_string(b.quantization.scale()) +
               ", expected scale of input times scale of weights, " + std::to_string(product));
  }

  /// 6 / scale must fit int32; far smaller scales than any real model has.
  void relu6_limit() const {
    if (output().quantization.scale() < 6e-9F)
      bad_output(".quantization.scale is too small for the clamp at 6");
  }

  const Graph& graph_;
  const Op& op_;
};

void check_ids(const Graph& graph) {
  const auto check = [&](const std::vector<TensorId>& ids, const std::string& path, bool optional) {
    for (TensorId id : ids)
      if ((!id.present() && !(optional && id.value == -1)) ||
          (id.present() && id.index() >= graph.tensors.size()))
        fail(graph, path,
             "names tensor " + std::to_string(id.value) + " of " + std::to_string(graph.tensors.size()));
  };
  for (size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].id != TensorId(i)) fail(graph, "tensors", "are not numbered in order");
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (graph.ops[i].id != OpId(i)) fail(graph, "operators", "are not numbered in order");
    check(graph.ops[i].inputs, op_path(graph.ops[i]) + ".inputs", true);
    check(graph.ops[i].outputs, op_path(graph.ops[i]) + ".outputs", false);
  }
  check(graph.inputs, "subgraphs[0].inputs", false);
  check(graph.outputs, "subgraphs[0].outputs", false);
  if (graph.inputs.empty()) fail(graph, "subgraphs[0].inputs", "is empty, expected at least one input");
  if (graph.outputs.empty()) fail(graph, "subgraphs[0].outputs", "is empty, expected at least one output");
}

}  // namespace

void check_graph(const Graph& graph) {
  check_ids(graph);
  for (const Tensor& tensor : graph.tensors) {
    check_shape(graph, tensor);
    check_constant(graph, tensor);
    check_scales(graph, tensor);
  }
  check_order(graph);
  for (const Op& op : graph.ops) std::visit(OperatorCheck(graph, op), op.kind);
}

}  // namespace thaw
