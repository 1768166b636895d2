// Samples for autoencoders: sines are normal, noise is an anomaly.
#pragma once

#include <cmath>
#include <cstdint>

#include "sim/exec/prefix_cache.h"
#include "tests/support/noise.h"

namespace thaw::testing {

/// Of label 0 sines of any phase, as int8 steps; of others noise of the same size.
inline Samples wave_samples(int32_t channels, int64_t count, int32_t label, uint32_t seed) {
  Noise noise(seed);
  Samples samples;
  samples.count = count;
  samples.channels = channels;
  for (int64_t id = 0; id < count; ++id) {
    const double phase = noise.in(0, 628) / 100.0;
    for (int32_t i = 0; i < channels; ++i)
      samples.images.push_back(
          static_cast<int8_t>(label == 0 ? std::lround(60 * std::sin(phase + i * 0.4)) : noise.in(-60, 60)));
    samples.labels.push_back(label);
  }
  return samples;
}

inline Samples joined(Samples a, const Samples& b) {
  a.count += b.count;
  a.images.insert(a.images.end(), b.images.begin(), b.images.end());
  a.labels.insert(a.labels.end(), b.labels.begin(), b.labels.end());
  return a;
}

}  // namespace thaw::testing
