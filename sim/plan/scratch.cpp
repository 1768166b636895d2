#include "sim/plan/scratch.h"

#include <algorithm>

namespace thaw {
namespace {

int64_t whole_words(int64_t bytes) {
  return (bytes + 3) / 4 * 4;
}

/// Four columns of 16-bit products.
int64_t column_bytes(int64_t products) {
  return (products + 3) / 4 * 32;
}

int64_t reach(int32_t taps, int32_t dilation) {
  return int64_t{taps - 1} * dilation + 1;
}

/// Pairs of rows under a window that may begin anywhere.
int64_t pair_slots(int64_t rows) {
  return rows / 2 + 1;
}

/// Four channels of the rows under a depthwise kernel as pairs of 16-bit values, and the kernel.
int64_t depthwise_bytes(const Window& w) {
  const int64_t rows = reach(w.kernel_height, w.dilation_height);
  const int64_t width = reach(w.kernel_width, w.dilation_width);
  const int64_t columns = int64_t{w.output_width - 1} * w.stride_width + width;
  return 4 * rows * width + 16 * pair_slots(rows) * (columns + 2 * width);
}

/// The same for its input gradient: the plane is that of the gradient, the kernel is split by the stride.
int64_t depthwise_gradient_bytes(const Window& w) {
  int64_t kernel_pairs = 0;
  for (int32_t y = 0; y < std::min(w.stride_height, w.kernel_height); ++y)
    kernel_pairs += pair_slots((w.kernel_height - 1 - y) / w.stride_height + 1);
  const int64_t slots = pair_slots((w.kernel_height - 1) / w.stride_height + 1);
  const int64_t columns =
      (w.input_width - 1 + w.pad_left) / w.stride_width + (w.kernel_width - 1) / w.stride_width + 1;
  return 4 * w.taps() + 16 * (slots * columns + 2 * kernel_pairs * w.kernel_width);
}

/// Every output reads one input position, inside the image.
bool reads_pixels(const Window& w) {
  return w.taps() == 1 && w.pad_top == 0 && w.pad_left == 0 &&
         (w.output_height - 1) * w.stride_height < w.input_height &&
         (w.output_width - 1) * w.stride_width < w.input_width;
}

}  // namespace

int64_t scratch_bytes(const ConvolutionForward& kernel) {
  const Window& w = kernel.window;
  if (kernel.depthwise)
    return std::max(depthwise_bytes(w),
                    whole_words(reach(w.kernel_height, w.dilation_height) * w.input_width));
  const auto trained = static_cast<int64_t>(kernel.trained_channels.size());
  if (trained == 0 && w.output_positions() == 1 && reads_pixels(w)) return 0;
  const int64_t products = kernel.weights.present() ? w.taps() * w.input_channels : 0;
  const int64_t window = reads_pixels(w) ? 0 : products;
  const int64_t gathered = reads_pixels(w) && trained == w.input_channels ? 0 : w.taps() * trained;
  return column_bytes(products) + column_bytes(w.taps() * trained) + whole_words(std::max(window, gathered));
}

int64_t scratch_bytes(const MakeGradient& kernel) {
  const int64_t rows = 4 * int64_t{kernel.channels} * static_cast<int64_t>(kernel.sources.size());
  int64_t tiles = 0;
  int64_t plane = 0;
  for (const GradientSource& source : kernel.sources)
    if (const auto* from = std::get_if<FromConvolution>(&source.from)) {
      if (from->depthwise)
        plane = std::max(plane, depthwise_gradient_bytes(from->window));
      else
        tiles += from->window.taps() * column_bytes(from->window.output_channels);
    }
  return std::max({rows, tiles, plane});
}

int64_t scratch_bytes(const UpdateWeights& kernel) {
  return kernel.depthwise ? 0 : 2 * column_bytes(kernel.window.output_positions());
}

}  // namespace thaw
