// contributions.json: what each layer adds, what it needs, and whether it was taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/files/gain.h"

namespace thaw {

class JsonView;

/// By some of a layer's weights.
struct ShareGain {
  int64_t eighths = 8;
  Gain gain;
};

struct LayerContribution {
  int64_t op = 0;
  std::string layer, verdict;  // the verdict is for people
  Gain biases_from_here;       // by the biases from this layer on
  std::vector<ShareGain> weights;
  int64_t ram_bytes = 0;  // that all of its weights need
  int64_t macs_per_step = 0;

  /// By all of its weights; 0 where that was not measured.
  Gain whole() const {
    for (const ShareGain& share : weights)
      if (share.eighths == 8) return share.gain;
    return {};
  }
};

struct ContributionsFile {
  double learning_rate = 0.0;              // at which all was measured
  int64_t biases_beside_weights_from = 0;  // convolution
  double classifier_loss = 0.0;            // of the classifier alone, nats
  std::vector<LayerContribution> layers;   // ascending by op
};

/// The text of the file. Equal contributions give equal bytes.
std::string write_contributions(const ContributionsFile& contributions);

/// Throws Error naming the field of the first thing that is not as write_contributions wrote it.
ContributionsFile read_contributions(const JsonView& view);

}  // namespace thaw
