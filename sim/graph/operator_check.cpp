// What each kind of operator asks of its options, and the shape of its output by TFLite's rules: one function
// a kind.
#include "sim/graph/operator_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/graph/effective_scale.h"
#include "sim/graph/folded_axes.h"
#include "sim/graph/graph_paths.h"
#include "sim/graph/lstm_check.h"
#include "sim/graph/moving_check.h"
#include "sim/graph/operand_check.h"
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

class OperatorCheck : private OperandCheck {
 public:
  OperatorCheck(const Graph& graph, const Op& op) : OperandCheck(graph, op) {}

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
    broadcast();
    check_sum_factor();
    relu6_limit();
  }

  void operator()(const Binary& binary) const {
    arity(2, 2);
    broadcast();
    relu6_limit();
    switch (binary.function) {
      case BinaryFunction::sub:
        return check_sum_factor();
      case BinaryFunction::mul:
        return check_shift(scale_ratio() * static_cast<double>(present_input(1).quantization.scale()),
                           255 * 255);
      case BinaryFunction::maximum:
      case BinaryFunction::minimum:
        same_quantization();
        if (!same_values(present_input(1).quantization, output().quantization))
          bad_input(1, "has another scale or zero point than the output",
                    "Convert the model so that all have the same scale and zero point");
        return;
      case BinaryFunction::prelu:
        check_prelu();
    }
  }

  void operator()(const Unary& unary) const {
    if (unary.function == UnaryFunction::divide) return check_division();
    arity(1, 1);
    output_shape(activation(0).shape);
    const Quantization& y = output().quantization;
    const auto expect = [&](float scale, int32_t zero_point, const char* text) {
      if (y.scale() != scale || y.zero_point() != zero_point)
        bad_output(".quantization has scale " + std::to_string(y.scale()) + " and zero point " +
                   std::to_string(y.zero_point()) + ", expected " + text);
    };
    if (unary.function == UnaryFunction::logistic) expect(1.0F / 256.0F, -128, "1/256 and -128");
    if (unary.function == UnaryFunction::tanh) expect(1.0F / 128.0F, 0, "1/128 and 0");
    if (unary.function == UnaryFunction::relu || unary.function == UnaryFunction::leaky_relu)
      check_shift(scale_ratio(), 255);
    if (unary.function == UnaryFunction::hard_swish && !(scale_ratio() < 128.0))
      bad_output(".quantization.scale is less than 1/128 of the input's, which the kernels cannot reach");
    if (unary.function == UnaryFunction::leaky_relu &&
        !(std::isfinite(unary.alpha) && unary.alpha >= 0.0F && unary.alpha <= 1.0F))
      fail(path() + ".builtin_options.alpha", "is " + std::to_string(unary.alpha) + ", expected 0..1");
    if (unary.function == UnaryFunction::relu6) same_quantization();
    relu6_limit();
  }

  void operator()(const Concatenation& k) const { check_moved(graph_, op_, k); }
  void operator()(const Slice& k) const { check_moved(graph_, op_, k); }
  void operator()(const Pad& k) const { check_moved(graph_, op_, k); }
  void operator()(const Reshape& k) const { check_moved(graph_, op_, k); }
  void operator()(const Transpose& k) const { check_moved(graph_, op_, k); }
  void operator()(const Resize& k) const { check_moved(graph_, op_, k); }
  void operator()(const Lstm& k) const { check_lstm(graph_, op_, k); }

  void operator()(const AveragePool2d& pool) const { check_pool(pool); }
  void operator()(const MaxPool2d& pool) const { check_pool(pool); }

  void operator()(const Mean& mean) const {
    arity(1, 1);
    const Tensor& x = activation(0);
    if (mean.axes.empty()) fail(path(), "names no axes to average over");
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
      fail(path(),
           "has axes " + shape_text(mean.axes) + ", expected ascending axes of " + shape_text(x.shape));
    output_shape(shape);
    if (summed > max_summed_elements)
      fail(path(), "averages " + std::to_string(summed) + " elements, too many for int32");
    const double factor = scale_ratio();
    check_shift(factor, 255 * summed);
    check_axes(folded_axes(x.shape, mean).sizes, kKernelAxes);
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
      fail(path() + ".builtin_options.beta",
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
  void check_division() const {
    arity(2, 2);
    output_shape(activation(0).shape);
    const Tensor& divisor = operand(1);
    if (!divisor.is_constant() || divisor.elements() != 1)
      bad_input(1, "is no constant of one element", "Multiply by the reciprocals where there are several");
    if (divisor.int8_data()[0] == divisor.quantization.zero_point()) bad_input(1, "is zero");
    constexpr double largest = 1 << 20;  // the kernels shift to the right only
    if (!(scale_ratio() < largest * static_cast<double>(divisor.quantization.scale())))
      bad_output(".quantization.scale is so small that the quotients leave the kernels' range");
  }

  /// The slope is a constant; both products stay in int32.
  void check_prelu() const {
    if (!present_input(1).is_constant())
      bad_input(1, "is no constant", "Slopes that the model computes are not supported");
    check_shift(scale_ratio(), 255);
    check_shift(scale_ratio() * static_cast<double>(present_input(1).quantization.scale()), 255 * 255);
  }

  /// The factors of golden/tflm/README.md, "ADD"; the kernels only shift right.
  void check_sum_factor() const {
    const double twice_larger =
        2.0 * std::max<double>(present_input(0).quantization.scale(), present_input(1).quantization.scale());
    const double factor = twice_larger / (1048576.0 * static_cast<double>(output().quantization.scale()));
    if (!(factor < 1.0) || quantize_multiplier(factor).shift > 0)
      bad_output(".quantization.scale is " + std::to_string(output().quantization.scale()) +
                 ", less than the kernels can reach from the scales of the inputs");
  }

  /// Output positions along one axis.
  int32_t window(const char* axis, int32_t in, int32_t kernel, int32_t stride, int32_t dilation,
                 Padding padding) const {
    const std::string field = path() + ".builtin_options";
    if (kernel < 1 || stride < 1 || dilation < 1)
      fail(field, std::string("has ") + axis + " of filter, stride and dilation " + std::to_string(kernel) +
                      ", " + std::to_string(stride) + ", " + std::to_string(dilation) +
                      ", expected at least 1");
    if ((int64_t{kernel} - 1) * dilation + 1 > INT32_MAX)
      fail(field, std::string("spreads the ") + axis + " of the filter beyond int32");
    const int32_t out = window_geometry(in, kernel, stride, dilation, padding).out;
    if (out < 1)
      fail(field, std::string("has a filter that does not fit: ") + axis + " " + std::to_string(in) +
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
      fail(path() + ".builtin_options", "pools over more elements than int32 sums can hold");
    same_quantization();
    relu6_limit();
  }
};

}  // namespace

void check_operator(const Graph& graph, const Op& op) {
  std::visit(OperatorCheck(graph, op), op.kind);
}

}  // namespace thaw
