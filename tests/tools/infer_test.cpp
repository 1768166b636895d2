// `thaw infer`: accuracy on data, raw inputs, dumps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using ::testing::AllOf;
using testing::Finished;
using ::testing::HasSubstr;
using testing::text_of;

using Infer = testing::SmallProject;

TEST_F(Infer, CountsWhatIsRight) {
  const Finished run = thaw({"infer", "model.tflite", "cifar", "--json", "--jobs", "2"});
  ASSERT_EQ(run.status, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json["data"]["samples"], 60);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_EQ(json["class_names"], nlohmann::json({"dark", "bright"}));
  int64_t right = 0, all = 0;
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 2; ++j) {
      const auto count = json["confusion"][i][j].get<int64_t>();
      all += count;
      right += i == j ? count : 0;
    }
  EXPECT_EQ(all, 60);
  EXPECT_DOUBLE_EQ(json["accuracy"]["mean"].get<double>(), static_cast<double>(right) / 60.0);
  EXPECT_LE(json["accuracy"]["low"], json["accuracy"]["mean"]);
}

TEST_F(Infer, PrintsATable) {
  const Finished run = thaw({"infer", "model.tflite", "cifar", "--quiet"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("accuracy "), HasSubstr("95 % interval"), HasSubstr("samples/s"),
                             HasSubstr("bright")));
}

TEST_F(Infer, Uint8EndsAreFedAndShownAsTheFileHasThem) {
  const std::string model = (testing::golden_folder() / "cases/uint8-ends-both/model.tflite").string();
  std::string input;
  for (int i = 0; i < 8 * 8 * 3; ++i) input.push_back(static_cast<char>(i * 37));
  write_text("input.bin", input);
  const Finished run = thaw({"infer", model, "--raw-input", "input.bin", "--dump", "dump", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const auto dumped = [&](const char* tensor) {
    return text_of(file("dump") / (std::string(tensor) + ".bin"));
  };
  EXPECT_EQ(dumped("0"), input);
  std::string moved = input, output = dumped("10");
  for (char& c : moved) c = static_cast<char>(static_cast<unsigned char>(c) - 128);
  EXPECT_EQ(dumped("1"), moved) << "QUANTIZE from uint8, zero point 0, to int8, zero point -128";
  const nlohmann::json json = nlohmann::json::parse(run.out);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(json["outputs"][0]["values"][i], static_cast<signed char>(output[i]) + 128);
    EXPECT_EQ(static_cast<unsigned char>(dumped("11")[i]), static_cast<signed char>(output[i]) + 128);
  }
  const nlohmann::json shown = nlohmann::json::parse(thaw({"inspect", model, "--json"}).out);
  EXPECT_EQ(shown["inputs"][0]["type"], "uint8");
  EXPECT_EQ(shown["inputs"][0]["zero_points"], nlohmann::json({0}));
  EXPECT_EQ(shown["outputs"][0]["zero_points"], nlohmann::json({128}));
}

TEST_F(Infer, DumpsEveryActivationOfARawInput) {
  write_text("input.bin", std::string(48, '\x10'));
  const Finished run =
      thaw({"infer", "model.tflite", "--raw-input", "input.bin", "--dump", "dump", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const Graph graph = read_tflite(file("model.tflite"));
  size_t files = 0;
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.is_constant()) continue;
    ++files;
    EXPECT_EQ(text_of(file("dump") / (std::to_string(tensor.file_index) + ".bin")).size(),
              static_cast<size_t>(tensor.bytes()))
        << tensor.name;
  }
  EXPECT_EQ(files, 6U);
  EXPECT_EQ(text_of(file("dump") / (std::to_string(graph.tensor(graph.inputs[0]).file_index) + ".bin")),
            std::string(48, '\x10'));
  const std::string output =
      text_of(file("dump") / (std::to_string(graph.tensor(graph.outputs[0]).file_index) + ".bin"));
  const nlohmann::json json = nlohmann::json::parse(run.out);
  for (size_t i = 0; i < 2; ++i)
    EXPECT_EQ(json["outputs"][0]["values"][i], static_cast<int>(static_cast<signed char>(output[i])));
}

TEST_F(Infer, DumpsTheFirstSampleOfData) {
  EXPECT_EQ(thaw({"infer", "model.tflite", "cifar", "--dump", "dump"}).status, 0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file("dump")), {}), 6);
}

TEST_F(Infer, PublishedClassifierRecognisesItsData) {
  THAW_REQUIRE_SHARED();
  const Finished run = thaw({"infer", (*testing::shared_folder() / "models/person_detect.tflite").string(),
                             (*testing::shared_folder() / "data/vww-coco-mini").string(), "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_GE(nlohmann::json::parse(run.out)["accuracy"]["mean"].get<double>(), 0.8);
}

}  // namespace
}  // namespace thaw
