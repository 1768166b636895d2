#include "search/files/comparison_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

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

Json against_chosen_json(const AgainstChosen& d) {
  return {{"mean", d.mean}, {"low", d.low}, {"high", d.high}, {"surely_better", d.surely_better}};
}

Json interval_json(double low, double high) {
  return {{"low", low}, {"high", high}};
}

Json row_json(const ComparedSchedule& row, std::vector<std::byte>& file) {
  Json json = {{"name", row.name}};
  add_figures(json, row);
  json["interval"] = interval_json(row.low, row.high);
  if (const auto& validation = row.validation)
    json["validation"] = {
        {"trial", validation->trial}, {"accuracy", validation->accuracy}, {"seeds", validation->seeds}};
  json["is_chosen"] = row.is_chosen;
  if (row.against_chosen) json["against_chosen"] = against_chosen_json(*row.against_chosen);
  json["predictions"] = Json::array();
  for (const SeedPredictions& p : row.predictions)
    json["predictions"].push_back({{"seed", p.seed}, {"offset", append(file, p.classes)}});
  add_schedule(json, row);
  return json;
}

Json shipped_json(const ShippedRow& shipped, std::vector<std::byte>& file) {
  return {{"accuracy", shipped.accuracy},
          {"interval", interval_json(shipped.low, shipped.high)},
          {"ram_bytes", shipped.ram_bytes},
          {"flash_bytes", shipped.flash_bytes},
          {"macs", shipped.macs},
          {"against_chosen", against_chosen_json(shipped.against_chosen)},
          {"offset", append(file, shipped.predictions)}};
}

// ---- reading ----------------------------------------------------------------------------------------------

/// predictions.bin, where it is there, and how many samples each of its parts has.
struct PredictionFile {
  const std::optional<std::vector<std::byte>>& bytes;
  int64_t samples = 0;

  std::vector<uint8_t> classes(const JsonView& offset) const {
    if (!bytes) return {};
    const int64_t at = offset.integer(0);
    if (at > static_cast<int64_t>(bytes->size()) - samples)
      offset.fail(fmt::format("{} bytes from byte {} of predictions.bin on are named, but it has {} bytes",
                              samples, at, bytes->size()),
                  "The run directory is incomplete: copy it again, or repeat the search");
    const auto* first = reinterpret_cast<const uint8_t*>(bytes->data()) + at;
    return {first, first + samples};
  }
};

AgainstChosen read_against_chosen(const JsonView& view) {
  return {view.field("mean").number(-1.0, 1.0), view.field("low").number(-1.0, 1.0),
          view.field("high").number(-1.0, 1.0), view.field("surely_better").boolean()};
}

ShippedRow read_shipped(const JsonView& view, const PredictionFile& file) {
  const JsonView interval = view.field("interval");
  return {view.field("accuracy").number(0.0, 1.0),
          interval.field("low").number(0.0, 1.0),
          interval.field("high").number(0.0, 1.0),
          view.field("ram_bytes").integer(0),
          view.field("flash_bytes").integer(0),
          view.field("macs").integer(0),
          read_against_chosen(view.field("against_chosen")),
          file.classes(view.field("offset"))};
}

ComparedSchedule read_row(const JsonView& view, const PredictionFile& file) {
  ComparedSchedule row{read_measured(view), {}, 0.0, 1.0, {}, false, {}, {}};
  row.name = view.field("name").string();
  row.low = view.field("interval").field("low").number(0.0, 1.0);
  row.high = view.field("interval").field("high").number(0.0, 1.0);
  if (const auto validation = view.optional_field("validation"))
    row.validation = {validation->field("trial").integer(0, INT32_MAX),
                      validation->field("accuracy").number(0.0, 1.0),
                      validation->field("seeds").integer(0, INT32_MAX)};
  if (const auto chosen = view.optional_field("is_chosen")) row.is_chosen = chosen->boolean();
  if (const auto against = view.optional_field("against_chosen"))
    row.against_chosen = read_against_chosen(*against);
  if (file.bytes)
    for (const JsonView& p : view.field("predictions").items())
      row.predictions.push_back({p.field("seed").integer(0, UINT32_MAX), file.classes(p.field("offset"))});
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
