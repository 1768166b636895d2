// The embedded default: what its provenance file says, and that it teaches something.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "sim/base/json.h"
#include "tests/support/project_folders.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

const std::filesystem::path kConfigs = std::filesystem::path(testing::source_folder()) / "configs";

TEST(ReferenceModel, IsWhatItsProvenanceSays) {
  const nlohmann::json said = read_json_file(kConfigs / "models/reference.provenance.json");
  const Graph graph = read_tflite(kConfigs / "models/reference.tflite");
  EXPECT_EQ(said["sha256"], graph.sha256);
  EXPECT_EQ(said["bytes"], std::filesystem::file_size(kConfigs / "models/reference.tflite"));
  const Network network = reduce(graph, {});
  EXPECT_EQ(said["convolutions_without_classifier"], network.convolution_count());
  EXPECT_GE(network.convolution_count(), 20);
  EXPECT_LE(network.convolution_count(), 30);
  int64_t weights = network.classifier.classes * network.classifier.features;
  for (int32_t op = 0; op < network.convolution_count(); ++op)
    weights += std::ssize(std::get<Convolution>(network.convolution_layer(op).kind).weights);
  EXPECT_EQ(said["weights"], weights);
  EXPECT_LE(weights, 150000);
  EXPECT_LE(
      std::abs(said["accuracy_float_percent"].get<double>() - said["accuracy_int8_percent"].get<double>()),
      0.5);
  for (const char* field : {"command", "seed", "data", "packages"})
    EXPECT_TRUE(said.contains(field)) << field;
}

using ReferenceModelSlow = testing::SmallProject;

TEST_F(ReferenceModelSlow, TheLastLayerAloneEndsFivePointsBelow) {
  const std::string fashion = "/usr/share/datasets/fashion-mnist";
  if (!std::filesystem::exists(fashion)) GTEST_SKIP() << "needs Debian's dataset-fashion-mnist";
  const auto accuracy = [&](const std::string& schedule) {
    const testing::Finished run = thaw({"train", (kConfigs / "models/reference.tflite").string(), fashion,
                                        "--schedule", (kConfigs / "schedules/reference" / schedule).string(),
                                        "--epochs", "2", "--json", "-o", schedule});
    EXPECT_EQ(run.status, 0) << run.err;
    return 100 * nlohmann::json::parse(run.out)["accuracy"]["mean"].get<double>();
  };
  const double blocks = accuracy("last-blocks.json"), last = accuracy("last-layer.json");
  std::printf("Fashion-MNIST, 2 epochs: last blocks %.2f %%, last layer alone %.2f %%\n", blocks, last);
  EXPECT_GE(blocks, last + 5.0);
}

}  // namespace
}  // namespace thaw
