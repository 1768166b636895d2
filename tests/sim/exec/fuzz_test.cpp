// Damaged models all the way: what the reader accepts is lowered, runs and trains a step, or is refused with
// thaw::Error on the way. Overflows in kernels are for the sanitizers to find.
#include <gtest/gtest.h>

#include "sim/base/file.h"
#include "sim/exec/executor.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/mutate.h"
#include "tests/support/noise.h"
#include "tests/support/random_network.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

// A damaged shape may be legal and huge; such plans are made, not run.
constexpr int64_t kMostBytes = 4 << 20, kMostMacs = 4 << 20;

bool is_small(const Plan& plan) {
  int64_t bytes = 0, macs = 0;
  for (const Buffer& buffer : plan.buffers) bytes += buffer.bytes;
  for (const Step& step : plan.steps) macs += step.macs;
  return bytes <= kMostBytes && macs <= kMostMacs;
}

void infer(const Graph& graph) {
  const Plan plan = run_inference_passes(lower_inference(graph));
  if (!is_small(plan)) return;
  Executor portable(plan, {}, KernelSet::portable, 1);
  Executor host(plan, {}, KernelSet::host, 1);
  testing::Noise noise(3);
  for (BufferId input : plan.inputs) {
    for (std::byte& value : portable.bytes(input)) value = static_cast<std::byte>(noise.next() >> 11);
    std::ranges::copy(portable.bytes(input), host.bytes(input).begin());
  }
  portable.infer();
  host.infer();
  for (BufferId output : plan.outputs)
    EXPECT_TRUE(std::ranges::equal(portable.bytes(output), host.bytes(output)));
}

void train(const Graph& graph) {
  const Network network = reduce(graph, {});
  Schedule schedule;
  for (int32_t op = 0; op <= network.convolution_count(); ++op)
    if (op == network.convolution_count() || why_not_trainable(network, op).empty())
      schedule.update.push_back({op, "", true, UpdatedWeights::all, {}});
  const Plan plan = run_passes(lower(network, schedule));
  if (!is_small(plan)) return;
  Executor executor(plan, {}, KernelSet::portable, 1);
  std::ranges::fill(executor.bytes(plan.inputs[0]), std::byte{0x5A});
  for (uint32_t t = 0; t < 3; ++t) executor.train_step({0, quantize_learning_rate(0.01), 1, t});
}

TEST(ExecutorFuzz, DamagedModelsRunOrAreRefused) {
  std::vector<testing::Bytes> models;
  const std::filesystem::path folder = testing::golden_folder() / "tflm" / "synthetic";
  for (const char* name :
       {"conv_3x3_same_relu", "dw_m8_1ch", "fc_per_channel", "mean_neg_axes", "pad_channels", "softmax_rows",
        "transpose_mean_mean", "float_io_chain", "reshape"})
    models.push_back(read_file(folder / name / "model.tflite", 1 << 20));
  testing::expect_both_outcomes(testing::fuzz(
      models, [](std::span<const std::byte> bytes) { infer(read_tflite(bytes, "fuzz.tflite")); }));
}

TEST(ExecutorFuzz, DamagedModelsTrainOrAreRefused) {
  std::vector<testing::Bytes> models = {write_tflite(testing::SmallModel().graph())};
  for (uint32_t seed : {1U, 4U, 9U}) models.push_back(write_tflite(testing::RandomNetwork(seed).graph()));
  testing::expect_both_outcomes(testing::fuzz(
      models, [](std::span<const std::byte> bytes) { train(read_tflite(bytes, "fuzz.tflite")); }));
}

}  // namespace
}  // namespace thaw
