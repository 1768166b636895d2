#include "reports/gate/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>
#include <string_view>
#include <vector>

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

/// The lines of a text, each clipped and printable, at most some thousands of characters of them.
std::string clipped_lines(const std::string& text) {
  constexpr size_t kMostText = 20'000, kMostLine = 2000;
  std::string lines;
  for (size_t at = 0; at < text.size() && lines.size() <= kMostText;) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines += (at == 0 ? "" : "\n") + clipped(std::string_view(text).substr(at, end - at), kMostLine);
    at = end + 1;
  }
  return lines;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

void add_case(pugi::xml_node suite, const Case& c, const std::string& run_name) {
  pugi::xml_node node = suite.append_child("testcase");
  set(node, "classname", "thaw." + clipped(run_name));
  set(node, "name", clipped(c.name));
  const std::string lines = clipped_lines(c.text);
  pugi::xml_node said = node.append_child(c.kind.empty() ? "system-out" : c.kind.c_str());
  if (!c.kind.empty()) set(said, "message", lines.substr(0, lines.find('\n')));
  if (c.kind != "skipped") said.text().set(lines.c_str());
}

}  // namespace

std::string junit_report(const GateReport& gate, const std::string& run_name) {
  std::vector<Case> cases;
  if (!gate.has_baseline) cases.push_back({"baseline", "skipped", "there is no baseline to compare with"});
  for (const MetricVerdict& v : gate.metrics) cases.push_back(metric_case(v, gate.schedule_changes));
  for (const BudgetVerdict& b : gate.budgets)
    cases.push_back({std::string(metric_key(b.metric)) + " budget of " + b.of,
                     b.level == Level::fail ? "failure" : "", budget_text(b)});
  const auto count = [&](std::string_view kind) {
    return std::to_string(std::ranges::count(cases, kind, &Case::kind));
  };
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  set(declaration, "version", "1.0");
  set(declaration, "encoding", "UTF-8");
  pugi::xml_node suite = document.append_child("testsuites").append_child("testsuite");
  set(suite, "name", "thaw gate");
  set(suite, "tests", std::to_string(cases.size()));
  set(suite, "failures", count("failure"));
  set(suite, "errors", "0");
  set(suite, "skipped", count("skipped"));
  for (const Case& c : cases) add_case(suite, c, run_name);
  std::ostringstream text;
  document.save(text, "  ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace thaw
