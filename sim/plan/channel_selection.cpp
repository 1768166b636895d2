#include "sim/plan/channel_selection.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>

namespace thaw {

std::vector<int64_t> channel_magnitudes(const Convolution& convolution) {
  // OHWI and HWC both end in the selectable channel.
  const auto channels = static_cast<size_t>(convolution.selectable_channels());
  std::vector<int64_t> magnitudes(channels, 0);
  for (size_t i = 0; i < convolution.weights.size(); ++i) {
    const int64_t weight = convolution.weights[i];
    magnitudes[i % channels] += weight * weight;
  }
  return magnitudes;
}

std::vector<int32_t> select_channels_by_magnitude(const Convolution& convolution, int32_t count) {
  assert(count >= 0 && count <= convolution.selectable_channels());
  const std::vector<int64_t> magnitudes = channel_magnitudes(convolution);
  std::vector<int32_t> order(magnitudes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return magnitudes[static_cast<size_t>(a)] > magnitudes[static_cast<size_t>(b)];
  });
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace thaw
