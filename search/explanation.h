// Why a schedule: what each layer's weights add, what they need, and whether they were taken.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/contributions.h"

namespace thaw {

/// One layer, its weights updated whole beside the biases that `Contributions` were measured with.
struct LayerReason {
  int32_t op = 0;
  std::string layer;
  std::optional<Gain> gain;       // by the weights; none where not even an eighth of them fits
  std::optional<Gain> bias_gain;  // by the biases from here on; none where they do not fit
  int64_t ram_bytes = 0;          // that the weights add
  int64_t macs = 0;               // a step that they add
  std::string verdict;            // "chosen", "half chosen", "forbidden", "does not fit alone", ...
};

/// Every convolution that can be trained, ascending.
std::vector<LayerReason> explain(const Evaluator& evaluator, const SearchSpace& space,
                                 const Contributions& contributions, const Schedule& chosen);

}  // namespace thaw
