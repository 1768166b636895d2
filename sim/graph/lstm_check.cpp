#include "sim/graph/lstm_check.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/graph/graph_paths.h"
#include "sim/graph/operand_check.h"

namespace thaw {
namespace {

using Shape = std::vector<int32_t>;

// x, four input and four recurrent weights, four biases.
constexpr size_t kLstmOperands = 13;

class LstmCheck : private OperandCheck {
 public:
  LstmCheck(const Graph& graph, const Op& op) : OperandCheck(graph, op) {}

  void operator()(const Lstm& lstm) const {
    arity(kLstmOperands, kLstmOperands);
    const Tensor& x = activation(0);
    const Tensor& y = output();
    const size_t time = lstm.time_major ? 0 : 1, batch = 1 - time;
    if (x.shape.size() != 3 || y.shape.size() != 3 || x.shape[batch] != 1)
      bad_input(0, "has shape " + shape_text(x.shape) + ", expected one sequence of vectors",
                "Convert the model with a batch size of 1");
    const int32_t units = y.shape[2];
    Shape shape = x.shape;
    shape[2] = units;
    output_shape(shape);
    for (size_t gate = 0; gate < 4; ++gate) {
      check_gate_weights(1 + gate, units, x.shape[2]);
      check_gate_weights(5 + gate, units, units);
      check_gate_bias(9 + gate, units, x.shape[2]);
    }
    if (lstm.cell_scale_power < -15 || lstm.cell_scale_power > -3)
      fail(path(), "has a cell state of scale 2^" + std::to_string(lstm.cell_scale_power) +
                       ", expected 2^-15 to 2^-3");
    if (!std::isfinite(lstm.cell_clip) || lstm.cell_clip < 0.0F)
      fail(path() + ".builtin_options.cell_clip", "is " + std::to_string(lstm.cell_clip));
    if (y.quantization.scale() < 1e-6F)
      bad_output(".quantization.scale is so small that products leave int32");
  }

 private:
  void check_gate_weights(size_t k, int32_t units, int32_t columns) const {
    const Tensor& w = present_input(k);
    if (w.type != DataType::int8 || !w.is_constant() || w.shape != Shape{units, columns})
      bad_input(k, "is no constant int8 " + shape_text(Shape{units, columns}));
    if (w.quantization.scales.size() != 1 || w.quantization.zero_point() != 0 ||
        !(w.quantization.scale() > 0.0F))
      bad_input(k, "has no single scale above 0 and zero point 0");
    const double factor =
        static_cast<double>(w.quantization.scale()) * 4096.0 *
        std::max<double>(present_input(0).quantization.scale(), output().quantization.scale());
    check_shift(factor, int64_t{255} * 128 * columns);
  }

  void check_gate_bias(size_t k, int32_t units, int32_t products) const {
    const Tensor& b = present_input(k);
    if (b.type != DataType::int32 || !b.is_constant() || b.elements() != units)
      bad_input(k, "is no constant int32 " + shape_text(Shape{units}));
    for (int32_t i = 0; i < units; ++i)
      if (std::abs(int64_t{b.int32_data()[i]}) + int64_t{255} * 128 * products > INT32_MAX)
        bad_input(k, "and its products leave int32");
  }
};

}  // namespace

void check_lstm(const Graph& graph, const Op& op, const Lstm& lstm) {
  LstmCheck(graph, op)(lstm);
}

}  // namespace thaw
