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

/// The rows of one channel under a kernel, 16 bits a value, and the kernel.
int64_t ring_bytes(const Window& w, int32_t stride, int32_t outputs) {
  const int64_t rows = reach(w.kernel_height, w.dilation_height);
  const int64_t width = reach(w.kernel_width, w.dilation_width);
  const int64_t last = (int64_t{outputs} + 3) / 4 * 4 - 1;
  return 4 * rows * (4 * (width / 2 + 1) + last * stride / 2 + width / 2 + 1);
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
    return std::max(ring_bytes(w, w.stride_width, w.output_width),
                    whole_words(reach(w.kernel_height, w.dilation_height) * w.input_width));
  const auto trained = static_cast<int64_t>(kernel.trained_channels.size());
  const int64_t products = kernel.weights.present() ? w.taps() * w.input_channels : 0;
  const int64_t window = reads_pixels(w) ? 0 : products;
  const int64_t gathered = reads_pixels(w) && trained == w.input_channels ? 0 : w.taps() * trained;
  return column_bytes(products) + column_bytes(w.taps() * trained) + whole_words(std::max(window, gathered));
}

int64_t scratch_bytes(const MakeGradient& kernel) {
  const int64_t rows = 4 * int64_t{kernel.channels} * static_cast<int64_t>(kernel.sources.size());
  int64_t tiles = 0;
  int64_t ring = 0;
  for (const GradientSource& source : kernel.sources)
    if (const auto* from = std::get_if<FromConvolution>(&source.from)) {
      if (from->depthwise)
        ring = std::max(ring, ring_bytes(from->window, 1, from->window.input_width));
      else
        tiles += column_bytes(from->window.output_channels);
    }
  return std::max({rows, tiles, ring});
}

int64_t scratch_bytes(const UpdateWeights& kernel) {
  return kernel.depthwise ? 0 : column_bytes(kernel.window.output_positions());
}

}  // namespace thaw
