// The loops of the kernels that every device runs as engine/kernels has them, counted.
#include <algorithm>
#include <functional>
#include <numeric>

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

template <class Values>
double product_of(const Values& values) {
  return std::accumulate(std::begin(values), std::end(values), 1.0, std::multiplies<>());
}

/// Taps of all windows of a pool inside the image, and windows.
struct PoolTaps {
  double taps = 0, windows = 0;
};
PoolTaps taps_of(const thaw_pool2d& p) {
  const Axis down = {p.input_height, p.output_height, p.filter_height, p.stride_height, 1, p.pad_top};
  const Axis across = {p.input_width, p.output_width, p.filter_width, p.stride_width, 1, p.pad_left};
  return {static_cast<double>(down.all_inside() * across.all_inside()),
          static_cast<double>(p.output_height) * p.output_width};
}

/// Axes that a walk over the elements of a view divides by, from the last on: it ends where an element is not
/// taken.
double axes_passed(const thaw_view& view) {
  double elements = product_of(view.dims), sum = 0;
  for (int32_t axis = THAW_VIEW_AXES - 1; axis >= 0; --axis) {
    sum += elements;
    elements *= static_cast<double>(view.taken[axis]) / view.dims[axis];
  }
  return sum;
}

const char* function_name(thaw_binary_function function) {
  switch (function) {
    case THAW_BINARY_ADD:
    case THAW_BINARY_SUB:
      return "sum";
    case THAW_BINARY_MUL:
      return "product";
    case THAW_BINARY_MAXIMUM:
    case THAW_BINARY_MINIMUM:
      return "choice";
    case THAW_BINARY_PRELU:
      return "slope";
  }
  return "";
}

/// One overload a kernel that has no version of its own for devices.
struct PlainWork {
  const Plan& plan;
  bool learns = false;
  Work work;

  double mask_of(BufferId mask) const { return learns && mask.present() ? 1.0 : 0.0; }

  void operator()(const PoolForward& k) {
    const PoolTaps t = taps_of(k.pool);
    const std::string name = k.maximum ? "max pool" : "average pool";
    work.add(name + ": call", 1);
    work.add(name + ": window", t.windows);
    work.add(name + ": output", t.windows * k.pool.channels);
    work.add(name + ": value", t.taps * k.pool.channels);
    work.add("mask: bit of an output", t.windows * k.pool.channels * mask_of(k.mask));
    work.add(name + ": winner", t.windows * k.pool.channels * mask_of(k.winners));
  }
  void operator()(const MeanForward& k) {
    double values = 1, outputs = 1, inner = 1;
    for (int32_t d = 0; d < 4; ++d) {
      const bool averaged = (k.mean.axes >> d & 1) != 0;
      values *= k.mean.dims[d];
      if (!averaged) outputs *= k.mean.dims[d];
      if (d == 3 && averaged) inner = k.mean.dims[d];
    }
    work.add("mean: call", 1);
    work.add("mean: output", outputs);
    work.add("mean: run", values / inner);
    if (inner > 1) work.add("mean: value of a run", values);
    work.add("mask: bit of an output", outputs * mask_of(k.mask));
  }
  void operator()(const PadForward& k) {
    double outputs = 1;
    for (int32_t d = 0; d < 4; ++d) outputs *= k.pad.dims[d] + k.pad.before[d] + k.pad.after[d];
    work.add("pad: call", 1);
    work.add("pad: output", outputs);
    work.add("pad: input", product_of(k.pad.dims));
  }
  void operator()(const TransposeForward& k) {
    work.add("transpose: call", 1);
    work.add("transpose: element", product_of(k.transpose.dims));
  }
  void operator()(const CopyForward& k) {
    work.add("copy: call", 1);
    work.add("copy: byte", static_cast<double>(k.bytes));
  }
  void operator()(const SoftmaxForward& k) {
    work.add("softmax: row", k.softmax.rows);
    work.add("softmax: value", static_cast<double>(k.softmax.rows) * k.softmax.depth);
  }
  void operator()(const RequantizeForward& k) {
    const int32_t shift = k.requantize.shift;  // each sign is a way through thaw_mbqm
    elements(shift > 0 ? "requantize, left" : shift == 0 ? "requantize" : "requantize, right", k.output);
  }
  void operator()(const QuantizeForward& k) { elements("quantize", k.output); }
  void operator()(const DequantizeForward& k) { elements("dequantize", k.input); }
  void operator()(const BinaryForward& k) {
    const std::string name = std::string("element-wise ") + function_name(k.binary.function);
    work.add(name + ": call", 1);
    work.add(name + ": element", product_of(k.binary.dims));
    work.add(name + ": bit", product_of(k.binary.dims) * mask_of(k.mask));
  }
  void operator()(const TableForward& k) {
    work.add("look-up: call", 1);
    work.add("look-up: element", static_cast<double>(k.elements));
  }
  void operator()(const ViewForward& k) {
    for (const ViewForward::Part& part : k.parts) {
      work.add("move: part", 1);
      work.add("move: element", product_of(part.view.dims));
      work.add("move: axis of an element", axes_passed(part.view));
    }
  }
  void operator()(const ResizeForward& k) {
    const double outputs = static_cast<double>(k.resize.output_height) * k.resize.output_width;
    const std::string name = k.bilinear ? "resize, bilinear" : "resize, nearest";
    work.add(name + ": call", 1);
    work.add(name + ": position", outputs);
    work.add(name + ": value", outputs * k.resize.channels);
  }
  void operator()(const LstmForward& k) {
    const double units = static_cast<double>(k.lstm.steps) * k.lstm.units;
    work.add("lstm: unit", units);
    work.add("lstm: product", units * 4 * (k.lstm.inputs + k.lstm.units));
  }
  void operator()(const GatherChannels& k) {
    if (!learns) return;  // saved for learning alone
    work.add("gather: position", k.gather.positions);
    work.add("gather: value", static_cast<double>(k.gather.positions) * k.gather.count);
  }
  void operator()(const ClassifierForward& k) {
    work.add("classifier: class", k.classifier.classes);
    work.add("classifier: product", products(k.classifier));
  }
  void operator()(const SoftmaxLoss& k) {
    work.add("softmax loss: call", 1);
    work.add("softmax loss: class", k.scale.classes);
  }
  void operator()(const SquaredLoss& k) {
    work.add("squared loss: call", 1);
    work.add("squared loss: value", k.count);
  }
  void operator()(const FeatureGradient& k) {
    work.add("feature gradient: feature", k.classifier.features);
    work.add("feature gradient: product", products(k.classifier));
    if (k.clamped.present()) work.add("feature gradient: clamped feature", k.classifier.features);
  }
  void operator()(const UpdateClassifier& k) {
    work.add("update classifier: call", 1);
    work.add("update classifier: class", k.classifier.classes);
    if (k.update_weights) work.add("update classifier: weight", products(k.classifier));
  }
  template <class DeviceKernel>
  void operator()(const DeviceKernel&) {}  // step_work has them

  static double products(const thaw_classifier& c) { return static_cast<double>(c.classes) * c.features; }
  void elements(const std::string& name, BufferId int8_values) {
    work.add(name + ": call", 1);
    work.add(name + ": element", static_cast<double>(plan.buffer(int8_values).bytes));
  }
};

// ---- gradients, position by position ----------------------------------------------------------------------

/// One overload a rule: its work for all elements of the target.
struct RuleWork {
  double elements = 0;
  Work& work;

  void operator()(const MaxPoolRule& r) const { pool("max pool gradient", r.pool); }
  void operator()(const AveragePoolRule& r) const { pool("average pool gradient", r.pool); }
  void operator()(const ViewRule& r) const {
    work.add("move gradient: element", elements);
    work.add("move gradient: axis of an element", axes_passed(r.view));
  }
  void operator()(const BinaryRule& r) const {
    work.add(std::string("element-wise gradient: element of a ") + function_name(r.binary.function),
             elements);
    work.add("element-wise gradient: reader", product_of(r.binary.dims));
  }
  void operator()(const TableRule&) const { work.add("look-up gradient: element", elements); }
  void operator()(const ResizeRule& r) const {
    work.add("resize gradient: element", elements);
    work.add("resize gradient: reader",
             static_cast<double>(r.resize.output_height) * r.resize.output_width * r.resize.channels);
  }
  void pool(const std::string& name, const thaw_pool2d& p) const {
    const PoolTaps t = taps_of(p);
    work.add(name + ": element", elements);
    work.add(name + ": tap", t.taps);
    work.add(name + ": value", t.taps * p.channels);
  }
};

void add_row_convolution(Work& work, const FromConvolution& from) {
  const Window& w = from.window;
  const auto positions = static_cast<double>(w.input_positions());
  const auto reached = static_cast<double>(rows_of(w).all_readers() * columns_of(w).all_readers());
  const auto trained = static_cast<double>(from.trained_channels.size());
  const std::string name = from.depthwise ? "gradient of rows: depthwise" : "gradient of rows: convolution";
  work.add(name + " position", positions);
  work.add(name + " tap", positions * static_cast<double>(w.taps()));
  work.add(name + " element", positions * w.input_channels);
  const double times = from.depthwise ? reached : reached * w.output_channels;
  work.add(name + " output", times);
  if (from.weights.present())
    work.add(name + " product", times * (from.depthwise ? w.output_channels : w.input_channels));
  work.add(name + " trained product", times * trained);
}

}  // namespace

Work plain_work(const Plan& plan, const Step& step, bool learns) {
  PlainWork plain{plan, learns, {}};
  std::visit(plain, step.kernel);
  return plain.work;
}

Work gradient_by_rows(const Plan& plan, const MakeGradient& k) {
  const double elements = static_cast<double>(k.positions) * k.channels;
  Work work;
  work.add("gradient of rows: position", k.positions);
  work.add(is_wide(plan, k.tensor) ? "gradient of rows: wide element" : "gradient of rows: element",
           elements);
  if (k.mask.present()) work.add("gradient of rows: bit", elements);
  for (const GradientSource& source : k.sources) {
    work.add("gradient of rows: source of an element", elements);
    if (std::holds_alternative<FromStored>(source.from))
      work.add("gradient of rows: stored value", elements);
    else if (const auto* from = std::get_if<FromConvolution>(&source.from))
      add_row_convolution(work, *from);
    else if (const auto* by_rule = std::get_if<FromOperator>(&source.from))
      std::visit(RuleWork{elements, work}, by_rule->rule);
  }
  return work;
}

}  // namespace thaw
