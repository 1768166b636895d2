// Models that keep a state: a sequence fed step by step is what one look at its last rows is; caches of cut
// networks hold what a run of the whole network gives; files keep variables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "memmodel/planner.h"
#include "memmodel/validator.h"
#include "sim/base/error.h"
#include "sim/graph/graph_check.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/lower.h"
#include "sim/plan/training_plan.h"
#include "sim/plan/variables_in_place.h"
#include "sim/train/trainer.h"
#include "tests/support/error_of.h"
#include "tests/support/shared_folder.h"
#include "tests/support/streaming_network.h"

namespace thaw {
namespace {

constexpr int32_t kWidth = 3, kChannels = 2, kWindow = 4;

/// A convolution over the last kWindow rows: kept from the steps before, or given all at once.
class RowsNetwork : public testing::StreamingNetwork {
 public:
  explicit RowsNetwork(bool streams) : StreamingNetwork(7, NoLayers{}) {
    Tensor input;
    input.name = "input";
    input.shape = {1, streams ? 1 : kWindow, kWidth, kChannels};
    input.quantization = {{0.1F}, {-5}, 0};
    graph_.inputs = {add_tensor(input)};
    const TensorId rows = streams ? with_kept_rows(graph_.inputs[0], kWindow - 1) : graph_.inputs[0];
    noise_ = testing::Noise(11);  // the same weights in both
    const TensorId y = over_rows(rows);
    noise_ = testing::Noise(12);
    classify(y);
    if (streams) std::ranges::fill(graph_.variables[0].initial, std::byte{0xFB});
  }
};

/// `count` samples of `steps` rows; with `window` only the last kWindow of them, zero points before the
/// first.
Samples row_samples(int64_t count, int32_t steps, bool window) {
  testing::Noise noise(3);
  constexpr int32_t kRow = kWidth * kChannels;
  Samples samples;
  samples.count = count;
  samples.height = window ? kWindow : 1;
  samples.width = kWidth;
  samples.channels = kChannels;
  samples.steps = window ? 1 : steps;
  for (int64_t id = 0; id < count; ++id) {
    std::vector<int8_t> rows(static_cast<size_t>(std::max(kWindow - steps, 0) * kRow), -5);
    if (!window) rows.clear();
    for (int32_t i = 0; i < steps * kRow; ++i) rows.push_back(static_cast<int8_t>(noise.in(-128, 127)));
    if (window) rows.erase(rows.begin(), rows.end() - kWindow * kRow);
    samples.images.insert(samples.images.end(), rows.begin(), rows.end());
    samples.labels.push_back(static_cast<int32_t>(id % 2));
  }
  return samples;
}

TrainingResult trained(const Network& network, const Schedule& schedule, const Samples& samples, size_t layer,
                       KernelSet kernels = KernelSet::host) {
  const PrefixCache cache = cache_prefix(network, layer, samples, false, 1);
  TrainingData data;
  data.train = data.test = {&cache, &samples.labels, {}};
  TrainingControl control;
  control.kernels = kernels;
  return train(network, training_plan(network, schedule), schedule, data, control);
}

Schedule every_layer(const Network& network) {
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.training.epochs = 2;
  schedule.training.flip = false;
  for (int32_t c = 0; c <= network.convolution_count(); ++c)
    schedule.update.push_back({c, "", true, UpdatedWeights::all, {}});
  return schedule;
}

TEST(StateVariables, SequencesTrainAsTheWindowThatTheyFill) {
  const Network streams = reduce(RowsNetwork(true).graph(), {}),
                sees_all = reduce(RowsNetwork(false).graph(), {});
  for (int32_t steps : {1, 2, 4, 9}) {
    SCOPED_TRACE(steps);
    const TrainingResult by_steps = trained(streams, every_layer(streams), row_samples(20, steps, false), 0);
    const TrainingResult at_once = trained(sees_all, every_layer(sees_all), row_samples(20, steps, true), 0);
    EXPECT_EQ(by_steps.state, at_once.state);
    EXPECT_EQ(by_steps.predictions, at_once.predictions);
  }
}

/// Updates the last convolution and the classifier alone: the second variable then keeps what is frozen.
Schedule last_layers(const Network& network, int32_t first) {
  Schedule schedule = every_layer(network);
  std::erase_if(schedule.update, [&](const LayerUpdate& u) { return u.op < first; });
  return schedule;
}

Samples noise_samples(const Network& network, int32_t steps) {
  testing::Noise noise(5);
  const std::vector<int32_t>& shape = network.graph.tensor(network.input).shape;
  Samples samples;
  samples.count = 8;
  samples.height = shape[1];
  samples.width = shape[2];
  samples.channels = shape[3];
  samples.steps = steps;
  samples.images.resize(static_cast<size_t>(samples.count * samples.sample_bytes()));
  for (int8_t& value : samples.images) value = static_cast<int8_t>(noise.in(-128, 127));
  for (int64_t id = 0; id < samples.count; ++id)
    samples.labels.push_back(static_cast<int32_t>(id) % network.classifier.classes);
  return samples;
}

TEST(StateVariables, CachedPrefixesChangeNothing) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const Network network = testing::streaming_network(seed);
    const Samples samples = noise_samples(network, 5);
    for (int32_t first = 0; first <= network.convolution_count(); ++first) {
      const Schedule schedule = last_layers(network, first);
      const size_t layer = first_updated_layer(network, schedule);
      const TrainingResult whole = trained(network, schedule, samples, 0, KernelSet::portable);
      const TrainingResult cut = trained(network, schedule, samples, layer);
      EXPECT_EQ(whole.signature, cut.signature) << "from convolution " << first;
      EXPECT_EQ(whole.predictions, cut.predictions);
    }
  }
}

TEST(StateVariables, OnlyStepsThatMatterAreCached) {
  const Network network = testing::streaming_network(1);
  const Samples samples = noise_samples(network, 5);
  const auto steps_from = [&](size_t layer) { return cache_prefix(network, layer, samples, false, 1).steps; };
  EXPECT_EQ(steps_from(0), 5);
  EXPECT_EQ(steps_from(network.layers.size()), 1) << "the classifier reads no variable";
}

TEST(StateVariables, KeepTheirPlaceInTheArena) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    const Network network = testing::streaming_network(seed);
    const Plan plan = training_plan(network, every_layer(network));
    const Layout layout = plan_layout(plan);
    EXPECT_TRUE(layout_violations(plan, layout).empty());
    int32_t variables = 0;
    for (const Buffer& buffer : plan.buffers) {
      if (buffer.kind != BufferKind::variable) continue;
      ++variables;
      EXPECT_EQ(buffer.first_step, 0);
      EXPECT_EQ(buffer.last_step, static_cast<int32_t>(plan.steps.size()) - 1);
      for (const Buffer& other : plan.buffers) {
        if (!in_arena(other.kind) || other.id == buffer.id || other.first_step < 0) continue;
        const int64_t at = *layout.offsets[buffer.id.index()], there = *layout.offsets[other.id.index()];
        EXPECT_TRUE(at + buffer.bytes <= there || there + other.bytes <= at) << other.name;
      }
    }
    EXPECT_EQ(variables, 2);
    EXPECT_TRUE(std::ranges::none_of(saved_state(plan), [&](BufferId id) {
      return plan.buffer(id).kind == BufferKind::variable;
    })) << "no part of what is trained";
  }
}

TEST(StateVariables, AreReadAndMadeWhereTheyLie) {
  const Network network = testing::streaming_network(1);
  const Plan plan = training_plan(network, every_layer(network));
  const auto is_copy = [](const Step& step) { return std::holds_alternative<CopyForward>(step.kernel); };
  EXPECT_TRUE(std::ranges::none_of(plan.steps, is_copy));
  EXPECT_EQ(std::ranges::count_if(lower(network, every_layer(network)).steps, is_copy), 4);
}

/// What a layer behind a variable reads again in the backward pass must outlive the assignment.
TEST(StateVariables, WhatIsReadBehindTheAssignmentIsCopied) {
  Plan plan;
  const auto buffer = [&](BufferKind kind) {
    Buffer made;
    made.id = BufferId(plan.buffers.size());
    made.kind = kind;
    made.bytes = 4;
    plan.buffers.push_back(made);
    return made.id;
  };
  const BufferId variable = buffer(BufferKind::variable), content = buffer(BufferKind::activation);
  const BufferId next = buffer(BufferKind::activation), late = buffer(BufferKind::activation);
  const auto copy = [&](BufferId from, BufferId to) {
    CopyForward k;
    k.bytes = 4;
    k.input = from;
    k.output = to;
    plan.steps.push_back({"", Phase::forward, {}, k, {}, {}, 0, -1});
  };
  copy(variable, content);
  copy(content, next);
  copy(next, variable);
  copy(content, late);
  update_lifetimes(plan);
  const Plan passed = variables_in_place(plan);
  ASSERT_EQ(passed.steps.size(), 3U) << "only the copy into the variable goes";
  EXPECT_EQ(std::get<CopyForward>(passed.steps[0].kernel).output, content);
  EXPECT_EQ(std::get<CopyForward>(passed.steps[1].kernel).output, variable);
}

TEST(StateVariables, FilesKeepThem) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    const Graph graph = testing::StreamingNetwork(seed).graph();
    const Graph read = read_tflite(write_tflite(graph), "m.tflite");
    EXPECT_TRUE(read.warnings.empty());
    ASSERT_EQ(read.variables.size(), graph.variables.size());
    for (size_t v = 0; v < read.variables.size(); ++v) {
      EXPECT_EQ(read.variables[v].name, graph.variables[v].name);
      EXPECT_EQ(read.tensor(read.variables[v].content).name, graph.tensor(graph.variables[v].content).name);
      EXPECT_EQ(read.tensor(read.variables[v].next).name, graph.tensor(graph.variables[v].next).name);
      EXPECT_EQ(read.variables[v].initial, graph.variables[v].initial);
    }
    EXPECT_EQ(write_tflite(read), write_tflite(read_tflite(write_tflite(read), "m.tflite")));
  }
}

TEST(StateVariables, BrokenOnesAreRefused) {
  const auto message = [](auto change) {
    Graph graph = testing::StreamingNetwork(1).graph();
    change(graph);
    return testing::error_of([&] { check_graph(graph); });
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(message([](Graph& g) { g.variables[0].initial.pop_back(); }), HasSubstr("starts with"));
  EXPECT_THAT(message([](Graph& g) { g.variables[0].next = g.variables[1].next; }),
              HasSubstr("but is assigned"));
  EXPECT_THAT(message([](Graph& g) { g.variables[1].content = g.variables[0].content; }),
              HasSubstr("which has a value already"));
  EXPECT_THAT(message([](Graph& g) { g.variables[0].next = TensorId(9999); }),
              HasSubstr("names tensor 9999"));
}

/// A wake word of a public repository: six variables that start at their zero points.
TEST(StateVariables, OfTheWakeWordAreRead) {
  THAW_REQUIRE_SHARED();
  const Graph graph = read_tflite(*testing::shared_folder() / "models/field/wakeword_hey_jarvis.tflite");
  int64_t bytes = 0;
  for (const StateVariable& variable : graph.variables) {
    bytes += static_cast<int64_t>(variable.initial.size());
    EXPECT_TRUE(variable.next.present());
    for (std::byte b : variable.initial) EXPECT_EQ(static_cast<int8_t>(b), -128);
  }
  EXPECT_EQ(graph.variables.size(), 6U);
  EXPECT_EQ(bytes, 2840);
  EXPECT_TRUE(graph.warnings.empty());
  const Plan plan = inference_plan(graph, InputBy::image);
  EXPECT_TRUE(layout_violations(plan, plan_layout(plan)).empty());
}

}  // namespace
}  // namespace thaw
