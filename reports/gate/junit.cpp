#include "reports/gate/junit.h"

#include <fmt/format.h>

#include "reports/escape.h"

namespace thaw {
namespace {

struct Case {
  std::string name, kind, text;  // kind: "failure", "skipped", or "" for a pass
};

Case metric_case(const MetricVerdict& v, const std::vector<std::string>& schedule_changes) {
  Case result{metric_key(v.metric), "", status_words(v.status)};
  if (v.status == GateStatus::not_measured) {
    result.kind = "skipped";
    return result;
  }
  result.text += fmt::format(": baseline {}, now {}, change {}, limit {}",
                             v.before.empty() ? "none" : v.before, v.now.empty() ? "none" : v.now,
                             v.change.empty() ? "none" : v.change, v.limit.empty() ? "none" : v.limit);
  if (!v.reason.empty()) result.text += " (" + v.reason + ")";
  if (v.level != Level::fail) return result;
  result.kind = "failure";
  for (const std::string& line : schedule_changes) result.text += "\n" + line;
  return result;
}

std::string case_xml(const Case& c, const std::string& run_name) {
  constexpr size_t kMostText = 20'000;
  std::string lines;  // escaping drops line breaks, so line by line
  for (size_t at = 0; at < c.text.size();) {
    const size_t end = std::min(c.text.find('\n', at), c.text.size());
    lines += (at == 0 ? "" : "\n") + xml_text(std::string_view(c.text).substr(at, end - at), 2000);
    at = end + 1;
    if (lines.size() > kMostText) break;
  }
  std::string xml =
      fmt::format("    <testcase classname=\"thaw.{}\" name=\"{}\">\n", xml_text(run_name), xml_text(c.name));
  const std::string first = lines.substr(0, lines.find('\n'));
  if (c.kind == "failure")
    xml += fmt::format("      <failure message=\"{}\">{}</failure>\n", first, lines);
  else if (c.kind == "skipped")
    xml += fmt::format("      <skipped message=\"{}\"/>\n", first);
  else
    xml += fmt::format("      <system-out>{}</system-out>\n", lines);
  return xml + "    </testcase>\n";
}

}  // namespace

std::string junit_report(const GateReport& gate, const std::string& run_name) {
  std::vector<Case> cases;
  if (!gate.has_baseline) cases.push_back({"baseline", "skipped", "there is no baseline to compare with"});
  for (const MetricVerdict& v : gate.metrics) cases.push_back(metric_case(v, gate.schedule_changes));
  for (const BudgetVerdict& b : gate.budgets)
    cases.push_back({std::string(metric_key(b.metric)) + " budget of " + b.of,
                     b.level == Level::fail ? "failure" : "", budget_text(b)});
  size_t failures = 0, skipped = 0;
  std::string body;
  for (const Case& c : cases) {
    failures += c.kind == "failure" ? 1U : 0U;
    skipped += c.kind == "skipped" ? 1U : 0U;
    body += case_xml(c, run_name);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
      "  <testsuite name=\"thaw gate\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}"
      "  </testsuite>\n</testsuites>\n",
      cases.size(), failures, skipped, body);
}

}  // namespace thaw
