#include "search/files/comparison_file.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>

#include "sim/base/json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kComparisonVersion = 1;

// ---- writing ----------------------------------------------------------------------------------------------

/// Where the classes lie that were appended.
int64_t append(std::vector<std::byte>& file, const std::vector<uint8_t>& classes) {
  const auto at = static_cast<int64_t>(file.size());
  for (uint8_t c : classes) file.push_back(std::byte{c});
  return at;
}

int64_t append(std::vector<std::byte>& file, const std::vector<float>& errors) {
  const auto at = static_cast<int64_t>(file.size());
  for (const float error : errors)
    for (uint32_t bits = std::bit_cast<uint32_t>(error), i = 0; i < sizeof(float); ++i, bits >>= 8)
      file.push_back(static_cast<std::byte>(bits & 0xffU));
  return at;
}

/// Classes, or errors where the metric is another than accuracy.
int64_t append(std::vector<std::byte>& file, MetricKind metric, const std::vector<uint8_t>& classes,
               const std::vector<float>& errors) {
  return metric == MetricKind::accuracy ? append(file, classes) : append(file, errors);
}

Json against_chosen_json(const AgainstChosen& d) {
  return {{"mean", d.mean}, {"low", d.low}, {"high", d.high}, {"surely_better", d.surely_better}};
}

Json interval_json(double low, double high) {
  return {{"low", low}, {"high", high}};
}

Json on_validation_json(const OnValidation& validation) {
  Json json = {{"trial", validation.trial}};
  add_metric(json, validation.metric, validation.value);
  json["seeds"] = validation.seeds;
  return json;
}

Json row_json(const ComparedSchedule& row, std::vector<std::byte>& file) {
  Json json = {{"name", row.name}};
  add_figures(json, row);
  json["interval"] = interval_json(row.low, row.high);
  if (const auto& validation = row.validation) json["validation"] = on_validation_json(*validation);
  json["is_chosen"] = row.is_chosen;
  if (row.against_chosen) json["against_chosen"] = against_chosen_json(*row.against_chosen);
  json["predictions"] = Json::array();
  for (const SeedPredictions& p : row.predictions)
    json["predictions"].push_back(
        {{"seed", p.seed}, {"offset", append(file, row.metric, p.classes, p.errors)}});
  add_schedule(json, row);
  return json;
}

Json shipped_json(const ShippedRow& shipped, std::vector<std::byte>& file) {
  Json json = Json::object();
  add_metric(json, shipped.metric, shipped.value);
  json["interval"] = interval_json(shipped.low, shipped.high);
  json["ram_bytes"] = shipped.ram_bytes;
  json["flash_bytes"] = shipped.flash_bytes;
  json["macs"] = shipped.macs;
  json["against_chosen"] = against_chosen_json(shipped.against_chosen);
  json["offset"] = append(file, shipped.metric, shipped.predictions, shipped.errors);
  return json;
}

// ---- reading ----------------------------------------------------------------------------------------------

/// predictions.bin, where it is there, and how many samples each of its parts has.
struct PredictionFile {
  const std::optional<std::vector<std::byte>>& bytes;
  int64_t samples = 0;

  /// So many bytes that are there.
  std::span<const uint8_t> part(const JsonView& offset, int64_t count) const {
    const int64_t at = offset.integer(0);
    if (at > static_cast<int64_t>(bytes->size()) - count)
      offset.fail(fmt::format("{} bytes from byte {} of predictions.bin on are named, but it has {} bytes",
                              count, at, bytes->size()),
                  "The run directory is incomplete: copy it again, or repeat the search");
    return {reinterpret_cast<const uint8_t*>(bytes->data()) + at, static_cast<size_t>(count)};
  }

  std::vector<uint8_t> classes(const JsonView& offset) const {
    if (!bytes) return {};
    const std::span<const uint8_t> found = part(offset, samples);
    return {found.begin(), found.end()};
  }

  std::vector<float> errors(const JsonView& offset) const {
    if (!bytes) return {};
    constexpr int64_t kEach = sizeof(float);
    const std::span<const uint8_t> found = part(offset, samples * kEach);
    std::vector<float> values;
    for (size_t at = 0; at < found.size(); at += kEach) {
      uint32_t bits = 0;
      for (size_t i = 0; i < kEach; ++i) bits |= uint32_t{found[at + i]} << (8 * i);
      values.push_back(std::bit_cast<float>(bits));
    }
    return values;
  }
};

/// The ends of an interval around a value of the metric.
double read_end(const JsonView& view, MetricKind metric) {
  return is_share(metric) ? view.number(0.0, 1.0) : view.number();
}

AgainstChosen read_against_chosen(const JsonView& view, MetricKind metric) {
  const double most = is_share(metric) ? 1.0 : std::numeric_limits<double>::max();
  return {view.field("mean").number(-most, most), view.field("low").number(-most, most),
          view.field("high").number(-most, most), view.field("surely_better").boolean()};
}

ShippedRow read_shipped(const JsonView& view, const PredictionFile& file) {
  ShippedRow row;
  read_metric(view, row.metric, row.value);
  row.low = read_end(view.field("interval").field("low"), row.metric);
  row.high = read_end(view.field("interval").field("high"), row.metric);
  row.ram_bytes = view.field("ram_bytes").integer(0);
  row.flash_bytes = view.field("flash_bytes").integer(0);
  row.macs = view.field("macs").integer(0);
  row.against_chosen = read_against_chosen(view.field("against_chosen"), row.metric);
  if (row.metric == MetricKind::accuracy)
    row.predictions = file.classes(view.field("offset"));
  else
    row.errors = file.errors(view.field("offset"));
  return row;
}

ComparedSchedule read_row(const JsonView& view, const PredictionFile& file) {
  ComparedSchedule row{read_measured(view), {}, 0.0, 1.0, {}, false, {}, {}};
  row.name = view.field("name").string();
  row.low = read_end(view.field("interval").field("low"), row.metric);
  row.high = read_end(view.field("interval").field("high"), row.metric);
  if (const auto validation = view.optional_field("validation")) {
    OnValidation on;
    on.trial = validation->field("trial").integer(0, INT32_MAX);
    read_metric(*validation, on.metric, on.value);
    on.seeds = validation->field("seeds").integer(0, INT32_MAX);
    row.validation = on;
  }
  if (const auto chosen = view.optional_field("is_chosen")) row.is_chosen = chosen->boolean();
  if (const auto against = view.optional_field("against_chosen"))
    row.against_chosen = read_against_chosen(*against, row.metric);
  if (!file.bytes) return row;
  for (const JsonView& p : view.field("predictions").items()) {
    SeedPredictions seed{p.field("seed").integer(0, UINT32_MAX), {}, {}};
    if (row.metric == MetricKind::accuracy)
      seed.classes = file.classes(p.field("offset"));
    else
      seed.errors = file.errors(p.field("offset"));
    row.predictions.push_back(std::move(seed));
  }
  return row;
}

}  // namespace

ComparisonFiles write_comparison(const Comparison& comparison) {
  ComparisonFiles files;
  const int64_t labels_at = append(files.predictions_bin, comparison.labels);
  Json rows = Json::array();
  for (const ComparedSchedule& row : comparison.rows) rows.push_back(row_json(row, files.predictions_bin));
  Json document = {{"schema_version", kComparisonVersion}, {"measured_on", "test"},
                   {"samples", comparison.samples},        {"choice", comparison.choice},
                   {"gained", comparison.gained},          {"predictions_file", "predictions.bin"},
                   {"labels_offset", labels_at},           {"rows", std::move(rows)}};
  if (comparison.as_it_is) document["as_it_is"] = shipped_json(*comparison.as_it_is, files.predictions_bin);
  files.comparison_json = json_text(document);
  return files;
}

Comparison read_comparison(const JsonView& view, const std::optional<std::vector<std::byte>>& predictions) {
  check_schema_version(view, kComparisonVersion);
  Comparison comparison;
  comparison.samples = view.field("samples").integer(1, INT32_MAX);
  const PredictionFile file{predictions, comparison.samples};
  comparison.labels = file.classes(view.field("labels_offset"));
  for (const JsonView& item : view.field("rows").items()) comparison.rows.push_back(read_row(item, file));
  if (comparison.rows.empty()) view.field("rows").fail("there are no rows");
  if (const auto choice = view.optional_field("choice")) comparison.choice = choice->string();
  if (const auto gained = view.optional_field("gained")) comparison.gained = gained->boolean();
  if (const auto shipped = view.optional_field("as_it_is"))
    comparison.as_it_is = read_shipped(*shipped, file);
  return comparison;
}

}  // namespace thaw
