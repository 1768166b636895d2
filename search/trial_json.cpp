#include "search/trial_json.h"

#include <nlohmann/json.hpp>

#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(MeasuredOn on) {
  return on == MeasuredOn::test ? "test" : "validation";
}
const char* name_of(Outcome outcome) {
  return outcome == Outcome::diverged ? "diverged" : "ok";
}

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

Json seed_json(const SeedResult& s) {
  Json json = {{"seed", s.seed}, {"outcome", name_of(s.outcome)}, {"accuracy", s.accuracy},
               {"loss", s.loss}, {"judged_loss", s.judged_loss},  {"signature", s.signature}};
  if (!s.predictions.empty()) json["predictions"] = s.predictions;
  for (const EpochReport& e : s.epochs)
    json["epochs"].push_back({{"epoch", e.epoch}, {"loss", e.loss}, {"train_accuracy", e.train_accuracy}});
  return json;
}

SeedResult read_seed(const JsonView& view) {
  view.known_keys(
      {"seed", "outcome", "accuracy", "loss", "judged_loss", "signature", "predictions", "epochs"});
  SeedResult s;
  s.seed = static_cast<uint32_t>(view.field("seed").integer(0, UINT32_MAX));
  s.outcome = view.field("outcome").one_of({"ok", "diverged"}) == 1 ? Outcome::diverged : Outcome::ok;
  s.accuracy = view.field("accuracy").number(0.0, 1.0);
  s.loss = view.field("loss").number();
  if (const auto judged = view.optional_field("judged_loss"))  // not in records of Thaw before 0.2
    s.judged_loss = judged->number();
  s.signature = view.field("signature").string();
  if (const auto predictions = view.optional_field("predictions"))
    for (const JsonView& p : predictions->items())
      s.predictions.push_back(static_cast<int32_t>(p.integer(0, 255)));
  if (const auto epochs = view.optional_field("epochs"))
    for (const JsonView& e : epochs->items()) {
      EpochReport report;
      report.epoch = static_cast<int32_t>(e.field("epoch").integer(1, INT32_MAX));
      report.loss = e.field("loss").number();
      report.train_accuracy = e.field("train_accuracy").number(0.0, 1.0);
      s.epochs.push_back(report);
    }
  return s;
}

}  // namespace

std::string trial_line(const TrialRow& row) {
  const Evaluation& e = row.evaluation;
  Json seeds = Json::array();
  for (const SeedResult& s : e.seeds) seeds.push_back(seed_json(s));
  const Json json = {
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
      {"measured_on", name_of(e.request.measured_on)},
      {"outcome", e.diverged()    ? "diverged"
                  : e.over_budget ? "over_budget"
                                  : "ok"},
      {"accuracy", e.accuracy()},
      {"ram_bytes", e.ram_bytes},
      {"flash_bytes", e.flash_bytes},
      {"macs_per_step", e.macs_per_step},
      {"seeds", seeds},
      {"schedule", Json::parse(write_schedule(e.request.schedule))},
  };
  return json.dump();
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
