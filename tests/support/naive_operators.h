// What naive_gradient.h needs of the operators that are neither convolutions nor adds of one shape: binary64,
// from the definitions, position by position.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/graph/graph.h"
#include "sim/graph/window.h"

namespace thaw::testing {

using Values = std::vector<double>;

inline size_t at(const std::vector<int32_t>& shape, const std::vector<int32_t>& position) {
  size_t index = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    index = index * static_cast<size_t>(shape[i]) + static_cast<size_t>(position[i]);
  return index;
}

/// Calls use(position) for every position of a shape.
template <class Use>
void for_each_position(const std::vector<int32_t>& shape, const Use& use) {
  std::vector<int32_t> position(shape.size(), 0);
  for (;;) {
    use(position);
    size_t axis = shape.size();
    while (axis > 0 && ++position[axis - 1] == shape[axis - 1]) position[--axis] = 0;
    if (axis == 0) return;
  }
}

inline Values before_pool(const AveragePool2d& pool, const std::vector<int32_t>& in,
                          const std::vector<int32_t>& out, const Values& gradient) {
  const int32_t top =
      window_geometry(in[1], pool.filter_height, pool.stride_height, 1, pool.padding).pad_before;
  const int32_t left =
      window_geometry(in[2], pool.filter_width, pool.stride_width, 1, pool.padding).pad_before;
  Values result(static_cast<size_t>(in[1]) * static_cast<size_t>(in[2]) * static_cast<size_t>(in[3]), 0.0);
  for_each_position(out, [&](const std::vector<int32_t>& p) {
    std::vector<size_t> read;
    for (int32_t ky = 0; ky < pool.filter_height; ++ky)
      for (int32_t kx = 0; kx < pool.filter_width; ++kx) {
        const int32_t y = p[1] * pool.stride_height - top + ky, x = p[2] * pool.stride_width - left + kx;
        if (y >= 0 && y < in[1] && x >= 0 && x < in[2]) read.push_back(at(in, {0, y, x, p[3]}));
      }
    for (size_t element : read) result[element] += gradient[at(out, p)] / static_cast<double>(read.size());
  });
  return result;
}

inline Values before_mean(const Mean& mean, const std::vector<int32_t>& in, const Values& gradient) {
  std::vector<int32_t> kept = in;
  double count = 1.0;
  for (int32_t axis : mean.axes) {
    count *= kept[static_cast<size_t>(axis)];
    kept[static_cast<size_t>(axis)] = 1;
  }
  Values result;
  for_each_position(in, [&](std::vector<int32_t> p) {
    for (int32_t axis : mean.axes) p[static_cast<size_t>(axis)] = 0;
    result.push_back(gradient[at(kept, p)] / count);
  });
  return result;
}

inline Values before_transpose(const Transpose& transpose, const std::vector<int32_t>& in,
                               const std::vector<int32_t>& out, const Values& gradient) {
  Values result;
  for_each_position(in, [&](const std::vector<int32_t>& p) {
    std::vector<int32_t> q;
    for (int32_t axis : transpose.permutation) q.push_back(p[static_cast<size_t>(axis)]);
    result.push_back(gradient[at(out, q)]);
  });
  return result;
}

/// To the first of the largest values under each window.
inline Values before_max_pool(const MaxPool2d& pool, std::span<const int8_t> input,
                              const std::vector<int32_t>& in, const std::vector<int32_t>& out,
                              const Values& gradient) {
  const int32_t top =
      window_geometry(in[1], pool.filter_height, pool.stride_height, 1, pool.padding).pad_before;
  const int32_t left =
      window_geometry(in[2], pool.filter_width, pool.stride_width, 1, pool.padding).pad_before;
  Values result(input.size(), 0.0);
  for_each_position(out, [&](const std::vector<int32_t>& p) {
    size_t winner = input.size();
    for (int32_t ky = 0; ky < pool.filter_height; ++ky)
      for (int32_t kx = 0; kx < pool.filter_width; ++kx) {
        const int32_t y = p[1] * pool.stride_height - top + ky, x = p[2] * pool.stride_width - left + kx;
        if (y < 0 || y >= in[1] || x < 0 || x >= in[2]) continue;
        const size_t element = at(in, {0, y, x, p[3]});
        if (winner == input.size() || input[element] > input[winner]) winner = element;
      }
    result[winner] += gradient[at(out, p)];
  });
  return result;
}

/// To the elements that a PAD kept.
inline Values before_pad(const Pad& pad, const std::vector<int32_t>& in, const std::vector<int32_t>& out,
                         const Values& gradient) {
  Values result;
  for_each_position(in, [&](std::vector<int32_t> p) {
    for (size_t axis = 0; axis < p.size(); ++axis) p[axis] += pad.paddings[axis][0];
    result.push_back(gradient[at(out, p)]);
  });
  return result;
}

/// To the elements that a slice took, in their order.
inline Values before_slice(const Slice& slice, const std::vector<int32_t>& in, const Values& gradient) {
  size_t elements = 1;
  std::vector<int32_t> counts;
  for (int32_t size : in) elements *= static_cast<size_t>(size);
  for (const TakenAxis& axis : slice.axes) counts.push_back(axis.count);
  Values result(elements, 0.0);
  size_t next = 0;
  for_each_position(counts, [&](std::vector<int32_t> p) {
    for (size_t i = 0; i < p.size(); ++i) p[i] = slice.axes[i].first + p[i] * slice.axes[i].step;
    result[at(in, p)] += gradient[next++];
  });
  return result;
}

/// Where an output position of RESIZE_NEAREST_NEIGHBOR reads.
inline int32_t nearest_position(const Resize& resize, int32_t in, int32_t out, int32_t position) {
  const bool corners = resize.align_corners && out > 1;
  const float scale = static_cast<float>(corners ? in - 1 : in) / static_cast<float>(corners ? out - 1 : out);
  const float at = scale * (static_cast<float>(position) + (resize.half_pixel_centers ? 0.5F : 0.0F));
  return std::clamp(static_cast<int32_t>(resize.align_corners ? std::round(at) : std::floor(at)), 0, in - 1);
}

inline Values before_resize(const Resize& resize, const std::vector<int32_t>& in,
                            const std::vector<int32_t>& out, const Values& gradient) {
  Values result(static_cast<size_t>(in[1]) * static_cast<size_t>(in[2]) * static_cast<size_t>(in[3]), 0.0);
  for_each_position(out, [&](const std::vector<int32_t>& p) {
    const int32_t y = nearest_position(resize, in[1], out[1], p[1]);
    const int32_t x = nearest_position(resize, in[2], out[2], p[2]);
    result[at(in, {0, y, x, p[3]})] += gradient[at(out, p)];
  });
  return result;
}

/// Element of an input of `shape` that numpy's broadcasting reads at a position of the output.
inline size_t broadcast_element(const std::vector<int32_t>& shape, const std::vector<int32_t>& position) {
  size_t index = 0;
  for (size_t i = 0; i < shape.size(); ++i) {
    const int32_t at = position[position.size() - shape.size() + i];
    index = index * static_cast<size_t>(shape[i]) + static_cast<size_t>(shape[i] == 1 ? 0 : at);
  }
  return index;
}

/// d output / d input k of an element-wise operator, real values: `own` of input k, `other` of the other.
inline double binary_slope(const OpKind& kind, size_t k, double own, double other) {
  const auto* binary = std::get_if<Binary>(&kind);
  if (binary == nullptr) return 1.0;  // ADD
  switch (binary->function) {
    case BinaryFunction::sub:
      return k == 0 ? 1.0 : -1.0;
    case BinaryFunction::mul:
      return other;
    case BinaryFunction::maximum:
      return own > other || (own == other && k == 0) ? 1.0 : 0.0;
    case BinaryFunction::minimum:
      return own < other || (own == other && k == 0) ? 1.0 : 0.0;
    case BinaryFunction::prelu:
      return own >= 0.0 ? 1.0 : other;
  }
  return 0.0;
}

/// d f / d x where f, in steps of the output, stays in int8 and x is real. Of QUANTIZE f is x, of DIV x /
/// divisor.
inline double look_up_slope(const OpKind& kind, double x, double divisor, const Quantization& output) {
  const auto stays = [&](double f) {
    const double v = std::round(f / static_cast<double>(output.scale())) + output.zero_point();
    return v >= -128.0 && v <= 127.0;
  };
  if (std::holds_alternative<Quantize>(kind)) return stays(x) ? 1.0 : 0.0;
  const Unary& unary = std::get<Unary>(kind);
  double f = 0.0, slope = 0.0;
  switch (unary.function) {
    case UnaryFunction::logistic:
      f = 1.0 / (1.0 + std::exp(-x));
      slope = std::exp(-x) / std::pow(1.0 + std::exp(-x), 2);
      break;
    case UnaryFunction::tanh:
      f = std::tanh(x);
      slope = 1.0 / std::pow(std::cosh(x), 2);
      break;
    case UnaryFunction::leaky_relu:
      slope = x > 0.0 ? 1.0 : static_cast<double>(unary.alpha);
      f = slope * x;
      break;
    case UnaryFunction::relu:
      slope = x > 0.0 ? 1.0 : 0.0;
      f = slope * x;
      break;
    case UnaryFunction::relu6:
      slope = x > 0.0 && x < 6.0 ? 1.0 : 0.0;
      f = std::clamp(x, 0.0, 6.0);
      break;
    case UnaryFunction::hard_swish:
      slope = x <= -3.0 ? 0.0 : x <= 3.0 ? (2.0 * x + 3.0) / 6.0 : 1.0;
      f = x <= -3.0 ? 0.0 : x <= 3.0 ? x * (x + 3.0) / 6.0 : x;
      break;
    case UnaryFunction::elu:
      slope = x < 0.0 ? std::exp(x) : 1.0;
      f = x < 0.0 ? std::exp(x) - 1.0 : x;
      break;
    case UnaryFunction::divide:
      slope = 1.0 / divisor;
      f = x / divisor;
      break;
  }
  return stays(f) ? slope : 0.0;
}

}  // namespace thaw::testing
