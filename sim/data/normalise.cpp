// Two passes in double, in the order of the samples, so that the numbers are the same everywhere.
#include "sim/data/normalise.h"

#include <cmath>

#include "sim/base/error.h"

namespace thaw {
namespace {

/// The model's own where values from -2 to 2 lie in its range, spread over enough of its steps.
Quantization input_of_normalised(const Quantization& input) {
  constexpr double range = 2.0, fewest_steps = 16.0, widest = 3.0;
  const bool usable = input.scales.size() == 1 && std::isfinite(input.scale()) && input.scale() > 0;
  const double scale = usable ? static_cast<double>(input.scale()) : 1.0;
  const double zero = static_cast<double>(input.zero_point());
  const bool holds = (-128 - zero) * scale <= -range && (127 - zero) * scale >= range;
  if (usable && holds && scale * fewest_steps <= 2 * range) return input;
  return {{static_cast<float>(widest / 127)}, {0}, 0};
}

void scale_values(std::vector<float>& values, const Normalisation& by) {
  const size_t channels = by.means.size();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>((static_cast<double>(values[i]) - by.means[i % channels]) /
                                   by.deviations[i % channels]);
}

}  // namespace

Normalisation normalise(Dataset& data, const Quantization& input) {
  if (data.element_type == ElementType::pixel)
    throw Error(data.name, "holds bytes, which are the model's input as they are",
                "Save the samples as float32, or leave --normalise out");
  const std::vector<float>& values = data.train.values;
  const auto channels = static_cast<size_t>(data.shape.empty() ? 1 : data.shape.back());
  Normalisation by{std::vector<double>(channels), std::vector<double>(channels), input_of_normalised(input)};
  const double count = static_cast<double>(values.size()) / static_cast<double>(channels);
  for (size_t i = 0; i < values.size(); ++i) by.means[i % channels] += static_cast<double>(values[i]);
  for (double& mean : by.means) mean /= count;
  for (size_t i = 0; i < values.size(); ++i) {
    const double difference = static_cast<double>(values[i]) - by.means[i % channels];
    by.deviations[i % channels] += difference * difference;
  }
  for (double& deviation : by.deviations) {
    deviation = std::sqrt(deviation / count);
    if (!(deviation > 0)) deviation = 1;
  }
  scale_values(data.train.values, by);
  scale_values(data.test.values, by);
  data.sha256 = content_digest(data);
  return by;
}

}  // namespace thaw
