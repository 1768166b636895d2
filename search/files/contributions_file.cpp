#include "search/files/contributions_file.h"

#include <nlohmann/json.hpp>

#include "sim/base/json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kContributionsVersion = 1;

Json gain_json(const Gain& gain) {
  return {{"nats", gain.nats}, {"error", gain.error}};
}

Gain read_gain(const JsonView& view) {
  return {view.field("nats").number(), view.field("error").number()};
}

}  // namespace

std::string write_contributions(const ContributionsFile& contributions) {
  Json layers = Json::array();
  for (const LayerContribution& layer : contributions.layers) {
    Json shares = Json::array();
    for (const ShareGain& share : layer.weights)
      shares.push_back({{"eighths", share.eighths}, {"gain", gain_json(share.gain)}});
    layers.push_back({{"op", layer.op},
                      {"layer", layer.layer},
                      {"biases_from_here", gain_json(layer.biases_from_here)},
                      {"weights", std::move(shares)},
                      {"ram_bytes", layer.ram_bytes},
                      {"macs_per_step", layer.macs_per_step},
                      {"verdict", layer.verdict}});
  }
  return json_text(Json{{"schema_version", kContributionsVersion},
                        {"measured_on", "validation"},
                        {"learning_rate", contributions.learning_rate},
                        {"biases_beside_weights_from", contributions.biases_beside_weights_from},
                        {"classifier_loss", contributions.classifier_loss},
                        {"layers", std::move(layers)}});
}

ContributionsFile read_contributions(const JsonView& view) {
  check_schema_version(view, kContributionsVersion);
  ContributionsFile contributions;
  contributions.learning_rate = view.field("learning_rate").number(0.0);
  contributions.biases_beside_weights_from = view.field("biases_beside_weights_from").integer(0, INT32_MAX);
  contributions.classifier_loss = view.field("classifier_loss").number();
  for (const JsonView& item : view.field("layers").items()) {
    LayerContribution layer;
    layer.op = item.field("op").integer(0, INT32_MAX);
    layer.layer = item.field("layer").string();
    layer.verdict = item.field("verdict").string();
    layer.biases_from_here = read_gain(item.field("biases_from_here"));
    for (const JsonView& share : item.field("weights").items())
      layer.weights.push_back({share.field("eighths").integer(1, 8), read_gain(share.field("gain"))});
    layer.ram_bytes = item.field("ram_bytes").integer(-INT32_MAX, INT32_MAX);
    layer.macs_per_step = item.field("macs_per_step").integer(0);
    contributions.layers.push_back(std::move(layer));
  }
  return contributions;
}

}  // namespace thaw
