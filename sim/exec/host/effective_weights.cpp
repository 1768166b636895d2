#include "sim/exec/host/effective_weights.h"

#include <cstring>
#include <utility>

namespace thaw {
namespace {

int64_t elements(const WeightSources& s) {
  return int64_t{s.output_channels} * s.taps * (s.depthwise ? 1 : s.input_channels);
}

/// Trained values already in the matrix's order: every channel, one tap.
bool trained_is_matrix(const WeightSources& s) {
  const auto count = static_cast<int32_t>(s.trained_channels.size());
  return s.taps == 1 && count == (s.depthwise ? s.output_channels : s.input_channels);
}

}  // namespace

EffectiveWeights::EffectiveWeights(WeightSources sources) : sources_(std::move(sources)), data_(nullptr) {
  if (sources_.trained == nullptr) {
    data_ = sources_.frozen;
  } else if (trained_is_matrix(sources_)) {
    data_ = sources_.trained;
  } else {
    matrix_.reserve(elements(sources_));
    if (sources_.frozen != nullptr)
      std::memcpy(matrix_.as<int8_t>(), sources_.frozen, static_cast<size_t>(elements(sources_)));
    data_ = matrix_.as<int8_t>();
  }
}

const int8_t* EffectiveWeights::data() {
  if (!stale_) return data_;
  stale_ = false;
  ++version_;
  if (data_ != sources_.frozen && data_ != sources_.trained) scatter();
  return data_;
}

void EffectiveWeights::scatter() {
  const WeightSources& s = sources_;
  const auto count = static_cast<int32_t>(s.trained_channels.size());
  auto* matrix = matrix_.as<int8_t>();
  if (s.depthwise) {
    for (int32_t j = 0; j < count; ++j)
      for (int32_t tap = 0; tap < s.taps; ++tap)
        matrix[tap * s.output_channels + s.trained_channels[static_cast<size_t>(j)]] =
            s.trained[j * s.taps + tap];
    return;
  }
  for (int32_t o = 0; o < s.output_channels; ++o) {
    const int8_t* from = s.trained + o * count * s.taps;
    int8_t* to = matrix + o * s.taps * s.input_channels;
    for (int32_t j = 0; j < count; ++j)
      for (int32_t tap = 0; tap < s.taps; ++tap)
        to[tap * s.input_channels + s.trained_channels[static_cast<size_t>(j)]] = *from++;
  }
}

}  // namespace thaw
