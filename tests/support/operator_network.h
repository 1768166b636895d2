// Random networks with every operator that gradients pass by a rule of their own (docs/arithmetic.md, section
// 15): gates of squeeze and excitation, concatenations, slices, element-wise operators with constants and
// repeated axes, look-up functions, pools, resizing.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/random_network.h"

namespace thaw::testing {

class OperatorNetwork : public RandomNetwork {
 public:
  explicit OperatorNetwork(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "operators " + std::to_string(seed);
    const TensorId input = activation("input", {1, noise_.in(2, 6), noise_.in(2, 6), noise_.in(1, 5)});
    graph_.inputs = {input};
    TensorId x = convolution(input, false);
    const int32_t blocks = noise_.in(1, 4);
    for (int32_t i = 0; i < blocks; ++i) {
      x = operator_block(x);
      if (noise_.in(0, 1) == 0) x = any_convolution(x, false);
    }
    classify(x);
  }

 private:
  Quantization& quantization(TensorId id) { return graph_.tensors[id.index()].quantization; }

  TensorId like(TensorId x, const std::string& name, std::vector<int32_t> dimensions) {
    const TensorId y = activation(name, std::move(dimensions));
    quantization(y) = quantization(x);
    return y;
  }

  TensorId constant(std::vector<int32_t> dimensions) {
    Tensor tensor = graph_.tensor(activation("constant", std::move(dimensions)));
    graph_.tensors.pop_back();
    tensor.data.resize(static_cast<size_t>(tensor.elements()));
    for (std::byte& v : tensor.data) v = static_cast<std::byte>(noise_.in(-128, 127));
    return add_tensor(std::move(tensor));
  }

  /// The shape, some of its axes 1.
  std::vector<int32_t> narrowed(std::vector<int32_t> dimensions) {
    for (int32_t& size : dimensions)
      if (noise_.in(0, 2) == 0) size = 1;
    if (noise_.in(0, 2) == 0) return {dimensions.back()};
    return dimensions;
  }

  /// Something to combine x with: a constant, or what a convolution makes of x, repeated or not.
  TensorId partner(TensorId x) {
    switch (noise_.in(0, 4)) {
      case 0:
        return constant(shape(x));
      case 1:
        return constant(narrowed(shape(x)));
      case 2:
        return convolution(averaged(x), true);
      case 3:
        return x;
      default:
        return any_convolution(x, true);
    }
  }

  TensorId averaged(TensorId x) {
    return add_op({x}, like(x, "mean", {1, 1, 1, shape(x)[3]}), Mean{{1, 2}, true});
  }

  TensorId unary(TensorId x, UnaryFunction function) {
    const TensorId y = activation("unary", shape(x));
    if (function == UnaryFunction::logistic) quantization(y) = {{1.0F / 256.0F}, {-128}, 0};
    if (function == UnaryFunction::tanh) quantization(y) = {{1.0F / 128.0F}, {0}, 0};
    if (function == UnaryFunction::relu6) quantization(y) = quantization(x);
    return add_op({x}, y, Unary{function, function == UnaryFunction::leaky_relu ? 0.2F : 0.0F});
  }

  /// By a constant of either sign, into a scale that holds the quotients.
  TensorId divided(TensorId x) {
    const TensorId divisor = constant({1});
    Tensor& number = graph_.tensors[divisor.index()];
    const int32_t distance = (noise_.in(0, 1) == 0 ? -1 : 1) * noise_.in(1, 100);
    const int32_t zero_point = noise_.in(-20, 20);
    number.quantization.zero_points = {zero_point};
    number.data[0] = static_cast<std::byte>(zero_point + distance);
    const float size = number.quantization.scale() * static_cast<float>(std::abs(distance));
    const TensorId y = activation("divided", shape(x));
    quantization(y).scales[0] = quantization(x).scale() / size * 0.1F * static_cast<float>(noise_.in(8, 20));
    return add_op({x, divisor}, y, Unary{UnaryFunction::divide});
  }

  TensorId requantised(TensorId x) { return add_op({x}, activation("requantised", shape(x)), Quantize{}); }

  /// Slopes a channel, or for all, from a constant.
  TensorId prelu(TensorId x) {
    const TensorId slopes = constant({noise_.in(0, 1) == 0 ? 1 : shape(x)[3]});
    quantization(slopes).scales[0] = 0.001F * static_cast<float>(noise_.in(1, 20));
    return add_op({x, slopes}, activation("prelu", shape(x)),
                  Binary{BinaryFunction::prelu, Activation::none});
  }

  /// Some positions of each axis, perhaps downwards.
  TensorId slice(TensorId x) {
    Slice kind{{{0, 1, 1}}};
    std::vector<int32_t> taken = {1};
    for (size_t axis = 1; axis < 4; ++axis) {
      const int32_t size = shape(x)[axis], step = noise_.in(1, 2),
                    count = noise_.in(1, (size + step - 1) / step);
      const int32_t first = noise_.in(0, size - 1 - (count - 1) * step);
      const bool down = noise_.in(0, 3) == 0;
      kind.axes.push_back(down ? TakenAxis{first + (count - 1) * step, -step, count}
                               : TakenAxis{first, step, count});
      taken.push_back(count);
    }
    return add_op({x}, like(x, "slice", taken), kind);
  }

  /// The halves of the channels, one of them through a convolution, side by side again.
  TensorId split(TensorId x) {
    const int32_t channels = shape(x)[3], half = (channels + 1) / 2;
    std::vector<int32_t> rest = shape(x);
    std::vector<TensorId> parts;
    for (const auto& [first, count] : {std::pair{0, half}, std::pair{half, channels - half}}) {
      Slice kind;
      for (int32_t size : shape(x)) kind.axes.push_back({0, 1, size});
      if (count == 0) continue;
      kind.axes[3] = {first, 1, count};
      rest[3] = count;
      parts.push_back(add_op({x}, like(x, "part", rest), kind));
    }
    parts[0] = any_convolution(parts[0], true);
    quantization(parts[0]) = quantization(x);
    return add_op(parts, like(x, "joined", shape(x)), Concatenation{3, false});
  }

  /// x and what a convolution makes of it, column by column.
  TensorId packed(TensorId x) {
    const TensorId other = any_convolution(x, true);
    quantization(other) = quantization(x);
    const std::vector<int32_t> s = shape(x);
    const TensorId pack =
        add_op({x, other}, like(x, "pack", {1, s[1], s[2], 2, s[3]}), Concatenation{3, true});
    return add_op({pack}, like(x, "wide", {1, s[1], 2 * s[2], s[3]}), Reshape{});
  }

  TensorId resized(TensorId x) {
    const int32_t corners = noise_.in(0, 2);
    return add_op({x}, like(x, "resized", {1, noise_.in(1, 9), noise_.in(1, 9), shape(x)[3]}),
                  Resize{false, corners == 1, corners == 2});
  }

  TensorId combine(TensorId x) {
    TensorId other = partner(x);
    const auto function = static_cast<BinaryFunction>(noise_.in(0, 3));
    const bool takes_one = function == BinaryFunction::maximum || function == BinaryFunction::minimum;
    if (takes_one) quantization(other) = quantization(x);
    const TensorId y = takes_one ? like(x, "taken", shape(x)) : activation("combined", shape(x));
    if (function == BinaryFunction::mul)
      quantization(y).scales[0] =
          quantization(x).scale() * quantization(other).scale() * static_cast<float>(noise_.in(20, 90));
    const std::vector<TensorId> inputs = noise_.in(0, 1) == 0 ? std::vector{x, other} : std::vector{other, x};
    const Activation fused = takes_one ? Activation::none : any_activation();
    if (function == BinaryFunction::sub && noise_.in(0, 1) == 0) return add_op(inputs, y, Add{fused});
    return add_op(inputs, y, Binary{function, fused});
  }

  /// Squeeze and excitation.
  TensorId gated(TensorId x) {
    const TensorId gate = unary(convolution(averaged(x), true), UnaryFunction::logistic);
    const TensorId y = like(x, "gated", shape(x));
    return add_op({x, gate}, y, Binary{BinaryFunction::mul, Activation::none});
  }

  TensorId joined(TensorId x) {
    Concatenation kind{noise_.in(1, 3)};
    std::vector<TensorId> inputs = {x};
    std::vector<int32_t> all = shape(x);
    const int32_t more = noise_.in(1, 3);
    for (int32_t i = 0; i < more; ++i) {
      const int32_t choice = noise_.in(0, 4);
      const TensorId part = choice == 0 ? constant(shape(x)) : choice == 1 ? x : any_convolution(x, true);
      quantization(part) = quantization(x);
      inputs.push_back(part);
      all[static_cast<size_t>(kind.axis)] += shape(x)[static_cast<size_t>(kind.axis)];
    }
    std::swap(inputs.front(), inputs[static_cast<size_t>(noise_.in(0, more))]);
    return add_op(inputs, like(x, "joined", all), kind);
  }

  TensorId operator_block(TensorId x) {
    switch (noise_.in(0, 14)) {
      case 0:
        return gated(x);
      case 1:
        return joined(x);
      case 2:
      case 3:
        return unary(x, static_cast<UnaryFunction>(noise_.in(0, 6)));
      case 4:
        return pool(x);
      case 5:
        return slice(x);
      case 6:
        return split(x);
      case 7:
        return packed(x);
      case 8:
        return resized(x);
      case 9:
        return requantised(x);
      case 10:
        return prelu(x);
      case 11:
        return divided(x);
      default:
        return combine(x);
    }
  }
};

inline Network operator_network(uint32_t seed) {
  return reduce(OperatorNetwork(seed).graph(), {0, seed % 2 == 0, true});
}

}  // namespace thaw::testing
