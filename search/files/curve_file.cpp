#include "search/files/curve_file.h"

#include <nlohmann/json.hpp>

#include "sim/base/json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCurveVersion = 1;

const char* reference_key(MetricKind metric) {
  return metric == MetricKind::accuracy ? "reference_accuracy" : "reference_value";
}

}  // namespace

std::string write_curve(const FreezingCurve& curve) {
  Json points = Json::array();
  for (const CurvePoint& p : curve.points) {
    Json point = {{"frozen", p.frozen}, {"holds", p.holds}};
    add_figures(point, p);
    add_schedule(point, p);
    points.push_back(std::move(point));
  }
  return json_text(Json{{"schema_version", kCurveVersion},
                        {"measured_on", "validation"},
                        {"threshold_points", curve.threshold_points},
                        {reference_key(curve.points.front().metric), curve.reference},
                        {"chosen", curve.chosen ? Json(*curve.chosen) : Json()},
                        {"stop_reason", curve.stop_reason},
                        {"points", std::move(points)}});
}

FreezingCurve read_curve(const JsonView& view) {
  check_schema_version(view, kCurveVersion);
  FreezingCurve curve;
  curve.threshold_points = view.field("threshold_points").number(0.0, 100.0);
  curve.stop_reason = view.field("stop_reason").string();
  for (const JsonView& item : view.field("points").items())
    curve.points.push_back(
        {read_measured(item), item.field("frozen").string(), item.field("holds").boolean()});
  if (curve.points.empty()) view.field("points").fail("the curve has no points");
  const MetricKind metric = curve.points.front().metric;
  curve.reference = metric_field(view, reference_key(metric), metric);
  if (const auto chosen = view.optional_field("chosen"))  // null: a baseline won
    curve.chosen = static_cast<size_t>(chosen->integer(0, static_cast<int64_t>(curve.points.size()) - 1));
  return curve;
}

}  // namespace thaw
