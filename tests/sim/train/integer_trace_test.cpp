// Whole training runs against the traces of the integer contract: gradients, exponents, states.
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "memmodel/planner.h"
#include "sim/data/dataset.h"
#include "sim/data/random.h"
#include "sim/data/to_int8.h"
#include "sim/exec/executor.h"
#include "sim/exec/prefix_cache.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/channel_selection.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/training_plan.h"
#include "sim/train/trainer.h"
#include "tests/support/fixed_weight.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

nlohmann::json read_trace(const std::string& name) {
  std::ifstream file(testing::golden_folder() / "integer" / name);
  return nlohmann::json::parse(file);
}

LayerUpdate update_of(const Network& network, int32_t op, int32_t selected_channels) {
  const Layer& layer = network.convolution_layer(op);
  LayerUpdate update{op, layer.name, true, UpdatedWeights::none, {}};
  const auto& c = std::get<Convolution>(layer.kind);
  if (selected_channels == c.selectable_channels()) update.weights = UpdatedWeights::all;
  if (selected_channels > 0 && selected_channels < c.selectable_channels()) {
    update.weights = UpdatedWeights::channels;
    update.channels = select_channels_by_magnitude(c, selected_channels);
  }
  return update;
}

struct TraceRun {
  std::string file;
  int32_t first_bias = 0;
  std::map<int32_t, int32_t> selected;  // channels by convolution; -1: all
  uint32_t seed = 1;
  int32_t fraction_bits = 4, gradient_bits = 7;
};

const TraceRun k99{"trace.json", 20, {{21, -1}, {24, -1}, {27, -1}, {30, -1}, {36, 12}, {39, 24}}, 1, 4, 7};
const TraceRun k49Fine{"trace_49_f8_int16.json", 22, {{24, 12}, {27, 24}, {30, 24}}, 2, 8, 14};
const TraceRun k49Coarse{"trace_49_f0_int8.json", 22, {{24, 12}, {27, 24}, {30, 24}}, 3, 0, 7};

Schedule schedule_of(const Network& network, const TraceRun& run) {
  Schedule schedule;
  schedule.classes = 10;
  schedule.training = {0.00078125, 4, "cosine", 1.0, run.seed, true, run.fraction_bits, run.gradient_bits};
  for (int32_t op = run.first_bias; op < network.convolution_count(); ++op) {
    const auto found = run.selected.find(op);
    int32_t channels = found == run.selected.end() ? 0 : found->second;
    if (channels < 0)
      channels = std::get<Convolution>(network.convolution_layer(op).kind).selectable_channels();
    schedule.update.push_back(update_of(network, op, channels));
  }
  schedule.update.push_back(
      {network.convolution_count(), network.classifier.name, true, UpdatedWeights::all, {}});
  return schedule;
}

/// The traces take checksums over all weights [output][input] of a 1x1 layer as wF, frozen ones included.
uint32_t weights_crc(Executor& executor, const Convolution& c, const UpdateWeights& k) {
  std::vector<int16_t> whole;
  for (int8_t w : c.weights) whole.push_back(static_cast<int16_t>(w * (1 << k.fraction_bits)));
  const std::span<const int8_t> high = executor.values<int8_t>(k.weights);
  const std::span<const uint8_t> low =
      k.fractions.present() ? executor.values<uint8_t>(k.fractions) : std::span<uint8_t>();
  for (size_t index = 0; index < high.size(); ++index) {
    const size_t output = index / k.channels.size();
    const size_t input = k.channels[index % k.channels.size()];
    whole[output * static_cast<size_t>(c.window.input_channels) + input] =
        static_cast<int16_t>(testing::fixed_weight(k, high, low, index));
  }
  return crc_of(std::as_bytes(std::span(whole)));
}

/// The traces take checksums of gradient tensors as int16, whatever their width.
uint32_t widened_crc(Executor& executor, const Plan& plan, const MakeGradient& k) {
  if (plan.gradient_tensors[static_cast<size_t>(k.tensor)].bits > 7) return crc_of(executor.bytes(k.output));
  const std::span<int8_t> narrow = executor.values<int8_t>(k.output);
  const std::vector<int16_t> wide(narrow.begin(), narrow.end());
  return crc_of(std::as_bytes(std::span(wide)));
}

/// The run, sample by sample, on a prefix cached for the samples that it visits.
class Trace {
 public:
  Trace(const TraceRun& run, KernelSet kernels)
      : run_(run),
        golden_(read_trace(run.file)),
        network_(reduce(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"), {10, true})),
        schedule_(schedule_of(network_, run)),
        plan_(training_plan(network_, schedule_)),
        layout_(plan_layout(plan_)),
        executor_(plan_, layout_.offsets, kernels, run.seed) {}

  void check(uint32_t steps) {
    const Dataset data = read_dataset(*testing::shared_folder() / "data/cifar10-small", {128, 128, 3});
    const std::vector<uint32_t> order = shuffle(run_.seed, 0, 5000);
    const auto rates = cosine_learning_rates(0.00078125, 20000, 5000);
    int64_t loss_sum = 0;
    for (uint32_t t = 0; t < steps; ++t) {
      const uint32_t id = order[t];
      const bool flip = flipped(run_.seed, 0, id);
      const std::span<int8_t> input = executor_.values<int8_t>(plan_.inputs[0]);
      sample_to_int8(data, data.train, id, {}, input);
      if (flip) flip_left_right(input, 128, 128, 3);
      std::map<int32_t, uint32_t> gradient_crc;
      std::vector<int32_t> logits;
      const StepResult result = executor_.train_step(
          {data.train.labels[id], rates[128 * t / 20000], run_.seed, t}, 0, [&](const Step& step) {
            if (std::holds_alternative<ClassifierForward>(step.kernel)) {
              const std::span<int32_t> z = executor_.values<int32_t>(plan_.logits);
              logits.assign(z.begin(), z.end());
            }
            if (const auto* k = std::get_if<MakeGradient>(&step.kernel))
              gradient_crc[k->tensor] = widened_crc(executor_, plan_, *k);
          });
      loss_sum += result.loss;
      if (t < golden_["steps"].size())
        expect_step(golden_["steps"][t], t, id, flip, result, logits, gradient_crc);
      for (const auto& state : golden_["states"])
        if (state["after_steps"] == t + 1) expect_state(state, loss_sum);
    }
  }

 private:
  /// Number of the gradient tensor of a convolution's output.
  int32_t tensor_of(int32_t op) const {
    const std::string& name = network_.convolution_layer(op).name;
    for (size_t i = 0; i < plan_.gradient_tensors.size(); ++i)
      if (plan_.gradient_tensors[i].name == name) return static_cast<int32_t>(i);
    return -1;
  }

  void expect_step(const nlohmann::json& golden, uint32_t t, uint32_t id, bool flip, const StepResult& result,
                   const std::vector<int32_t>& logits, const std::map<int32_t, uint32_t>& gradient_crc) {
    EXPECT_EQ(golden["id"], id);
    EXPECT_EQ(golden["flip"], flip ? 1 : 0);
    EXPECT_EQ(golden["loss"], result.loss) << "step " << t;
    EXPECT_EQ(golden["ee"], result.error_exponent) << "step " << t;
    EXPECT_EQ(golden["z"].get<std::vector<int32_t>>(), logits) << "step " << t;
    for (int32_t op = run_.first_bias; op < 42; ++op) {
      const auto entry = static_cast<size_t>(op - 20);
      EXPECT_EQ(golden["g_E"][entry], executor_.gradient_exponent(tensor_of(op)))
          << "step " << t << ", conv " << op;
      EXPECT_EQ(golden["g_crc"][entry], gradient_crc.at(tensor_of(op))) << "step " << t << ", conv " << op;
    }
  }

  void expect_state(const nlohmann::json& golden, int64_t loss_sum) {
    const auto steps = golden["after_steps"].get<uint32_t>();
    EXPECT_EQ(golden["loss_sum"], loss_sum) << "after " << steps;
    for (const Step& step : plan_.steps) {
      if (const auto* k = std::get_if<UpdateWeights>(&step.kernel)) {
        const int32_t op = k->convolution;
        EXPECT_EQ(golden["weights_crc"][std::to_string(op)],
                  weights_crc(executor_, std::get<Convolution>(network_.convolution_layer(op).kind), *k))
            << "after " << steps << ", conv " << op;
      }
      if (const auto* k = std::get_if<UpdateBiases>(&step.kernel)) {
        const int32_t op = k->convolution;
        EXPECT_EQ(golden["bias_crc"][static_cast<size_t>(op - 20)], crc_of(executor_.bytes(k->biases)))
            << "after " << steps << ", conv " << op;
      }
      if (const auto* k = std::get_if<UpdateClassifier>(&step.kernel)) {
        EXPECT_EQ(golden["classifier_crc"], crc_of(executor_.bytes(k->weights))) << "after " << steps;
        const std::vector<int32_t> biases = golden["classifier_bias"];
        const std::span<int32_t> actual = executor_.values<int32_t>(k->biases);
        EXPECT_EQ(std::vector<int32_t>(actual.begin(), actual.end()), biases) << "after " << steps;
      }
    }
    const std::span<int8_t> states = executor_.values<int8_t>(plan_.gradient_states);
    for (int32_t op = run_.first_bias; op < 42; ++op) {
      const auto tensor = static_cast<size_t>(tensor_of(op));
      EXPECT_EQ(golden["e"][static_cast<size_t>(op - 20)], states[2 * tensor]) << "after " << steps;
      EXPECT_EQ(golden["cnt"][static_cast<size_t>(op - 20)], static_cast<uint8_t>(states[2 * tensor + 1]));
    }
  }

  TraceRun run_;
  nlohmann::json golden_;
  Network network_;
  Schedule schedule_;
  Plan plan_;
  Layout layout_;
  Executor executor_;
};

TEST(IntegerTraceSlow, PortableKernelsFollowThe99KbTraceFor160Steps) {
  THAW_REQUIRE_SHARED();
  Trace(k99, KernelSet::portable).check(160);
}

TEST(IntegerTraceSlow, HostKernelsFollowThe99KbTraceFor2000Steps) {
  THAW_REQUIRE_SHARED();
  Trace(k99, KernelSet::host).check(2000);
}

TEST(IntegerTraceSlow, HostKernelsFollowThe49KbTraceWithEightFractionBitsAndInt16Gradients) {
  THAW_REQUIRE_SHARED();
  Trace(k49Fine, KernelSet::host).check(160);
}

TEST(IntegerTraceSlow, HostKernelsFollowThe49KbTraceWithoutFractionBits) {
  THAW_REQUIRE_SHARED();
  Trace(k49Coarse, KernelSet::host).check(160);
}

}  // namespace
}  // namespace thaw
