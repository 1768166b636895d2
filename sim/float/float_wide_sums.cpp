#include "sim/float/float_wide_sums.h"

#include <Eigen/Core>

namespace thaw {
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double depthwise_sum(const float* image, const float* weights, const Window& w, int32_t oy, int32_t ox,
                     int32_t channel) {
  double sum = 0.0;
  for (int32_t ky = 0; ky < w.kernel_height; ++ky)
    for (int32_t kx = 0; kx < w.kernel_width; ++kx) {
      const int32_t y = oy * w.stride_height - w.pad_top + ky * w.dilation_height;
      const int32_t x = ox * w.stride_width - w.pad_left + kx * w.dilation_width;
      if (y < 0 || y >= w.input_height || x < 0 || x >= w.input_width) continue;
      const float value = image[(int64_t{y} * w.input_width + x) * w.output_channels + channel];
      const float weight = weights[(int64_t{ky} * w.kernel_width + kx) * w.output_channels + channel];
      sum += static_cast<double>(value) * static_cast<double>(weight);
    }
  return sum;
}

}  // namespace

void wide_product(MatrixView<const float> left, MatrixView<const float> right, MatrixView<float> result) {
  // The sums are exact integers, so the library may order them as it likes.
  const Eigen::Map<const RowMajor> a(left.data, left.rows, left.columns);
  const Eigen::Map<const RowMajor> b(right.data, right.rows, right.columns);
  Eigen::Map<RowMajor>(result.data, result.rows, result.columns) =
      (a.cast<double>() * b.cast<double>()).cast<float>();
}

void wide_depthwise(const float* images, int32_t samples, const float* weights, const Window& w,
                    float* sums) {
  for (int32_t n = 0; n < samples; ++n, images += w.input_positions() * w.output_channels)
    for (int32_t oy = 0; oy < w.output_height; ++oy)
      for (int32_t ox = 0; ox < w.output_width; ++ox)
        for (int32_t c = 0; c < w.output_channels; ++c)
          *sums++ = static_cast<float>(depthwise_sum(images, weights, w, oy, ox, c));
}

}  // namespace thaw
