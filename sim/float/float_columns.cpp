#include "sim/float/float_columns.h"

#include "sim/float/float_kernels.h"

namespace thaw {

const float* window_rows(const float* images, const Window& w, int32_t samples, std::vector<float>& storage) {
  if (w.is_pointwise()) return images;
  const int64_t sample_size = w.output_positions() * w.taps() * w.input_channels;
  storage.resize(static_cast<size_t>(sample_size * samples));
  for (int32_t n = 0; n < samples; ++n)
    window_columns(images + n * w.input_elements(), w, storage.data() + n * sample_size);
  return storage.data();
}

const float* repeated_channels(const Convolution& depthwise, const float* images, int32_t samples,
                               std::vector<float>& storage) {
  if (depthwise.depth_multiplier == 1) return images;
  const Window& w = depthwise.window;
  std::vector<int32_t> sources;
  for (int32_t c = 0; c < w.output_channels; ++c) sources.push_back(c / depthwise.depth_multiplier);
  const int64_t positions = w.input_positions() * samples;
  storage.resize(static_cast<size_t>(positions * w.output_channels));
  gather_channels(images, positions, w.input_channels, sources, storage.data());
  return storage.data();
}

}  // namespace thaw
