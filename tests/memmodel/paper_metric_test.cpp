// The paper's metric: equal to all published labels and per-layer bits, and the rules worked out by hand.
#include "memmodel/paper_metric.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/base/json.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/network.h"
#include "sim/plan/tiny_training_flags.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

/// Expected bits of the golden's layers against those of ours.
void expect_bits(const JsonView& accounting, const PaperMetric& metric) {
  const std::vector<JsonView> weights = accounting.field("weight_bits").items();
  const std::vector<JsonView> momentum = accounting.field("momentum_bits").items();
  const std::vector<JsonView> activations = accounting.field("activation_bits").items();
  ASSERT_EQ(metric.layers.size(), weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    SCOPED_TRACE(accounting.field("layers").items()[i].string() + " / " + metric.layers[i].name);
    EXPECT_EQ(metric.layers[i].weight_bits, weights[i].integer());
    EXPECT_EQ(metric.layers[i].momentum_bits, momentum[i].integer());
    EXPECT_EQ(metric.layers[i].activation_bits, activations[i].integer());
  }
  EXPECT_EQ(metric.total_bits(), accounting.field("total_bits").integer());
  EXPECT_EQ(metric.total_kib(), accounting.field("total_KiB").number());
}

/// All schedules of one golden file; returns how many there were.
int check_golden(const char* file) {
  const nlohmann::json golden = read_json_file(testing::golden_folder() / "schedules" / file);
  const JsonView models = JsonView(golden, file).field("models");
  int checked = 0;
  for (const std::string& model : models.keys()) {
    const Graph graph = read_tflite(*testing::shared_folder() / "models" / (model + ".tflite"));
    const Network network = reduce(graph, {10, true, false});
    for (const JsonView& published : models.field(model).field("schedules").items()) {
      SCOPED_TRACE(model + " " + published.field("label").string());
      const TinyTrainingFlags flags = parse_tiny_training_flags(published.field("flags").string(), file);
      expect_bits(published.field("accounting"),
                  paper_metric(network, schedule_from_flags(flags, network, file)));
      ++checked;
    }
  }
  return checked;
}

TEST(PaperMetric, EqualsThePublishedSchedules) {
  THAW_REQUIRE_SHARED();
  EXPECT_EQ(check_golden("schedules.json") + check_golden("schedules-proxyless.json"), 15);
}

/// Three convolutions: 3x3 with 4 -> 8 channels on 6x6 -> 6x6, depthwise 3x3 on 8 to 3x3, 1x1 with 8 -> 5.
Network small_network() {
  Network network;
  const auto add = [&](const char* name, Convolution convolution) {
    Layer layer;
    layer.name = name;
    convolution.index = static_cast<int32_t>(network.layers.size());
    layer.kind = convolution;
    network.layers.push_back(layer);
  };
  Convolution first;
  first.window.input_height = first.window.input_width = first.window.output_height =
      first.window.output_width = 6;
  first.window.input_channels = 4;
  first.window.output_channels = 8;
  first.window.kernel_height = first.window.kernel_width = 3;
  add("first", first);
  Convolution depthwise = first;
  depthwise.depthwise = true;
  depthwise.window.input_channels = 8;
  depthwise.window.output_height = depthwise.window.output_width = 3;
  add("depthwise", depthwise);
  Convolution last;
  last.window.input_height = last.window.input_width = last.window.output_height = last.window.output_width =
      3;
  last.window.input_channels = 8;
  last.window.output_channels = 5;
  add("last", last);
  network.classifier.name = "classifier";
  network.classifier.classes = 2;
  network.classifier.features = 5;
  return network;
}

TEST(PaperMetric, CountsWhatIsUpdatedOnly) {
  Schedule schedule;
  schedule.update = {{0, "first", false, UpdatedWeights::channels, {1, 3}},
                     {2, "last", true, UpdatedWeights::none, {}},
                     {3, "classifier", true, UpdatedWeights::all, {}}};
  const PaperMetric metric = paper_metric(small_network(), schedule);
  ASSERT_EQ(metric.layers.size(), 4U);
  EXPECT_EQ(metric.layers[0].weight_bits, 8 * (8 * 2 * 9));
  EXPECT_EQ(metric.layers[0].activation_bits, 8 * 36 + 8 * 36 * 2);  // mask, then two input channels
  EXPECT_EQ(metric.layers[1].bits(), 0);                             // crossed, not updated
  EXPECT_EQ(metric.layers[2].weight_bits, 32 * 5);
  EXPECT_EQ(metric.layers[2].activation_bits, 5 * 9);
  EXPECT_EQ(metric.layers[3].weight_bits, 0);
  EXPECT_EQ(metric.layers[3].activation_bits, 8 * 5);
  EXPECT_EQ(metric.total_bits(), 1152 + 288 + 576 + 160 + 45 + 40);
  EXPECT_EQ(metric.total_kib(), 0.3);  // 2261 / 8192 = 0.276
}

TEST(PaperMetric, DepthwiseChannelsAreOutputChannels) {
  Schedule schedule;
  schedule.update = {{1, "depthwise", true, UpdatedWeights::all, {}}};
  const PaperMetric metric = paper_metric(small_network(), schedule);
  ASSERT_EQ(metric.layers.size(), 2U);  // the last convolution follows with no bits; no classifier
  EXPECT_EQ(metric.layers[0].op, 1);
  EXPECT_EQ(metric.layers[0].weight_bits, 32 * 8 + 8 * 8 * 9);
  EXPECT_EQ(metric.layers[0].activation_bits, 8 * 9 + 8 * 36 * 8);
}

TEST(PaperMetric, RoundsHalvesToEven) {
  PaperMetric metric;
  metric.weight_bits = 8192 * 138 + 2048;  // 138.25 KiB
  EXPECT_EQ(metric.total_kib(), 138.2);
  ++metric.weight_bits;
  EXPECT_EQ(metric.total_kib(), 138.3);
  metric.weight_bits = 8192 * 138 + 6144;  // 138.75
  EXPECT_EQ(metric.total_kib(), 138.8);
}

TEST(PaperMetric, IsNothingForAnEmptySchedule) {
  EXPECT_TRUE(paper_metric(small_network(), Schedule()).layers.empty());
}

}  // namespace
}  // namespace thaw
