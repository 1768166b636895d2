// Samples 0..255 for a model whose input is scaled 0..1, or the reverse, train without any other sign of it
// than a low accuracy. Both show in the histogram of the int8 inputs.
#include "sim/data/input_warning.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

namespace thaw {
namespace {

constexpr double most_clipped = 0.01;
constexpr double nearly_all = 0.999;
constexpr int64_t few_values = 16;
constexpr int64_t times_as_many = 4;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// What quantising real values does to them.
struct Census {
  int64_t count = 0;
  int64_t clipped = 0;
  std::array<int64_t, 256> inputs{};  // how many elements become input i - 128
  double lowest = 0.0, highest = 0.0;
  bool all_whole = true;
  std::vector<float> distinct;  // the first values that differ, sorted; no more than are needed to judge

  void add(float value, const Quantization& input) {
    const double steps = std::round(static_cast<double>(value) / static_cast<double>(input.scale())) +
                         static_cast<double>(input.zero_point());
    clipped += steps < -128 || steps > 127 ? 1 : 0;
    ++inputs[static_cast<size_t>(std::clamp(steps, -128.0, 127.0) + 128)];
    lowest = count == 0 ? value : std::min(lowest, static_cast<double>(value));
    highest = count == 0 ? value : std::max(highest, static_cast<double>(value));
    all_whole = all_whole && value == std::floor(value);
    ++count;
    if (distinct.size() >= static_cast<size_t>(few_values * times_as_many)) return;
    const auto place = std::lower_bound(distinct.begin(), distinct.end(), value);
    if (place == distinct.end() || *place != value) distinct.insert(place, value);
  }

  /// The fewest inputs that hold nearly all elements.
  int64_t inputs_of_nearly_all() const {
    std::array<int64_t, 256> sorted = inputs;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    int64_t held = 0, used = 0;
    while (static_cast<double>(held) < nearly_all * static_cast<double>(count))
      held += sorted[static_cast<size_t>(used++)];
    return used;
  }
};

/// "the training samples lie in 0 to 255, the model's input in -1 to 0.9922 (scale 0.007812, zero point 0)".
std::string ranges(const Census& census, const std::string& name, const Quantization& input) {
  const double scale = static_cast<double>(input.scale());
  const double zero = static_cast<double>(input.zero_point());
  return "the " + name + " samples lie in " + number(census.lowest) + " to " + number(census.highest) +
         ", the model's input in " + number((-128 - zero) * scale) + " to " + number((127 - zero) * scale) +
         " (scale " + number(scale) + ", zero point " + number(zero) + ")";
}

bool is_byte_range(const Census& census) {
  return census.all_whole && census.lowest >= 0 && census.highest <= 255 && census.highest > 1;
}

std::string remedy_for_clipped(const Census& census) {
  if (is_byte_range(census))
    return "Save pixels as uint8 (x.astype('uint8')), or scale them as the model was trained (x / 255)";
  return "Scale the samples as the model was trained";
}

std::string remedy_for_few(const Census& census, const Quantization& input) {
  const double highest_input =
      static_cast<double>(127 - input.zero_point()) * static_cast<double>(input.scale());
  if (census.lowest >= 0 && census.highest <= 1 && highest_input > 100)
    return "Save pixels as uint8 ((255 * x).round().astype('uint8')), or scale them as the model was trained";
  return "Scale the samples as the model was trained";
}

std::optional<std::string> pixel_warning(const Split& split, const std::string& name) {
  const bool dark = std::all_of(split.pixels.begin(), split.pixels.end(), [](uint8_t p) { return p <= 1; });
  if (!dark) return std::nullopt;
  return "the " + name +
         " samples hold no pixel but 0 and 1 of 0 to 255: nearly black for the model. Multiply them "
         "by 255 if they were scaled to 0..1 before they became whole numbers";
}

}  // namespace

std::optional<std::string> input_warning(const Dataset& dataset, const Split& split, const std::string& name,
                                         const Quantization& input) {
  if (split.count == 0) return std::nullopt;
  if (dataset.element_type == ElementType::pixel) return pixel_warning(split, name);
  if (input.scales.size() != 1 || !(input.scale() > 0)) return std::nullopt;  // to_int8 refuses it
  Census census;
  for (float value : split.values) census.add(value, input);
  const double clipped = static_cast<double>(census.clipped) / static_cast<double>(census.count);
  if (clipped > most_clipped)
    return number(100 * clipped) + " % of the values are clipped: " + ranges(census, name, input) + ". " +
           remedy_for_clipped(census);
  const int64_t used = census.inputs_of_nearly_all();
  if (used > few_values || static_cast<int64_t>(census.distinct.size()) < used * times_as_many)
    return std::nullopt;
  return "hardly anything is left of the samples, nearly all values fall on " + std::to_string(used) +
         " of the 256 that the input has: " + ranges(census, name, input) + ". " +
         remedy_for_few(census, input);
}

}  // namespace thaw
