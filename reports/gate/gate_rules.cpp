#include "reports/gate/gate_rules.h"

#include <array>
#include <set>

#include "sim/base/byte_size.h"
#include "sim/base/json.h"

namespace thaw {
namespace {

constexpr std::array<const char*, kGateMetrics> kMetricKeys = {
    "accuracy",    "area_under_curve", "mean_absolute_error",   "mean_squared_error", "ram_bytes",
    "flash_bytes", "macs_per_step",    "instructions_per_step", "search_seconds",     "signature"};

GateMetric read_metric(const JsonView& view) {
  return static_cast<GateMetric>(
      view.one_of({kMetricKeys[0], kMetricKeys[1], kMetricKeys[2], kMetricKeys[3], kMetricKeys[4],
                   kMetricKeys[5], kMetricKeys[6], kMetricKeys[7], kMetricKeys[8], kMetricKeys[9]}));
}

/// Which way each metric is better is no matter of taste: a gate that has it the wrong way round would pass
/// every regression.
constexpr std::array<Better, kGateMetrics> kBetter = {
    Better::higher, Better::higher, Better::lower, Better::lower, Better::lower,
    Better::lower,  Better::lower,  Better::lower, Better::lower, Better::same};
constexpr std::array<const char*, 3> kBetterKeys = {"higher", "lower", "same"};

Level read_level(const JsonView& view) {
  return static_cast<Level>(view.one_of({"info", "warn", "fail"}));
}

void read_limit(const JsonView& limit, GateRule& rule) {
  limit.known_keys({"absolute", "percent"});
  if (rule.better == Better::same) limit.fail("a signature has no limit: it is the same or it is not");
  const auto number = [&](const JsonView& view) {
    // Points of a percent, and percents of an accuracy, end at 100.
    return rule.metric == GateMetric::accuracy ? view.number(0.0, 100.0) : view.number(0.0);
  };
  if (const auto absolute = limit.optional_field("absolute")) rule.absolute = number(*absolute);
  if (const auto percent = limit.optional_field("percent")) rule.percent = number(*percent);
}

double read_significance(const JsonView& view) {
  const double significance = view.number(0.0, 1.0);
  if (significance == 0.0) view.fail("is 0: every change would pass as noise", "Usual is 0.05");
  return significance;
}

GateRule read_rule(const JsonView& view) {
  view.known_keys({"metric", "better", "limit", "noise", "level"});
  GateRule rule;
  rule.metric = read_metric(view.field("metric"));
  const JsonView better = view.field("better");
  rule.better = static_cast<Better>(better.one_of({kBetterKeys[0], kBetterKeys[1], kBetterKeys[2]}));
  if ((rule.metric == GateMetric::signature) != (rule.better == Better::same))
    better.fail("\"same\" goes with \"signature\", and only with it");
  const auto metric = static_cast<size_t>(rule.metric);
  if (rule.better != kBetter[metric])
    better.fail("is \"" + better.string() + "\", but of " + kMetricKeys[metric] + " \"" +
                    kBetterKeys[static_cast<size_t>(kBetter[metric])] + "\" is better",
                "Turned round, the gate would pass every regression");
  if (const auto limit = view.optional_field("limit")) read_limit(*limit, rule);
  if (const auto noise = view.optional_field("noise")) {
    noise->known_keys({"rule", "significance"});
    rule.noise = static_cast<NoiseRule>(noise->field("rule").one_of({"none", "paired"}));
    if (rule.noise == NoiseRule::paired && !judged_kind(rule.metric))
      noise->fail("only accuracy, area and errors are measured on samples that can be paired");
    if (const auto p = noise->optional_field("significance")) rule.significance = read_significance(*p);
  }
  rule.level = read_level(view.field("level"));
  return rule;
}

BudgetRule read_budget(const JsonView& view) {
  view.known_keys({"metric", "available", "level"});
  BudgetRule rule;
  const JsonView metric = view.field("metric");
  rule.metric =
      metric.one_of({"ram_bytes", "flash_bytes"}) == 0 ? GateMetric::ram_bytes : GateMetric::flash_bytes;
  const JsonView available = view.field("available");
  if (!available.is_string() || available.string() != "board") rule.available = byte_size_field(available);
  rule.level = read_level(view.field("level"));
  return rule;
}

}  // namespace

std::optional<MetricKind> judged_kind(GateMetric metric) {
  const auto place = static_cast<size_t>(metric);
  return place < kMetricKinds.size() ? std::optional(kMetricKinds[place]) : std::nullopt;
}

const char* metric_key(GateMetric metric) {
  return kMetricKeys[static_cast<size_t>(metric)];
}

const char* level_name(Level level) {
  return level == Level::fail ? "fail" : level == Level::warn ? "warn" : "info";
}

GateRules read_gate_rules(const std::filesystem::path& path) {
  const nlohmann::json document = read_json_file(path);
  const JsonView view(document, path.string());
  check_schema_version(view, 1);
  view.known_keys({"schema_version", "description", "metrics", "budgets", "unrecorded_improvement"});
  GateRules rules;
  std::set<GateMetric> seen;
  for (const JsonView& item : view.field("metrics").items()) {
    rules.metrics.push_back(read_rule(item));
    if (!seen.insert(rules.metrics.back().metric).second)
      item.field("metric").fail("this metric has a rule already");
  }
  if (rules.metrics.empty())
    view.field("metrics").fail("is empty: such a gate would pass every run",
                               "Name the metrics to judge, as configs/gates/default.json does");
  std::set<GateMetric> limited;
  if (const auto budgets = view.optional_field("budgets"))
    for (const JsonView& item : budgets->items()) {
      rules.budgets.push_back(read_budget(item));
      if (!limited.insert(rules.budgets.back().metric).second)
        item.field("metric").fail("this metric has a budget already");
    }
  if (const auto level = view.optional_field("unrecorded_improvement"))
    rules.unrecorded_improvement = read_level(*level);
  return rules;
}

}  // namespace thaw
