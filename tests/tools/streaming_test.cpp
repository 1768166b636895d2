// `thaw` on a model with state variables: sequences of raw inputs, and samples that are sequences, against
// the executor fed step by step.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/exec/executor.h"
#include "sim/plan/lower.h"
#include "tests/support/numpy_files.h"
#include "tests/support/streaming_network.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;

constexpr int32_t kStreamSteps = 4;

class Streaming : public testing::SmallProject {
 protected:
  Streaming() {
    write_file_atomically(file("stream.tflite"), write_tflite(graph));
    for (int32_t i = 0; i < 2 * classes() * kStreamSteps * step_bytes(); ++i)
      values.push_back(static_cast<int8_t>(noise.in(-128, 127)));
  }

  int32_t classes() const { return graph.tensor(graph.outputs[0]).shape[1]; }
  int32_t step_bytes() const { return static_cast<int32_t>(graph.tensor(graph.inputs[0]).bytes()); }

  /// What the model says at the end of sequence number `id`.
  std::vector<int8_t> answer(int32_t id) {
    executor.reset_variables();
    for (int32_t step = 0; step < kStreamSteps; ++step) {
      const auto from = values.begin() + (id * kStreamSteps + step) * step_bytes();
      std::copy_n(from, step_bytes(), executor.values<int8_t>(plan.inputs[0]).begin());
      executor.infer();
    }
    const std::span<int8_t> scores = executor.values<int8_t>(plan.outputs[0]);
    return {scores.begin(), scores.end()};
  }

  Graph graph = testing::StreamingNetwork(3).graph();
  Plan plan = lower_inference(graph);
  Executor executor = {plan, {}, KernelSet::portable, 0};
  testing::Noise noise = testing::Noise(2);
  std::vector<int8_t> values;
};

TEST_F(Streaming, RawInputsInARowAreASequence) {
  const auto sequence =
      std::as_bytes(std::span(values)).first(static_cast<size_t>(kStreamSteps * step_bytes()));
  write_file_atomically(file("raw.bin"), sequence);
  const Finished run = thaw({"infer", "stream.tflite", "--raw-input", "raw.bin", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["outputs"][0]["values"], nlohmann::json(answer(0)));
  write_file_atomically(file("raw.bin"), sequence.first(sequence.size() - 1));
  EXPECT_EQ(thaw({"infer", "stream.tflite", "--raw-input", "raw.bin"}).status, step_bytes() == 1 ? 0 : 1);
}

TEST_F(Streaming, SamplesMayBeSequences) {
  const int32_t count = 2 * classes();
  std::vector<int32_t> labels;
  int32_t right = 0;
  for (int32_t id = 0; id < count; ++id) {
    labels.push_back(id % classes());
    const std::vector<int8_t> scores = answer(id);
    right += std::ranges::max_element(scores) - scores.begin() == labels.back() ? 1 : 0;
  }
  std::vector<float> real;
  const Quantization& q = graph.tensor(graph.inputs[0]).quantization;
  for (int8_t value : values) real.push_back(static_cast<float>(value - q.zero_point()) * q.scale());
  std::string shape = "(" + std::to_string(count) + ", " + std::to_string(kStreamSteps);
  for (size_t axis = 1; axis < 4; ++axis)
    shape += ", " + std::to_string(graph.tensor(graph.inputs[0]).shape[axis]);
  const std::vector<std::byte> x = testing::npy_array("<f4", shape + ")", real),
                               y = testing::npy_array("<i4", "(" + std::to_string(count) + ",)", labels);
  write_file_atomically(
      file("data.npz"),
      testing::zip_file({{"x_train.npy", x}, {"y_train.npy", y}, {"x_test.npy", x}, {"y_test.npy", y}}));
  const Finished run = thaw({"infer", "stream.tflite", "data.npz", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["data"]["samples"], count);
  EXPECT_DOUBLE_EQ(json["accuracy"]["mean"].get<double>(), static_cast<double>(right) / count);
}

TEST_F(Streaming, InspectTellsOfTheVariables) {
  const Finished run = thaw({"inspect", "stream.tflite", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out)["state_variables"]["count"], 2);
  EXPECT_NE(thaw({"inspect", "stream.tflite"}).out.find("2 state variables of "), std::string::npos);
}

}  // namespace
}  // namespace thaw
