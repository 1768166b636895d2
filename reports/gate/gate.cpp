#include "reports/gate/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/escape.h"
#include "reports/number_text.h"
#include "reports/schedule_diff.h"
#include "sim/base/interval.h"
#include "sim/base/paired_test.h"

namespace thaw {
namespace {

/// Differences below this share of the value are rounding of binary64, not changes.
constexpr double kRounding = 1e-9;

/// Limits of accuracy are in points of a percent.
double unit_of(GateMetric metric) {
  return metric == GateMetric::accuracy ? 100.0 : 1.0;
}

/// A metric's value in the unit of its limit; nothing where it was not measured.
std::optional<double> value_of(const Figures& figures, GateMetric metric) {
  const auto number = [](const std::optional<int64_t>& value) -> std::optional<double> {
    if (!value) return std::nullopt;
    return static_cast<double>(*value);
  };
  switch (metric) {
    case GateMetric::accuracy:
    case GateMetric::area_under_curve:
    case GateMetric::mean_absolute_error:
    case GateMetric::mean_squared_error:
      if (!figures.value || figures.metric != judged_kind(metric)) return std::nullopt;
      return unit_of(metric) * *figures.value;
    case GateMetric::ram_bytes:
      return number(figures.ram_bytes);
    case GateMetric::flash_bytes:
      return number(figures.flash_bytes);
    case GateMetric::macs_per_step:
      return number(figures.macs_per_step);
    case GateMetric::instructions_per_step:
      return number(figures.instructions_per_step);
    case GateMetric::search_seconds:
      return figures.search_seconds;
    case GateMetric::signature:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string value_text(GateMetric metric, double value) {
  const auto whole = static_cast<int64_t>(std::llround(value));
  switch (metric) {
    case GateMetric::accuracy:
    case GateMetric::area_under_curve:
    case GateMetric::mean_absolute_error:
    case GateMetric::mean_squared_error:
      return metric_text(*judged_kind(metric), value / unit_of(metric));
    case GateMetric::ram_bytes:
    case GateMetric::flash_bytes:
      return bytes_text(whole);
    case GateMetric::macs_per_step:
      return grouped_text(whole) + " MACs";
    case GateMetric::instructions_per_step:
      return grouped_text(whole) + " instructions";
    case GateMetric::search_seconds:
      return seconds_text(value);
    case GateMetric::signature:
      break;
  }
  return "";
}

std::string change_text(GateMetric metric, double before, double now) {
  const double change = now - before;
  if (const auto kind = judged_kind(metric))
    return metric_change_text(*kind, before / unit_of(metric), now / unit_of(metric));
  const std::string percent = before != 0.0 ? fmt::format(" ({:+.2f} %)", 100.0 * change / before) : "";
  if (metric == GateMetric::search_seconds) return fmt::format("{:+.1f} s", change) + percent;
  return (change > 0 ? "+" : "") + grouped_text(static_cast<int64_t>(std::llround(change))) + percent;
}

std::string limit_text(const GateRule& rule, double allowed) {
  const std::string way = rule.better == Better::higher ? " lower" : " higher";
  if (rule.metric == GateMetric::accuracy) return fmt::format("at most {:.2f} points{}", allowed, way);
  if (judged_kind(rule.metric)) return fmt::format("at most {:.4g}{}", allowed, way);
  if (rule.metric == GateMetric::search_seconds) return fmt::format("at most {:.1f} s{}", allowed, way);
  return "at most " + grouped_text(static_cast<int64_t>(std::floor(allowed))) + way;
}

/// Seeds that both sides have, on the same test set.
std::vector<PairedSeed> paired_seeds(const Figures& before, const Figures& now) {
  std::vector<PairedSeed> pairs;
  if (before.labels.empty() || before.labels != now.labels || before.samples != now.samples) return pairs;
  for (const SeedCorrect& a : before.correct)
    for (const SeedCorrect& b : now.correct)
      if (a.seed == b.seed && a.correct.size() == b.correct.size()) pairs.push_back({a.correct, b.correct});
  return pairs;
}

struct NoiseVerdict {
  bool is_noise = false;
  std::string reason;
};

/// Errors of the seeds that both sides have, on the same test set.
struct PairedErrors {
  ValuesBySeed before, now;
};

PairedErrors paired_errors(const Figures& before, const Figures& now) {
  PairedErrors pairs;
  if (before.labels.empty() || before.labels != now.labels || before.anomalous != now.anomalous) return pairs;
  for (const SeedErrors& a : before.errors)
    for (const SeedErrors& b : now.errors)
      if (a.seed == b.seed && a.errors.size() == b.errors.size() && !a.errors.empty()) {
        pairs.before.push_back(a.errors);
        pairs.now.push_back(b.errors);
      }
  return pairs;
}

/// Two-sided p of a normal difference.
double two_sided(double difference, double error) {
  if (error == 0.0) return difference == 0.0 ? 1.0 : 0.0;
  return std::erfc(std::abs(difference) / error / std::sqrt(2.0));
}

/// The same where the metric is no accuracy: an area or an error.
NoiseVerdict judge_noise_of_errors(const GateRule& rule, const Figures& before, const Figures& now) {
  const PairedErrors pairs = paired_errors(before, now);
  double p = 1.0;
  std::string how;
  if (!pairs.before.empty()) {
    const PairedDifference d = now.metric == MetricKind::area_under_curve
                                   ? area_difference(pairs.now, pairs.before, now.anomalous)
                                   : paired_difference(pairs.now, pairs.before);
    p = two_sided(d.centre, d.standard_error);
    how = fmt::format("paired test over {} samples and {} seed{}: p = {:.2g}", grouped_text(now.samples),
                      pairs.now.size(), pairs.now.size() == 1 ? "" : "s", p);
  } else {
    const auto error = [](const Figures& f) { return (f.high - f.low) / 2.0 / kStandardErrors95; };
    p = two_sided(*now.value - *before.value, std::hypot(error(before), error(now)));
    how = fmt::format("no errors in common, so the two intervals are compared: p = {:.2g}", p);
  }
  const bool is_noise = p > rule.significance;
  return {is_noise, fmt::format("{}, {} {:.2g}", how, is_noise ? "above" : "at most", rule.significance)};
}

NoiseVerdict judge_noise(const GateRule& rule, const Figures& before, const Figures& now) {
  if (rule.noise == NoiseRule::none) return {};
  if (rule.metric != GateMetric::accuracy) return judge_noise_of_errors(rule, before, now);
  const std::vector<PairedSeed> pairs = paired_seeds(before, now);
  double p = 1.0;
  std::string how;
  if (!pairs.empty()) {
    const PairedTest test = paired_test(pairs);
    p = test.p;
    how = fmt::format("paired test over {} samples and {} seed{}: {} lost, {} gained, p = {:.2g}",
                      grouped_text(now.samples), pairs.size(), pairs.size() == 1 ? "" : "s",
                      grouped_text(test.lost), grouped_text(test.gained), p);
  } else if (before.samples > 0 && now.samples > 0) {
    p = unpaired_test(*before.value, before.samples, *now.value, now.samples);
    how = fmt::format("no predictions in common, so the two shares are compared: p = {:.2g}", p);
  } else {
    return {false, "the number of samples is unknown, so nothing counts as noise"};
  }
  const bool is_noise = p > rule.significance;
  return {is_noise, fmt::format("{}, {} {:.2g}", how, is_noise ? "above" : "at most", rule.significance)};
}

/// Both sides lack a value or one does; returns false where both have one.
bool judge_absence(bool before, bool now, Level level, MetricVerdict& verdict) {
  if (before && now) return false;
  verdict.status = before ? GateStatus::vanished : now ? GateStatus::first_time : GateStatus::not_measured;
  if (before) verdict.level = level;
  return true;
}

MetricVerdict judge_signature(const GateRule& rule, const Figures& before, const Figures& now) {
  MetricVerdict verdict;
  verdict.metric = rule.metric;
  verdict.before = clipped(before.signature, 80);
  verdict.now = clipped(now.signature, 80);
  verdict.limit = "the same";
  if (judge_absence(!before.signature.empty(), !now.signature.empty(), rule.level, verdict)) return verdict;
  if (before.signature == now.signature) return verdict;
  verdict.status = GateStatus::regression;
  verdict.level = rule.level;
  verdict.change = "differs";
  verdict.reason = "the bits that training computes are not the same any more";
  return verdict;
}

MetricVerdict judge_metric(const GateRule& rule, const Figures& before, const Figures& now,
                           Level unrecorded_improvement) {
  if (rule.better == Better::same) return judge_signature(rule, before, now);
  MetricVerdict verdict;
  verdict.metric = rule.metric;
  const std::optional<double> a = value_of(before, rule.metric), b = value_of(now, rule.metric);
  if (a) verdict.before = value_text(rule.metric, *a);
  if (b) verdict.now = value_text(rule.metric, *b);
  if (judge_absence(a.has_value(), b.has_value(), rule.level, verdict)) return verdict;
  const double allowed = std::max(rule.absolute, rule.percent / 100.0 * std::abs(*a));
  const double worse = rule.better == Better::higher ? *a - *b : *b - *a;
  const double rounding = kRounding * std::max({1.0, std::abs(*a), std::abs(*b)});
  verdict.limit = limit_text(rule, allowed);
  verdict.change = change_text(rule.metric, *a, *b);
  if (std::abs(worse) <= rounding) return verdict;
  if (std::abs(worse) <= allowed + rounding) {
    verdict.status = worse > 0 ? GateStatus::within_limit : GateStatus::better;
    return verdict;
  }
  const NoiseVerdict noise = judge_noise(rule, before, now);
  verdict.reason = noise.reason;
  if (worse > 0) {
    verdict.status = noise.is_noise ? GateStatus::within_noise : GateStatus::regression;
    if (!noise.is_noise) verdict.level = rule.level;
  } else {
    verdict.status = noise.is_noise ? GateStatus::better : GateStatus::improved;
    if (!noise.is_noise) verdict.level = unrecorded_improvement;
  }
  return verdict;
}

/// Not the metrics of tasks that neither side has: a gate file may list those of all.
bool concerns(GateMetric metric, const Figures& before, const Figures& now) {
  return metric == GateMetric::accuracy || !judged_kind(metric) || value_of(before, metric) ||
         value_of(now, metric);
}

void judge_budget(const BudgetRule& rule, const Figures& now, const std::vector<BoardLimits>& boards,
                  GateReport& report) {
  const std::optional<double> required = value_of(now, rule.metric);
  if (!required) {
    report.notes.push_back(
        fmt::format("{} is not measured: its budget was not judged", metric_key(rule.metric)));
    return;
  }
  BudgetVerdict verdict;
  verdict.metric = rule.metric;
  verdict.required = static_cast<int64_t>(std::llround(*required));
  if (rule.available) {
    verdict.of = "gate file";
    verdict.available = *rule.available;
  } else {
    const auto board =
        std::find_if(boards.begin(), boards.end(), [&](const BoardLimits& b) { return b.name == now.board; });
    if (board == boards.end()) {
      report.notes.push_back(
          fmt::format("the run's board \"{}\" is not a known one: the {} budget was not judged",
                      clipped(now.board, 60), metric_key(rule.metric)));
      return;
    }
    verdict.of = board->name;
    verdict.available = rule.metric == GateMetric::ram_bytes ? board->ram_bytes : board->flash_bytes;
  }
  if (verdict.excess() > 0) verdict.level = rule.level;
  report.budgets.push_back(verdict);
}

}  // namespace

std::string budget_text(const BudgetVerdict& b) {
  const std::string state = b.excess() > 0 ? "excess " + grouped_text(b.excess()) + " bytes" : "fits";
  return fmt::format("{} budget of {}: required {} bytes, available {} bytes, {}",
                     b.metric == GateMetric::ram_bytes ? "RAM" : "flash", b.of, grouped_text(b.required),
                     grouped_text(b.available), state);
}

const char* status_words(GateStatus status) {
  switch (status) {
    case GateStatus::unchanged:
      return "unchanged";
    case GateStatus::within_limit:
      return "within the limit";
    case GateStatus::within_noise:
      return "within noise";
    case GateStatus::improved:
      return "improved";
    case GateStatus::better:
      return "slightly better";
    case GateStatus::regression:
      return "REGRESSION";
    case GateStatus::vanished:
      return "REGRESSION: not measured any more";
    case GateStatus::first_time:
      return "measured for the first time";
    case GateStatus::not_measured:
      return "not measured";
  }
  return "";
}

Level GateReport::level() const {
  Level worst = Level::info;
  for (const MetricVerdict& v : metrics) worst = std::max(worst, v.level);
  for (const BudgetVerdict& v : budgets) worst = std::max(worst, v.level);
  return worst;
}

GateReport judge(const Figures& now, const Figures* before, const GateRules& rules,
                 const std::vector<BoardLimits>& boards) {
  GateReport report;
  for (const BudgetRule& rule : rules.budgets) judge_budget(rule, now, boards, report);
  if (before == nullptr) return report;
  report.has_baseline = true;
  for (const GateRule& rule : rules.metrics)
    if (concerns(rule.metric, *before, now))
      report.metrics.push_back(judge_metric(rule, *before, now, rules.unrecorded_improvement));
  report.schedule_changes = diff_lines(diff_schedules(before->schedule, now.schedule));
  if (before->model_sha256 != now.model_sha256) report.notes.push_back("the model is not the baseline's");
  if (before->data_sha256 != now.data_sha256) report.notes.push_back("the data are not the baseline's");
  if (before->board != now.board)
    report.notes.push_back(fmt::format("the board is \"{}\", the baseline's was \"{}\"",
                                       clipped(now.board, 60), clipped(before->board, 60)));
  return report;
}

std::string gate_text(const GateReport& report) {
  std::string text = report.level() == Level::fail   ? "gate: FAILED\n"
                     : report.level() == Level::warn ? "gate: passed with warnings\n"
                                                     : "gate: passed\n";
  if (!report.has_baseline) text += "  no baseline: nothing was compared with an earlier run\n";
  for (const MetricVerdict& v : report.metrics) {
    if (v.status == GateStatus::not_measured) continue;
    text += fmt::format("  {}{}: {}", v.level == Level::info ? "" : fmt::format("[{}] ", level_name(v.level)),
                        metric_key(v.metric), status_words(v.status));
    if (!v.before.empty()) text += ", baseline " + v.before;
    if (!v.now.empty()) text += ", now " + v.now;
    if (!v.change.empty()) text += ", change " + v.change;
    if (!v.limit.empty()) text += ", limit " + v.limit;
    text += v.reason.empty() ? "\n" : " (" + v.reason + ")\n";
  }
  for (const BudgetVerdict& b : report.budgets)
    text += fmt::format("  {}{}\n", b.level == Level::info ? "" : fmt::format("[{}] ", level_name(b.level)),
                        budget_text(b));
  if (!report.schedule_changes.empty()) {
    text += "  the schedule changed:\n";
    for (const std::string& line : report.schedule_changes) text += "    " + line + "\n";
  }
  for (const std::string& note : report.notes) text += "  note: " + note + "\n";
  return text;
}

}  // namespace thaw
