#include "search/files/trial_file.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "search/files/measured.h"
#include "sim/base/file.h"
#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kTrialSchemaVersion = 1;
constexpr uint64_t kMostTrialBytes = uint64_t{1} << 30;

// In the order of TrialKind and of FrozenTensors::What.
const std::initializer_list<std::string_view> kKinds = {"look", "rate", "confirm", "baseline", "test"};
const std::initializer_list<std::string_view> kFrozen = {"weights", "layers_before"};

/// {"kind": "look", "frozen": {"op": 12, "layer": "b7.pw1", "what": "weights"}}
Json purpose_json(const EvaluationRequest& request) {
  Json json = {{"kind", kKinds.begin()[static_cast<size_t>(request.kind)]}};
  if (const auto& frozen = request.frozen)
    json["frozen"] = {{"op", frozen->op},
                      {"layer", frozen->layer},
                      {"what", kFrozen.begin()[static_cast<size_t>(frozen->what)]}};
  return json;
}

void read_purpose(const JsonView& view, EvaluationRequest& request) {
  request.kind = static_cast<TrialKind>(view.field("kind").one_of(kKinds));
  const auto frozen = view.optional_field("frozen");
  if (!frozen) return;
  request.frozen = {static_cast<int32_t>(frozen->field("op").integer(0, INT32_MAX)),
                    frozen->field("layer").string(),
                    static_cast<FrozenTensors::What>(frozen->field("what").one_of(kFrozen))};
}

Json seed_json(const SeedResult& s) {
  const bool classifies = s.metric == MetricKind::accuracy;
  Json json = {{"seed", s.seed}, {"outcome", outcome_name(s.outcome)}};
  add_metric(json, s.metric, classifies ? s.accuracy : s.value);
  json["loss"] = s.loss;
  json["judged_loss"] = s.judged_loss;
  json["signature"] = s.signature;
  if (classifies && !s.predictions.empty()) json["predictions"] = s.predictions;
  if (!s.errors.empty()) json["errors"] = s.errors;
  for (const EpochReport& e : s.epochs) {
    Json epoch = {{"epoch", e.epoch}, {"loss", e.loss}};
    if (e.train_accuracy) epoch["train_accuracy"] = *e.train_accuracy;
    json["epochs"].push_back(std::move(epoch));
  }
  return json;
}

EpochReport read_epoch(const JsonView& view) {
  EpochReport report;
  report.epoch = static_cast<int32_t>(view.field("epoch").integer(1, INT32_MAX));
  report.loss = view.field("loss").number();
  if (const auto train = view.optional_field("train_accuracy"))
    report.train_accuracy = train->number(0.0, 1.0);
  return report;
}

SeedResult read_seed(const JsonView& view) {
  view.known_keys({"seed", "outcome", "accuracy", "metric", "better", "value", "loss", "judged_loss",
                   "signature", "predictions", "errors", "epochs"});
  SeedResult s;
  s.seed = static_cast<uint32_t>(view.field("seed").integer(0, UINT32_MAX));
  s.outcome = read_run_outcome(view.field("outcome"));
  double value = 0.0;
  read_metric(view, s.metric, value);
  const bool classifies = s.metric == MetricKind::accuracy;
  (classifies ? s.accuracy : s.value) = value;
  s.loss = view.field("loss").number();
  if (const auto judged = view.optional_field("judged_loss"))  // not in records of Thaw before 0.2
    s.judged_loss = judged->number();
  s.signature = view.field("signature").string();
  if (const auto predictions = view.optional_field("predictions"))
    for (const JsonView& p : predictions->items())
      s.predictions.push_back(static_cast<int32_t>(p.integer(0, 255)));
  if (const auto errors = view.optional_field("errors"))
    for (const JsonView& error : errors->items()) s.errors.push_back(error.number(0.0));
  if (const auto epochs = view.optional_field("epochs"))
    for (const JsonView& e : epochs->items()) s.epochs.push_back(read_epoch(e));
  return s;
}

}  // namespace

std::string trial_line(const TrialRow& row) {
  const Evaluation& e = row.evaluation;
  Json seeds = Json::array();
  for (const SeedResult& s : e.seeds) seeds.push_back(seed_json(s));
  Json json = {
      {"schema_version", kTrialSchemaVersion},
      {"number", e.number},
      {"key", row.key},
      {"run", row.run},
      {"role", e.request.role},
      {"purpose", purpose_json(e.request)},
      {"fidelity",
       {{"name", e.request.fidelity.name},
        {"epochs", e.request.fidelity.epochs},
        {"samples", e.request.fidelity.samples}}},
      {"measured_on", measured_on_name(e.request.measured_on)},
      {"outcome", outcome_name(measured(e).outcome)},
  };
  add_metric(json, e.metric(), e.value());
  json["ram_bytes"] = e.ram_bytes;
  json["flash_bytes"] = e.flash_bytes;
  json["macs_per_step"] = e.macs_per_step;
  json["seeds"] = std::move(seeds);
  if (e.instructions_per_step > 0) json["instructions_per_step"] = e.instructions_per_step;
  json["schedule"] = Json::parse(write_schedule(e.request.schedule));
  return json.dump();
}

TrialRow read_trial(const JsonView& view) {
  check_schema_version(view, kTrialSchemaVersion);
  TrialRow row{view.field("key").string(), view.field("run").string(), {}};
  Evaluation& e = row.evaluation;
  e.number = static_cast<int32_t>(view.field("number").integer(1, INT32_MAX));
  e.request.role = view.field("role").string();
  if (const auto purpose = view.optional_field("purpose")) read_purpose(*purpose, e.request);
  const JsonView fidelity = view.field("fidelity");
  e.request.fidelity = {fidelity.field("name").string(),
                        static_cast<int32_t>(fidelity.field("epochs").integer(1, INT32_MAX)),
                        fidelity.field("samples").number(0.0, 1.0)};
  e.request.measured_on = view.field("measured_on").one_of({"validation", "test"}) == 1
                              ? MeasuredOn::test
                              : MeasuredOn::validation;
  e.over_budget = read_outcome(view.field("outcome")) == TrialOutcome::over_budget;
  MetricKind metric = MetricKind::accuracy;
  double value = 0.0;
  read_metric(view, metric, value);  // the seeds' mean, for people
  e.ram_bytes = view.field("ram_bytes").integer(0);
  e.flash_bytes = view.field("flash_bytes").integer(0);
  e.macs_per_step = view.field("macs_per_step").integer(0);
  if (const auto count = view.optional_field("instructions_per_step"))
    e.instructions_per_step = count->integer(0);
  e.request.seeds.clear();
  for (const JsonView& seed : view.field("seeds").items()) {
    e.seeds.push_back(read_seed(seed));
    e.request.seeds.push_back(e.seeds.back().seed);
  }
  e.request.schedule = read_schedule(view.field("schedule"));
  return row;
}

std::vector<TrialRow> read_trials(const std::filesystem::path& file) {
  const std::vector<std::byte> bytes = read_file(file, kMostTrialBytes);
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<TrialRow> rows;
  for (int64_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string where = fmt::format("{}: line {}", file.string(), line);
    if (end > 0) {
      const nlohmann::json document = parse_json(rest.substr(0, end), where);
      rows.push_back(read_trial(JsonView(document, where)));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return rows;
}

std::string run_of_trial(std::string_view line, const std::string& where) {
  const nlohmann::json document = parse_json(line, where);
  const JsonView view(document, where);
  check_schema_version(view, kTrialSchemaVersion);
  for (const char* name : {"key", "role", "outcome"}) view.field(name).string();
  return view.field("run").string();
}

std::string seed_text(const SeedResult& result) {
  return seed_json(result).dump();
}

SeedResult read_seed_text(std::string_view text, const std::string& where) {
  const nlohmann::json document = parse_json(text, where);
  return read_seed(JsonView(document, where));
}

}  // namespace thaw
