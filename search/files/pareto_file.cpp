#include "search/files/pareto_file.h"

#include <nlohmann/json.hpp>

#include "sim/base/json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kParetoVersion = 1;

}  // namespace

std::string write_pareto(const std::vector<ParetoPoint>& front) {
  Json points = Json::array();
  for (const ParetoPoint& p : front) {
    Json point = {{"role", p.role}};
    add_figures(point, p);
    add_schedule(point, p);
    points.push_back(std::move(point));
  }
  return json_text(
      Json{{"schema_version", kParetoVersion}, {"measured_on", "validation"}, {"points", std::move(points)}});
}

std::vector<ParetoPoint> read_pareto(const JsonView& view) {
  check_schema_version(view, kParetoVersion);
  std::vector<ParetoPoint> front;
  for (const JsonView& item : view.field("points").items()) {
    const auto role = item.optional_field("role");
    front.push_back({read_measured(item), role ? role->string() : ""});
  }
  return front;
}

}  // namespace thaw
