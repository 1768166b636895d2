// See fit_case.h.
#include "tools/bench/instruction_costs/fit_case.h"

#include <utility>

#include "memmodel/planner.h"
#include "sim/base/error.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "tests/engine/generate/every_operator.h"
#include "tests/support/autoencoder.h"
#include "tests/support/forward_only_network.h"
#include "tests/support/operator_network.h"
#include "tests/support/streaming_network.h"
#include "tests/support/varied_network.h"
#include "tools/bench/instruction_costs/sized_network.h"

namespace thaw::bench {
namespace {

constexpr double kRate = 0.0005;  // few weights change in a step, as in training that gets anywhere

Graph graph_of(const std::string& kind, uint32_t seed) {
  if (kind == "random") return testing::RandomNetwork(seed).graph();
  if (kind == "varied") return testing::VariedNetwork(seed).graph();
  if (kind == "operator") return testing::OperatorNetwork(seed).graph();
  if (kind == "sized") return SizedNetwork(seed).graph();
  if (kind == "forward") return testing::ForwardOnlyNetwork(seed).graph();
  if (kind == "streaming") return testing::StreamingNetwork(seed).graph();
  if (kind == "autoencoder") return testing::Autoencoder(seed).graph();
  if (kind == "every") return testing::EveryOperator().graph();
  throw Error(kind, "is no kind of network",
              "random, varied, operator, sized, forward, streaming, autoencoder or every");
}

/// The schedule loses its deepest layers where gradients cannot reach them, or gradient bits where sums would
/// not fit.
Plan trained_plan(const Network& network, Schedule& schedule) {
  for (;;) {
    try {
      return training_plan(network, schedule);
    } catch (const Error&) {
      if (schedule.training.gradient_bits > 7)
        schedule.training.gradient_bits = 7;
      else if (!schedule.update.empty())
        schedule.update.erase(schedule.update.begin());
      else
        throw;
    }
  }
}

void finish(FitCase& made, std::array<int32_t, 4> input) {
  made.layout = plan_layout(made.plan);
  made.input = input;
}

FitCase trained(const std::string& name, const Network& network, Schedule schedule) {
  FitCase made;
  made.name = name;
  made.plan = trained_plan(network, schedule);
  made.rates = cosine_learning_rates(schedule.training.learning_rate, 40, 10);
  finish(made, input_shape(network));
  return made;
}

FitCase inferred(const std::string& name, const Graph& graph) {
  FitCase made;
  made.name = name;
  made.trains = false;
  made.plan = inference_plan(graph);
  finish(made, input_shape(graph.tensor(made.plan.buffer(made.plan.inputs[0]).tensor)));
  return made;
}

FitCase case_of_files(const std::string& name, size_t colon) {
  const std::string model = name.substr(0, colon);
  if (colon == std::string::npos) return inferred(name, read_tflite(model));
  Schedule schedule = read_schedule_file(name.substr(colon + 1));
  const Network network =
      reduce(read_tflite(model), {schedule.classes, schedule.training.fresh_classifier, true});
  return trained(name, network, std::move(schedule));
}

}  // namespace

FirmwareRequest FitCase::request(const Board& board) const {
  FirmwareRequest made{plan, layout, board, input, 1.0, 0, rates[64], rates};
  return made;
}

FitCase fit_case(const std::string& name) {
  const size_t colon = name.find(':');
  if (name.find(".tflite") != std::string::npos) return case_of_files(name, colon);
  if (colon == std::string::npos) throw Error(name, "is no case", "KIND:SEED or MODEL.tflite:SCHEDULE.json");
  std::string kind = name.substr(0, colon);
  const auto seed = static_cast<uint32_t>(std::stoul(name.substr(colon + 1)));
  const bool infers = kind.starts_with("infer-");
  if (infers) return inferred(name, graph_of(kind.substr(6), seed));
  const Graph graph = graph_of(kind, seed);
  const int64_t outputs = graph.tensor(graph.outputs[0]).elements();
  const bool reconstructs = kind == "autoencoder";
  const Network network = reconstructs
                              ? reduce(graph, {.task = Task::reconstruct})
                              : reduce(graph, {outputs == 1 ? 3 : 0, kind != "every" && seed % 2 == 0, true});
  Schedule schedule = testing::random_schedule(network, seed);
  if (kind == "sized") {  // as people train: int8 gradients and four fraction bits mostly
    if (seed % 4 != 0) schedule.training.gradient_bits = 7;
    if (seed % 4 != 1) schedule.training.fraction_bits = 4;
  }
  schedule.training.learning_rate = kRate;
  return trained(name, network, std::move(schedule));
}

std::vector<std::string> fitted_cases() {
  std::vector<std::string> names;
  const auto add = [&](const std::string& kind, int32_t first, int32_t count) {
    for (int32_t seed = first; seed < first + count; ++seed)
      names.push_back(kind + ":" + std::to_string(seed));
  };
  add("sized", 1000, 16);
  add("random", 1000, 16);
  add("operator", 1000, 24);
  add("varied", 1000, 18);
  add("forward", 1000, 8);
  add("streaming", 1000, 3);
  add("autoencoder", 1000, 3);
  add("every", 0, 1);
  add("infer-every", 0, 1);
  add("infer-sized", 1100, 3);
  add("infer-operator", 1100, 6);
  add("infer-varied", 1100, 4);
  for (const char* schedule : {"biases", "last-blocks", "last-layer"})
    names.push_back(std::string("configs/models/reference.tflite:configs/schedules/reference/") + schedule +
                    ".json");
  return names;
}

}  // namespace thaw::bench
