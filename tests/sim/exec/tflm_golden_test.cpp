// The forward pass against the TensorFlow Lite Micro reference kernels: every stored byte of every tensor.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "memmodel/planner.h"
#include "sim/exec/executor.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/lower.h"
#include "sim/plan/passes.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

std::vector<char> read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

struct Golden {
  fs::path folder;  // with index.json and tensors.bin
  fs::path model;
};

/// Compares a tensor with its golden: CRC of all bytes, and the stored ones.
void expect_tensor(const nlohmann::json& expected, std::span<const std::byte> actual,
                   const std::vector<char>& tensors, const std::string& what) {
  const auto crc = std::stoul(expected["crc32"].get<std::string>(), nullptr, 16);
  EXPECT_EQ(crc_of(actual), crc) << what;
  const char* stored = tensors.data() + expected["offset"].get<size_t>();
  for (size_t i = 0; i < expected["stored"].get<size_t>(); ++i)
    ASSERT_EQ(static_cast<char>(actual[i]), stored[i]) << what << ", byte " << i;
}

void set_inputs(const nlohmann::json& index, const std::map<int32_t, nlohmann::json>& expected,
                const Graph& graph, const Plan& plan, const std::vector<char>& tensors, Executor& executor) {
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const int32_t number = graph.tensor(plan.buffer(plan.inputs[i]).tensor).file_index;
    const std::span<std::byte> input = executor.bytes(plan.inputs[i]);
    const char* stored = tensors.data() + expected.at(number)["offset"].get<size_t>();
    ASSERT_EQ(expected.at(number)["stored"].get<size_t>(), input.size()) << index["case"];
    std::memcpy(input.data(), stored, input.size());
  }
}

/// Runs all input sets of one case in the arena that the planner lays out, and compares tensors as they are
/// written: `every_tensor` all of them, otherwise (after the passes) the outputs.
void check_case(const Golden& golden, bool every_tensor, KernelSet kernels) {
  const nlohmann::json index = nlohmann::json::parse(read_bytes(golden.folder / "index.json"));
  const std::vector<char> tensors = read_bytes(golden.folder / "tensors.bin");
  const Graph graph = read_tflite(golden.model);
  const Plan plan = every_tensor ? lower_inference(graph) : run_inference_passes(lower_inference(graph));
  const Layout layout = plan_layout(plan);
  Executor executor(plan, layout.offsets, kernels, 1);
  for (const auto& run : index["runs"]) {
    std::map<int32_t, nlohmann::json> expected;
    for (const auto& tensor : run["tensors"]) expected[tensor["index"].get<int32_t>()] = tensor;
    set_inputs(index, expected, graph, plan, tensors, executor);
    size_t compared = 0;
    const auto compare = [&](TensorId id, BufferId buffer) {
      const Tensor& tensor = graph.tensor(id);
      expect_tensor(
          expected.at(tensor.file_index), executor.bytes(buffer), tensors,
          golden.folder.filename().string() + "/" + run["label"].get<std::string>() + ": " + tensor.name);
      ++compared;
    };
    executor.infer(0, [&](const Step& step) {
      if (every_tensor) compare(graph.op(step.op).outputs[0], step.writes.at(0));
    });
    if (!every_tensor)
      for (BufferId output : plan.outputs) compare(plan.buffer(output).tensor, output);
    EXPECT_EQ(compared, every_tensor ? graph.ops.size() : graph.outputs.size());
  }
}

std::vector<Golden> synthetic_cases() {
  std::vector<Golden> result;
  const fs::path root = testing::golden_folder() / "tflm";
  for (const auto& entry : nlohmann::json::parse(read_bytes(root / "cases.json"))) {
    const fs::path folder = root / entry["dir"].get<std::string>();
    result.push_back({folder, folder / "model.tflite"});
  }
  return result;
}

std::vector<Golden> model_cases() {
  std::vector<Golden> result;
  const fs::path root = *testing::shared_folder();
  for (const auto& entry : nlohmann::json::parse(read_bytes(root / "golden/tflm/cases.json")))
    if (entry["dir"].get<std::string>().starts_with("models/"))
      result.push_back(
          {root / "golden/tflm" / entry["dir"].get<std::string>(), root / entry["model"].get<std::string>()});
  return result;
}

TEST(TflmGolden, PortableKernelsGiveEveryTensorOfTheSyntheticCases) {
  const std::vector<Golden> cases = synthetic_cases();
  EXPECT_EQ(cases.size(), 92U);
  for (const Golden& golden : cases) check_case(golden, true, KernelSet::portable);
}

TEST(TflmGolden, PassesLeaveTheOutputsOfTheSyntheticCasesUnchanged) {
  for (const Golden& golden : synthetic_cases()) check_case(golden, false, KernelSet::portable);
}

TEST(TflmGolden, HostKernelsGiveEveryTensorOfTheSyntheticCases) {
  for (const Golden& golden : synthetic_cases()) check_case(golden, true, KernelSet::host);
}

TEST(TflmGoldenSlow, PortableKernelsGiveEveryTensorOfThePublishedModels) {
  THAW_REQUIRE_SHARED();
  const std::vector<Golden> cases = model_cases();
  EXPECT_EQ(cases.size(), 11U);
  for (const Golden& golden : cases) check_case(golden, true, KernelSet::portable);
}

TEST(TflmGoldenSlow, HostKernelsGiveEveryTensorOfThePublishedModels) {
  THAW_REQUIRE_SHARED();
  for (const Golden& golden : model_cases()) check_case(golden, true, KernelSet::host);
}

}  // namespace
}  // namespace thaw
