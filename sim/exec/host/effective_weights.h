// The weights of a layer as one int8 matrix: frozen ones from flash, trained ones scattered into their
// channels. Steps that read the layer share it; packed copies are made again when its version changes.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/exec/host/workspace.h"

namespace thaw {

/// Where a layer's weights come from; ranks and layouts as in ConvolutionForward.
struct WeightSources {
  bool depthwise = false;
  int32_t output_channels = 0, taps = 1;
  int32_t input_channels = 0;       // depthwise: unused
  const int8_t* frozen = nullptr;   // null: all channels are trained
  const int8_t* trained = nullptr;  // null: none is
  std::vector<uint16_t> trained_channels;
};

class EffectiveWeights {
 public:
  explicit EffectiveWeights(WeightSources sources);

  /// The trained values were changed.
  void changed() {
    if (sources_.trained != nullptr) stale_ = true;
  }

  /// [output][tap][input], depthwise [tap][channel], up to date.
  const int8_t* data();

  /// Changes whenever data() has new values; never 0.
  int64_t version() {
    data();
    return version_;
  }

  const WeightSources& sources() const { return sources_; }

 private:
  void scatter();

  WeightSources sources_;
  Scratch matrix_;  // unused where the sources are the matrix
  const int8_t* data_;
  bool stale_ = true;
  int64_t version_ = 0;
};

}  // namespace thaw
