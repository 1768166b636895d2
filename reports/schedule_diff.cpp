#include "reports/schedule_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_words.h"

namespace thaw {
namespace {

std::string signed_text(int64_t change) {
  return (change > 0 ? "+" : "") + grouped_text(change);
}

void field(std::vector<std::string>& lines, const std::string& name, const std::string& before,
           const std::string& after) {
  if (before != after) lines.push_back(fmt::format("{} {} -> {}", name, clipped(before), clipped(after)));
}

void integer(std::vector<std::string>& lines, const std::string& name, int64_t before, int64_t after) {
  if (before != after)
    lines.push_back(fmt::format("{} {} -> {} ({})", name, grouped_text(before), grouped_text(after),
                                signed_text(after - before)));
}

/// "0 to 3, 7": runs of channels.
std::string channel_list(const std::vector<int32_t>& channels) {
  std::string text;
  for (size_t i = 0, last = 0; i < channels.size(); i = last + 1) {
    last = i;
    while (last + 1 < channels.size() && channels[last + 1] == channels[last] + 1) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(channels[i]);
    if (last > i) text += (last == i + 1 ? ", " : " to ") + std::to_string(channels[last]);
  }
  return clipped(text, 120);
}

std::string words_with_channels(const LayerUpdate& layer) {
  const std::string words = update_words(layer);
  return layer.channels.empty() ? words : words + " [" + channel_list(layer.channels) + "]";
}

/// Which channels came and went, where both sides have a list.
std::string channel_changes(const LayerChange& change) {
  if (change.before.channels.empty() || change.after.channels.empty()) return "";
  const auto missing_in = [](const std::vector<int32_t>& from, const std::vector<int32_t>& in) {
    std::vector<int32_t> result;
    std::set_difference(from.begin(), from.end(), in.begin(), in.end(), std::back_inserter(result));
    return result;
  };
  const std::vector<int32_t> came = missing_in(change.after.channels, change.before.channels);
  const std::vector<int32_t> went = missing_in(change.before.channels, change.after.channels);
  std::string text;
  if (!came.empty()) text += fmt::format("  {} channels added: {}", came.size(), channel_list(came));
  if (!went.empty()) text += fmt::format("  {} channels removed: {}", went.size(), channel_list(went));
  return text;
}

}  // namespace

ScheduleDiff diff_schedules(const Schedule& before, const Schedule& after) {
  ScheduleDiff diff;
  std::map<int64_t, LayerChange> by_op;
  for (const LayerUpdate& layer : before.update) {
    LayerChange& change = by_op[layer.op];
    change.layer = layer.layer;
    change.before = layer;
  }
  for (const LayerUpdate& layer : after.update) {
    LayerChange& change = by_op[layer.op];
    change.layer = layer.layer;
    change.after = layer;
  }
  for (auto& [op, change] : by_op) {
    change.op = op;
    const bool same = change.before.bias == change.after.bias &&
                      change.before.weights == change.after.weights &&
                      change.before.channels == change.after.channels &&
                      change.before.fraction_bits == change.after.fraction_bits;
    if (!same) diff.layers.push_back(std::move(change));
  }
  field(diff.recipe, "model", before.model_sha256.substr(0, 12), after.model_sha256.substr(0, 12));
  field(diff.recipe, "arithmetic", before.arithmetic, after.arithmetic);
  field(diff.recipe, "task", task_name(before.task), task_name(after.task));
  integer(diff.recipe, "classes", before.classes, after.classes);
  field(diff.recipe, "learning rate", fmt::format("{:.6g}", before.training.learning_rate),
        fmt::format("{:.6g}", after.training.learning_rate));
  integer(diff.recipe, "epochs", before.training.epochs, after.training.epochs);
  integer(diff.recipe, "seed", before.training.seed, after.training.seed);
  if (before.promise && after.promise) {
    const Promise &a = *before.promise, &b = *after.promise;
    if (a.metric == b.metric && a.mean != b.mean)
      diff.figures.push_back(fmt::format("{} {} -> {} ({})", metric_name(a.metric),
                                         metric_text(a.metric, a.mean), metric_text(b.metric, b.mean),
                                         metric_change_text(a.metric, a.mean, b.mean)));
    integer(diff.figures, "RAM bytes", a.ram_bytes, b.ram_bytes);
    integer(diff.figures, "flash bytes", a.flash_bytes, b.flash_bytes);
    integer(diff.figures, "MACs a step", a.macs_per_step, b.macs_per_step);
    field(diff.figures, "signature", a.signature, b.signature);
  } else if (before.promise || after.promise) {
    const Promise& only = before.promise ? *before.promise : *after.promise;
    diff.figures.push_back(
        fmt::format("only the {} schedule has measured figures: {}, {} of RAM, {} of flash",
                    before.promise ? "first" : "second", metric_text(only.metric, only.mean),
                    bytes_text(only.ram_bytes), bytes_text(only.flash_bytes)));
  }
  return diff;
}

std::vector<std::string> diff_lines(const ScheduleDiff& diff) {
  std::vector<std::string> lines;
  for (const std::string& line : diff.recipe) lines.push_back("~ " + line);
  for (const LayerChange& change : diff.layers) {
    const std::string where = fmt::format("{} (op {})", clipped(change.layer), change.op);
    lines.push_back("- " + where + ": " + words_with_channels(change.before));
    lines.push_back("+ " + where + ": " + words_with_channels(change.after));
    const std::string channels = channel_changes(change);
    if (!channels.empty()) lines.push_back(channels);
  }
  return lines;
}

}  // namespace thaw
