// Streaming by rows: bands worked out by hand, and the same bits on random networks, chains and band heights.
#include "sim/plan/stream_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "memmodel/planner.h"
#include "memmodel/validator.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/random_network.h"
#include "tests/support/same_bits.h"

namespace thaw {
namespace {

Schedule classifier_only(const Network& network) {
  Schedule schedule;
  schedule.classes = network.classifier.classes;
  schedule.update = {{network.convolution_count(), "", true, UpdatedWeights::all, {}}};
  return schedule;
}

Plan small_plan() {
  const Network network = reduce(testing::SmallModel().graph(), {});
  return lower(network, classifier_only(network));
}

struct Row {
  std::string layer;
  int32_t pad, input_rows, rows;
  int64_t input_offset, output_offset;
  bool operator==(const Row&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Row& row) {
  return out << row.layer << " pad " << row.pad << " reads " << row.input_rows << " rows at "
             << row.input_offset << ", writes " << row.rows << " at " << row.output_offset;
}

/// Expand (2 -> 4 channels), 3x3 depthwise and project (4 -> 3) on 4x4: rows of 8, 16, 16 and 12 bytes.
TEST(StreamRows, BandsOfOneRowWorkedOutByHand) {
  const Plan plan = stream_rows(small_plan(), {{0, 2, 1}});
  std::vector<Row> rows;
  std::vector<std::pair<int64_t, int64_t>> moves;  // bytes, from
  for (const Step& step : plan.steps) {
    if (step.stream < 0) break;
    if (const auto* copy = std::get_if<CopyForward>(&step.kernel)) {
      moves.emplace_back(copy->bytes, copy->input_offset);
      continue;
    }
    const auto& k = std::get<ConvolutionForward>(step.kernel);
    rows.push_back({step.name, k.window.pad_top, k.window.input_height, k.window.output_height,
                    k.input_offset, k.output_offset});
  }
  EXPECT_EQ(rows, (std::vector<Row>{
                      {"expand", 0, 2, 2, 0, 0},
                      {"depthwise", 1, 2, 1, 0, 0},  // rows -1, 0, 1
                      {"project", 0, 1, 1, 0, 0},
                      {"expand", 0, 1, 1, 16, 32},
                      {"depthwise", 0, 3, 1, 0, 0},  // rows 0, 1, 2
                      {"project", 0, 1, 1, 0, 12},
                      {"expand", 0, 1, 1, 24, 32},  // rows 1, 2 were moved to the front
                      {"depthwise", 0, 3, 1, 0, 0},
                      {"project", 0, 1, 1, 0, 24},
                      {"depthwise", 0, 2, 1, 16, 0},  // rows 2, 3 and the padding below
                      {"project", 0, 1, 1, 0, 36},
                  }));
  EXPECT_EQ(moves, (std::vector<std::pair<int64_t, int64_t>>{{32, 16}}));
  EXPECT_EQ(band_bytes(small_plan(), {0, 2, 1}), 3 * 16 + 16);
}

TEST(StreamRows, CountsTheSameMultiplications) {
  const auto macs = [](const Plan& plan) {
    int64_t sum = 0;
    for (const Step& step : plan.steps) sum += step.macs;
    return sum;
  };
  for (int32_t rows : {1, 2, 3})
    EXPECT_EQ(macs(stream_rows(small_plan(), {{0, 2, rows}})), macs(small_plan()));
}

TEST(StreamRows, LeavesTrainedLayersAndThoseThatGradientsPass) {
  const Network network = reduce(testing::SmallModel().graph(), {});
  Schedule schedule = classifier_only(network);
  schedule.update.insert(schedule.update.begin(), {1, "", true, UpdatedWeights::none, {}});
  const Plan plan = lower(network, schedule);
  EXPECT_FALSE(can_stream(plan, 0, 1));
  EXPECT_FALSE(can_stream(plan, 1, 2));
  EXPECT_TRUE(can_stream(small_plan(), 0, 2));
}

/// Chains found from the front, each with the band height of the noise.
std::vector<RowStream> random_streams(const Plan& plan, testing::Noise& noise) {
  std::vector<RowStream> streams;
  for (size_t first = 0; first < plan.steps.size(); ++first) {
    size_t last = first;
    while (can_stream(plan, first, last + 1)) ++last;
    if (last == first) continue;
    if (last > first + 1) last -= static_cast<size_t>(noise.in(0, static_cast<int32_t>(last - first) - 1));
    streams.push_back({first, last, noise.in(1, 3)});
    first = last;
  }
  return streams;
}

TEST(StreamRows, KeepsTheBitsOfRandomNetworks) {
  size_t layers = 0, adds = 0, strided = 0, dilated = 0;
  for (uint32_t seed = 1; seed <= 120 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = true});
    const Plan plan = lower(network, classifier_only(network));
    testing::Noise noise(seed);
    const std::vector<RowStream> streams = random_streams(plan, noise);
    for (const RowStream& stream : streams)
      for (size_t s = stream.first; s <= stream.last; ++s) {
        ++layers;
        const auto* k = std::get_if<ConvolutionForward>(&plan.steps[s].kernel);
        adds += k == nullptr ? 1 : 0;
        strided += k != nullptr && k->window.stride_height > 1 ? 1 : 0;
        dilated += k != nullptr && k->window.dilation_height > 1 ? 1 : 0;
      }
    const Plan streamed = drop_unused_buffers(stream_rows(plan, streams));
    EXPECT_EQ(layout_violations(streamed, plan_layout(streamed)), std::vector<std::string>{});
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
      testing::expect_same_training(plan, streamed, kernels, 2);
  }
  // Worth something only while the networks reach these.
  EXPECT_GT(layers, 200U);
  EXPECT_GT(adds, 20U);
  EXPECT_GT(strided, 20U);
  EXPECT_GT(dilated, 20U);
}

/// Every stream that may write over its input does.
TEST(StreamRows, OverItsInputKeepsTheBitsOfRandomNetworks) {
  size_t over = 0, adds = 0;
  for (uint32_t seed = 1; seed <= 120 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = true});
    const Plan plan = lower(network, classifier_only(network));
    testing::Noise noise(seed);
    std::vector<RowStream> streams = random_streams(plan, noise);
    for (RowStream& stream : streams) {
      stream.over_input = may_write_over_input(plan, stream);
      over += stream.over_input ? 1 : 0;
      adds += stream.over_input && std::holds_alternative<AddForward>(plan.steps[stream.last].kernel) ? 1 : 0;
    }
    const Plan streamed = drop_unused_buffers(stream_rows(plan, streams));
    EXPECT_EQ(layout_violations(streamed, plan_layout(streamed)), std::vector<std::string>{});
    for (KernelSet kernels : {KernelSet::portable, KernelSet::host})
      testing::expect_same_training(plan, streamed, kernels, 2);
  }
  EXPECT_GT(over, 30U);
  EXPECT_GT(adds, 5U);
}

int64_t peak_of(const Plan& plan) {
  return plan_layout(drop_unused_buffers(plan)).peak;
}

/// The plan as if its convolutions needed no scratch.
Plan without_scratch(Plan plan) {
  for (Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::scratch) buffer.bytes = 0;
  return plan;
}

TEST(StreamRows, IsChosenOnlyWhereItLowersThePeak) {
  // Expanded tensor and depthwise result are 64 bytes each, scratch left aside. Bands of one row (64 bytes)
  // between the image of 32 and the result of 48 bytes would take 144.
  EXPECT_EQ(peak_of(without_scratch(small_plan())), 128);
  EXPECT_EQ(choose_streams(without_scratch(small_plan())), std::vector<RowStream>{});
  size_t lowered = 0;
  for (uint32_t seed = 1; seed <= 90; ++seed) {
    const Network network = reduce(testing::RandomNetwork(seed).graph(), {.fresh_classifier = true});
    const Plan plan = lower(network, classifier_only(network));
    const std::vector<RowStream> streams = choose_streams(plan);
    if (streams.empty()) continue;
    EXPECT_LT(peak_of(stream_rows(plan, streams)), peak_of(plan)) << seed;
    ++lowered;
  }
  EXPECT_GT(lowered, 15U);
}

}  // namespace
}  // namespace thaw
