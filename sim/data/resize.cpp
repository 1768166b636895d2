// Two one-dimensional passes, first along rows, then along columns; the pixels between them are rounded to
// bytes, and a pass that would not change the size is left out. Source: the resampling of the Pillow library,
// restated from its arithmetic (coefficients normalised in double precision, then rounded to 22 bits).
#include "sim/data/resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <vector>

namespace thaw {
namespace {

// 32-bit sums hold 8 bits of pixel, 2 bits of head room and this fraction.
constexpr int precision_bits = 32 - 8 - 2;

/// The source pixels first .. first + count - 1 that make one output pixel; weights at offset in the table.
struct Window {
  int32_t first = 0;
  int32_t count = 0;
  size_t weights = 0;
};

/// How every output position of one axis is made.
struct Axis {
  std::vector<Window> windows;
  std::vector<int32_t> weights;  // 1.0 is 1 << precision_bits
};

Axis make_axis(int32_t in, int32_t out) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);  // shrinking widens the triangle, growing does not narrow it
  const double support = 1.0 * stretch;
  const double inverse = 1.0 / stretch;

  Axis axis;
  axis.windows.reserve(static_cast<size_t>(out));
  std::vector<double> triangle;
  for (int32_t o = 0; o < out; ++o) {
    // Pillow rounds by adding a half and cutting off.
    // NOLINTBEGIN(bugprone-incorrect-roundings)
    const double center = (o + 0.5) * scale;
    const int32_t first = std::max(static_cast<int32_t>(center - support + 0.5), 0);
    const int32_t end = std::min(static_cast<int32_t>(center + support + 0.5), in);
    triangle.clear();
    double sum = 0.0;
    for (int32_t i = first; i < end; ++i) {
      const double distance = std::abs((i - center + 0.5) * inverse);
      triangle.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += triangle.back();
    }
    axis.windows.push_back({first, end - first, axis.weights.size()});
    for (double weight : triangle) {
      const double normalised = sum != 0.0 ? weight / sum : weight;
      axis.weights.push_back(static_cast<int32_t>(0.5 + normalised * (1 << precision_bits)));
    }
    // NOLINTEND(bugprone-incorrect-roundings)
  }
  return axis;
}

/// Weighted sum of `window.count` pixels that lie `stride` bytes apart, rounded to a byte.
uint8_t weigh(const uint8_t* pixel, size_t stride, const Window& window, const int32_t* weights) {
  int32_t sum = 1 << (precision_bits - 1);
  for (int32_t i = 0; i < window.count; ++i, pixel += stride) sum += *pixel * weights[i];
  return static_cast<uint8_t>(std::clamp(sum >> precision_bits, 0, 255));
}

Image resize_rows(const Image& image, int32_t width) {
  const Axis axis = make_axis(image.width, width);
  const auto channels = static_cast<size_t>(image.channels);
  Image out{image.height, width, image.channels, {}};
  out.pixels.resize(static_cast<size_t>(image.height) * static_cast<size_t>(width) * channels);
  uint8_t* to = out.pixels.data();
  for (int32_t y = 0; y < image.height; ++y) {
    const uint8_t* row =
        image.pixels.data() + static_cast<size_t>(y) * static_cast<size_t>(image.width) * channels;
    for (const Window& window : axis.windows) {
      const uint8_t* from = row + static_cast<size_t>(window.first) * channels;
      for (size_t c = 0; c < channels; ++c)
        *to++ = weigh(from + c, channels, window, axis.weights.data() + window.weights);
    }
  }
  return out;
}

Image resize_columns(const Image& image, int32_t height) {
  const Axis axis = make_axis(image.height, height);
  const size_t row_bytes = static_cast<size_t>(image.width) * static_cast<size_t>(image.channels);
  Image out{height, image.width, image.channels, {}};
  out.pixels.resize(static_cast<size_t>(height) * row_bytes);
  uint8_t* to = out.pixels.data();
  for (const Window& window : axis.windows) {
    const uint8_t* from = image.pixels.data() + static_cast<size_t>(window.first) * row_bytes;
    for (size_t i = 0; i < row_bytes; ++i)
      *to++ = weigh(from + i, row_bytes, window, axis.weights.data() + window.weights);
  }
  return out;
}

}  // namespace

Image resize_bilinear(const Image& image, int32_t height, int32_t width) {
  assert(height >= 1 && width >= 1 && image.height >= 1 && image.width >= 1);
  if (image.width == width) return image.height == height ? image : resize_columns(image, height);
  Image wide = resize_rows(image, width);
  return image.height == height ? wide : resize_columns(wide, height);
}

}  // namespace thaw
