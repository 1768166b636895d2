// Pixels lose their offset; real values are quantised as the model's input asks.
#include "sim/data/to_int8.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "sim/base/error.h"

namespace thaw {
namespace {

int8_t quantize(float value, float scale, int32_t zero_point) {
  // Clamped before the conversion to an integer, so that no value is out of its range.
  const float steps = std::clamp(std::round(value / scale), -1e6F, 1e6F);
  const int32_t shifted = static_cast<int32_t>(steps) + zero_point;
  return static_cast<int8_t>(std::clamp(shifted, -128, 127));
}

void require_input(const Dataset& dataset, const Quantization& input) {
  const bool usable = input.scales.size() == 1 && std::isfinite(input.scales[0]) && input.scales[0] > 0 &&
                      input.zero_point() >= -128 && input.zero_point() <= 127;
  if (!usable)
    throw Error(dataset.name, "has float32 samples, but the model's input has no usable scale and zero point",
                "Save the samples as uint8 or int8, or use a model with a quantised input");
}

}  // namespace

void sample_to_int8(const Dataset& dataset, const Split& split, int64_t id, const Quantization& input,
                    std::span<int8_t> out) {
  const int64_t elements = split.sample_elements();
  assert(id >= 0 && id < split.count && static_cast<int64_t>(out.size()) == elements);
  if (dataset.element_type == ElementType::pixel) {
    const auto begin = split.pixels.begin() + id * elements;
    std::transform(begin, begin + elements, out.begin(),
                   [](uint8_t p) { return static_cast<int8_t>(int32_t{p} - 128); });
    return;
  }
  require_input(dataset, input);
  const float scale = input.scales[0];
  const int32_t zero_point = input.zero_point();
  const auto begin = split.values.begin() + id * elements;
  std::transform(begin, begin + elements, out.begin(),
                 [&](float value) { return quantize(value, scale, zero_point); });
}

std::vector<int8_t> to_int8(const Dataset& dataset, const Split& split, const Quantization& input) {
  const auto elements = static_cast<size_t>(split.sample_elements());
  std::vector<int8_t> out(elements * static_cast<size_t>(split.count));
  for (int64_t id = 0; id < split.count; ++id)
    sample_to_int8(dataset, split, id, input,
                   std::span(out).subspan(static_cast<size_t>(id) * elements, elements));
  return out;
}

std::vector<int8_t> targets_to_int8(const Split& split, const Quantization& output) {
  std::vector<int8_t> out;
  for (float value : split.targets) out.push_back(quantize(value, output.scale(), output.zero_point()));
  return out;
}

}  // namespace thaw
