#include "sim/plan/tiny_training_flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>

#include "sim/base/error.h"
#include "sim/plan/channel_selection.h"
#include "sim/plan/schedule_check.h"

namespace thaw {
namespace {

constexpr std::string_view kBiases = "--n_bias_update";
constexpr std::string_view kIndices = "--manual_weight_idx";
constexpr std::string_view kRatios = "--weight_update_ratio";
constexpr const char* kExample =
    "Expected one line such as --n_bias_update 22 --manual_weight_idx 21-24 --weight_update_ratio 1-0.125";

std::string quoted(std::string_view text) {
  return std::string("'").append(text).append("'");
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
    if (text.empty()) parts.push_back(text);
  }
  return parts;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result = split(line, " \t\r\n");
  std::erase(result, std::string_view());
  return result;
}

template <class Number>
Number parse_number(std::string_view text, std::string_view flag, const std::string& where) {
  Number value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc() || end != text.data() + text.size())
    throw Error(where, std::string(flag) + ": " + quoted(text) + " is not a number in range", kExample);
  return value;
}

template <class Number>
std::vector<Number> parse_list(std::string_view text, std::string_view flag, const std::string& where) {
  std::vector<Number> values;
  for (std::string_view part : split(text, "-")) values.push_back(parse_number<Number>(part, flag, where));
  return values;
}

/// The value of each flag as text, in the order biases, indices, ratios.
std::array<std::optional<std::string_view>, 3> flag_values(std::string_view line, const std::string& where) {
  constexpr std::array<std::string_view, 3> names = {kBiases, kIndices, kRatios};
  std::array<std::optional<std::string_view>, 3> values;
  const std::vector<std::string_view> tokens = words(line);
  for (size_t i = 0; i < tokens.size(); i += 2) {
    const auto name = std::find(names.begin(), names.end(), tokens[i]);
    if (name == names.end())
      throw Error(where, quoted(tokens[i]) + " is not a flag of a sparse update", kExample);
    auto& value = values[static_cast<size_t>(name - names.begin())];
    if (value) throw Error(where, std::string(*name) + " is given twice", "Remove one of them");
    if (i + 1 == tokens.size()) throw Error(where, std::string(*name) + " has no value", kExample);
    value = tokens[i + 1];
  }
  return values;
}

void check_flags(const TinyTrainingFlags& flags, const std::string& where) {
  if (flags.bias_count < 0)
    throw Error(where, std::string(kBiases) + " is " + std::to_string(flags.bias_count),
                "Expected 0 or more");
  if (flags.weight_indices.size() != flags.ratios.size())
    throw Error(where,
                std::string(kIndices) + " lists " + std::to_string(flags.weight_indices.size()) +
                    " layers but " + std::string(kRatios) + " lists " + std::to_string(flags.ratios.size()) +
                    " ratios",
                "Give one ratio for each layer");
  for (size_t i = 0; i + 1 < flags.weight_indices.size(); ++i)
    if (flags.weight_indices[i] >= flags.weight_indices[i + 1])
      throw Error(where,
                  std::string(kIndices) + " has " + std::to_string(flags.weight_indices[i + 1]) + " after " +
                      std::to_string(flags.weight_indices[i]),
                  "List the layers in ascending order, each once (21-24 means layers 21 and 24)");
  for (double ratio : flags.ratios)
    if (!(ratio >= 0.0 && ratio <= 1.0))
      throw Error(where, std::string(kRatios) + " holds a ratio outside 0..1",
                  "Give ratios such as 0.125 or 1");
}

/// n_keep of the published code: truncation of the product in binary64.
int32_t kept_channels(int32_t channels, double ratio) {
  return static_cast<int32_t>(channels * ratio);
}

/// The shortest decimal ratio that keeps exactly `count` of `channels`; the exact quotient where it is short.
double ratio_that_keeps(int32_t count, int32_t channels) {
  constexpr int kExactDigits = 6;
  int64_t power = 1;
  for (int digits = 0; digits <= kExactDigits; ++digits, power *= 10)
    if (count * power % channels == 0) {
      const int64_t digits_kept = count * power / channels;
      const double ratio = static_cast<double>(digits_kept) / static_cast<double>(power);
      if (kept_channels(channels, ratio) == count) return ratio;
    }
  // No short quotient: round up, so that truncation of the product comes back to `count`.
  double ratio = 1.0;
  for (power = 10;; power *= 10) {
    const int64_t digits_kept = count * power / channels + 1;
    ratio = static_cast<double>(digits_kept) / static_cast<double>(power);
    if (kept_channels(channels, ratio) == count) return ratio;
  }
}

const Convolution& convolution(const Network& network, int32_t index) {
  return std::get<Convolution>(network.convolution_layer(index).kind);
}

/// Weights of one listed layer.
void select_weights(LayerUpdate& update, const Convolution& layer, double ratio) {
  const int32_t channels = layer.selectable_channels();
  const int32_t count = kept_channels(channels, ratio);
  if (count == 0) return;
  update.weights = count == channels ? UpdatedWeights::all : UpdatedWeights::channels;
  if (count < channels) update.channels = select_channels_by_magnitude(layer, count);
}

std::string entry_name(const LayerUpdate& entry) {
  return "layer '" + entry.layer + "' (op " + std::to_string(entry.op) + ")";
}

}  // namespace

TinyTrainingFlags parse_tiny_training_flags(std::string_view line, const std::string& where) {
  const auto [biases, indices, ratios] = flag_values(line, where);
  if (!biases) throw Error(where, std::string(kBiases) + " is missing", kExample);
  TinyTrainingFlags flags;
  flags.bias_count = parse_number<int32_t>(*biases, kBiases, where);
  if (indices) flags.weight_indices = parse_list<int32_t>(*indices, kIndices, where);
  if (ratios) flags.ratios = parse_list<double>(*ratios, kRatios, where);
  check_flags(flags, where);
  return flags;
}

std::string write_tiny_training_flags(const TinyTrainingFlags& flags) {
  std::string line = std::string(kBiases) + " " + std::to_string(flags.bias_count);
  if (flags.weight_indices.empty()) return line;
  const auto number = [](double value) {  // shortest text without an exponent: its sign would split the list
    std::array<char, 64> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    return std::string(text.data(), end);
  };
  for (size_t i = 0; i < flags.weight_indices.size(); ++i)
    line += (i == 0 ? " " + std::string(kIndices) + " " : "-") + std::to_string(flags.weight_indices[i]);
  for (size_t i = 0; i < flags.ratios.size(); ++i)
    line += (i == 0 ? " " + std::string(kRatios) + " " : "-") + number(flags.ratios[i]);
  return line;
}

Schedule schedule_from_flags(const TinyTrainingFlags& flags, const Network& network,
                             const std::string& where) {
  const int32_t count = network.convolution_count();
  const std::string extent =
      count == 0 ? "The model has nothing but its classifier, which is not counted: give 0 and no indices"
                 : "The model has " + std::to_string(count) + " convolutions, 0 to " +
                       std::to_string(count - 1) + "; the classifier is not counted";
  if (flags.bias_count > count)
    throw Error(where, std::string(kBiases) + " is " + std::to_string(flags.bias_count), extent);
  if (!flags.weight_indices.empty() &&
      (flags.weight_indices.front() < 0 || flags.weight_indices.back() >= count))
    throw Error(where, std::string(kIndices) + " names a layer that does not exist", extent);
  Schedule schedule;
  describe_model(schedule, network);
  size_t next = 0;
  for (int32_t op = 0; op < count; ++op) {
    LayerUpdate update;
    update.op = op;
    update.layer = network.convolution_layer(op).name;
    update.bias = op >= count - flags.bias_count;
    if (next < flags.weight_indices.size() && flags.weight_indices[next] == op)
      select_weights(update, convolution(network, op), flags.ratios[next++]);
    if (update.bias || update.weights != UpdatedWeights::none) schedule.update.push_back(update);
  }
  schedule.update.push_back({count, network.classifier.name, true, UpdatedWeights::all, {}});
  return schedule;
}

TinyTrainingFlags flags_from_schedule(const Schedule& schedule, const Network& network,
                                      const std::string& where) {
  const int32_t count = network.convolution_count();
  const LayerUpdate* classifier = schedule.find(count);
  if (classifier == nullptr || !classifier->bias || classifier->weights != UpdatedWeights::all)
    throw Error(where, "the classifier is not updated in full, which these flags always do",
                "Update the classifier's bias and all its weights, or keep the schedule as JSON");
  TinyTrainingFlags flags;
  for (const LayerUpdate& entry : schedule.update) flags.bias_count += entry.op < count && entry.bias ? 1 : 0;
  for (const LayerUpdate& entry : schedule.update) {
    if (entry.op >= count) continue;
    if (entry.bias != (entry.op >= count - flags.bias_count))
      throw Error(where,
                  entry_name(entry) + (entry.bias ? " updates its bias" : " does not update its bias") +
                      ", but the flags can only name the biases of the last n convolutions",
                  "Update the biases of the last n convolutions, or keep the schedule as JSON");
    if (entry.weights == UpdatedWeights::none) continue;
    const Convolution& layer = convolution(network, entry.op);
    const int32_t channels = layer.selectable_channels();
    const auto kept =
        entry.weights == UpdatedWeights::all ? channels : static_cast<int32_t>(entry.channels.size());
    if (kept < channels && entry.channels != select_channels_by_magnitude(layer, kept))
      throw Error(where,
                  entry_name(entry) + " updates channels that are not the " + std::to_string(kept) +
                      " of largest weights",
                  "The flags can only name a ratio; keep the schedule as JSON");
    flags.weight_indices.push_back(entry.op);
    flags.ratios.push_back(ratio_that_keeps(kept, channels));
  }
  return flags;
}

}  // namespace thaw
