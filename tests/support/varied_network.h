// Random networks as people draw them, beyond chains of convolutions: flattened images and several dense
// layers, RESHAPE, PAD, pools and channel shuffles in the middle, readers of one tensor that see it in other
// shapes, features that average all, part or none of the image, clamped or not, one output or several.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/random_network.h"

namespace thaw::testing {

class VariedNetwork : public RandomNetwork {
 public:
  explicit VariedNetwork(uint32_t seed) : RandomNetwork(seed, Empty{}) {
    graph_.file_name = "varied " + std::to_string(seed);
    const TensorId input = activation("input", {1, noise_.in(3, 7), noise_.in(3, 7), noise_.in(1, 5)});
    graph_.inputs = {input};
    TensorId x = any_convolution(input, false);
    const int32_t blocks = noise_.in(1, 4);
    for (int32_t i = 0; i < blocks; ++i) x = is_image(x) ? image_block(x) : flat_block(x);
    classify(x);
  }

 private:
  bool is_image(TensorId x) const { return shape(x).size() == 4 && shape(x)[0] == 1; }
  int32_t elements(TensorId x) const { return static_cast<int32_t>(graph_.tensor(x).elements()); }

  TensorId like(TensorId x, const std::string& name, std::vector<int32_t> dimensions) {
    const TensorId y = activation(name, std::move(dimensions));
    graph_.tensors[y.index()].quantization = graph_.tensor(x).quantization;
    return y;
  }

  TensorId reshape(TensorId x, std::vector<int32_t> dimensions) {
    return add_op({x}, like(x, "reshape", std::move(dimensions)), Reshape{});
  }

  /// A random divisor of n.
  int32_t divisor(int32_t n) {
    std::vector<int32_t> divisors;
    for (int32_t d = 1; d <= n; ++d)
      if (n % d == 0) divisors.push_back(d);
    return divisors[noise_.next() % divisors.size()];
  }

  std::vector<int32_t> image_shape(int32_t count) {
    const int32_t channels = divisor(count);
    const int32_t height = divisor(count / channels);
    return {1, height, count / channels / height, channels};
  }

  /// FULLY_CONNECTED over rows of `columns` of x, whatever shape x has.
  TensorId dense(TensorId x, int32_t columns, std::vector<int32_t> output, bool keep_num_dims = false) {
    const int32_t outputs = output.back();
    return weighted(x, {outputs, columns}, 0, columns, FullyConnected{any_activation(), keep_num_dims},
                    std::move(output));
  }

  TensorId shuffle(TensorId x) {
    std::vector<int32_t> split = shape(x);
    const int32_t groups = divisor(split[3]);
    split[3] /= groups;
    split.insert(split.begin() + 3, groups);
    const TensorId apart = reshape(x, split);
    std::swap(split[3], split[4]);
    const TensorId turned = add_op({apart}, like(x, "shuffle", split), Transpose{{0, 1, 2, 4, 3}});
    return reshape(turned, shape(x));
  }

  TensorId pad(TensorId x) {
    Pad kind{{{0, 0}, {noise_.in(0, 2), noise_.in(0, 2)}, {noise_.in(0, 2), noise_.in(0, 2)}, {0, 0}}};
    if (noise_.in(0, 4) == 0) kind.paddings[3] = {1, 0};  // no convolution takes that in
    std::vector<int32_t> padded = shape(x);
    for (size_t i = 0; i < 4; ++i) padded[i] += kind.paddings[i][0] + kind.paddings[i][1];
    return add_op({x}, like(x, "pad", padded), kind);
  }

  /// Two readers of x, one of which may see it in another shape; now and then a third.
  TensorId readers(TensorId x) {
    const TensorId other = noise_.in(0, 1) == 0 ? reshape(x, image_shape(elements(x))) : x;
    TensorId y = any_convolution(other, true);
    if (other != x) y = reshape(y, shape(x));
    y = add(y, noise_.in(0, 1) == 0 ? any_convolution(x, true) : x);
    return noise_.in(0, 3) == 0 ? add(x, y) : y;
  }

  TensorId image_block(TensorId x) {
    switch (noise_.in(0, 13)) {
      case 0:
        return add(any_convolution(x, true), x);
      case 1:
      case 2:
        return reshape(x, image_shape(elements(x)));
      case 3:
      case 4:
        return dense(reshape(x, {1, elements(x)}), elements(x), {1, noise_.in(1, 12)});
      case 5:  // without the RESHAPE
        return dense(x, elements(x), {1, noise_.in(1, 12)});
      case 6: {  // every position a row
        std::vector<int32_t> same = shape(x);
        same[3] = noise_.in(1, 12);
        return dense(x, shape(x)[3], same, true);
      }
      case 7: {  // rows of other channels than the image's
        const int32_t columns = divisor(elements(x));
        return dense(x, columns, {elements(x) / columns, noise_.in(1, 6)});
      }
      case 8:
        return any_convolution(pad(x), false);
      case 9:
      case 10:
        return readers(x);
      case 11:
        if (noise_.in(0, 1) == 0) return shuffle(x);
        return noise_.in(0, 1) == 0 ? window_pool(x, MaxPool2d{}) : window_pool(x, AveragePool2d{});
      default:
        return any_convolution(x, false);
    }
  }

  TensorId flat_block(TensorId x) {
    switch (noise_.in(0, 4)) {
      case 0:
        return reshape(x, image_shape(elements(x)));
      case 1: {  // a residual of rows
        const int32_t columns = shape(x).back();
        return add(x, dense(x, columns, shape(x), true));
      }
      case 2:
        return dense(reshape(x, {elements(x)}), elements(x), {1, noise_.in(1, 12)});
      default:
        return dense(x, elements(x), {1, noise_.in(1, 12)});
    }
  }

  template <class Kind>
  TensorId window_pool(TensorId x, Kind kind) {
    for (;;) {
      kind.padding = noise_.in(0, 1) == 0 ? Padding::same : Padding::valid;
      kind.filter_height = noise_.in(1, shape(x)[1] + 2);
      kind.filter_width = noise_.in(1, shape(x)[2] + 2);
      kind.stride_height = noise_.in(1, shape(x)[1] + 1);
      kind.stride_width = noise_.in(1, shape(x)[2] + 1);
      const int32_t height =
          window_geometry(shape(x)[1], kind.filter_height, kind.stride_height, 1, kind.padding).out;
      const int32_t width =
          window_geometry(shape(x)[2], kind.filter_width, kind.stride_width, 1, kind.padding).out;
      if (height > 0 && width > 0) return add_op({x}, like(x, "pool", {1, height, width, shape(x)[3]}), kind);
    }
  }

  /// Over the whole image, by a window that fits or is larger.
  TensorId whole_pool(TensorId x) {
    AveragePool2d kind;
    kind.activation = noise_.in(0, 1) == 0 ? Activation::none : any_activation();
    kind.filter_height = shape(x)[1];
    kind.filter_width = shape(x)[2];
    if (noise_.in(0, 1) == 0) {
      kind.padding = Padding::same;
      kind.stride_height = shape(x)[1] + noise_.in(0, 2);
      kind.stride_width = shape(x)[2] + noise_.in(0, 2);
      kind.filter_height += noise_.in(0, 2);
    }
    return add_op({x}, like(x, "pool", {1, 1, 1, shape(x)[3]}), kind);
  }

  TensorId mean(TensorId x, Mean kind) {
    std::vector<int32_t> left;
    for (int32_t axis = 0; axis < 4; ++axis) {
      const bool reduced = std::ranges::count(kind.axes, axis) > 0;
      if (!reduced) left.push_back(shape(x)[static_cast<size_t>(axis)]);
      if (reduced && kind.keep_dims) left.push_back(1);
    }
    const TensorId y = activation("mean", left);
    // About the scale of what is averaged, as calibration gives it; now and then one that clamps.
    Quantization& q = graph_.tensors[y.index()].quantization;
    q = graph_.tensor(x).quantization;
    q.scales[0] *= noise_.in(0, 2) == 0 ? 0.2F : 1.25F;
    return add_op({x}, y, std::move(kind));
  }

  TensorId features_of(TensorId x) {
    const bool keep = noise_.in(0, 1) == 0;
    switch (noise_.in(0, 8)) {
      case 0:
      case 1:
        return mean(x, {{1, 2}, keep});
      case 2:
        return mean(x, {{noise_.in(1, 2)}, keep});
      case 3:
      case 4:
        return whole_pool(x);
      case 5: {
        AveragePool2d kind;
        kind.activation = noise_.in(0, 2) == 0 ? Activation::relu : Activation::none;
        return window_pool(x, kind);
      }
      case 6: {
        const std::vector<int32_t>& s = shape(x);
        const TensorId turned =
            add_op({x}, like(x, "turned", {1, s[3], s[1], s[2]}), Transpose{{0, 3, 1, 2}});
        return noise_.in(0, 1) == 0 ? mean(turned, {{2, 3}, keep}) : turned;
      }
      case 7:  // averages of averages
        if (noise_.in(0, 1) == 0) return mean(whole_pool(x), {{1, 2}, keep});
        return mean(mean(x, {{1}, true}), {{2}, keep});
      default:
        return x;
    }
  }

  void classify(TensorId x) {
    if (is_image(x)) x = features_of(x);
    const int32_t count = elements(x);
    if (noise_.in(0, 1) == 0) x = reshape(x, {1, count});
    const int32_t classes = noise_.in(0, 5) == 0 ? 1 : noise_.in(2, 8);
    graph_.outputs = {weighted(x, {classes, count}, 0, count, FullyConnected{}, {1, classes})};
  }
};

/// One output says nothing of classes: three are learnt.
inline Network trainable_network(const Graph& graph, bool fresh_classifier) {
  const int64_t outputs = graph.tensor(graph.outputs[0]).elements();
  return reduce(graph, {outputs == 1 ? 3 : 0, fresh_classifier, true});
}

}  // namespace thaw::testing
