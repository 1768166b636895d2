// Searches on models and data of others whose answers were once beaten by their own baselines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/base/json.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

using testing::Finished;

class SearchAnswersSlow : public testing::SmallProject {
 protected:
  /// The document of a search on a model and data of the shared folder.
  nlohmann::json search(const std::string& model, const std::string& data,
                        const std::vector<std::string>& more) const {
    const std::filesystem::path shared = *testing::shared_folder();
    std::vector<std::string> command = {
        "search", (shared / "models" / model).string(), (shared / "data" / data).string(), "--json", "-o",
        "run"};
    command.insert(command.end(), more.begin(), more.end());
    const Finished run = thaw(command);
    EXPECT_EQ(run.status, 0) << run.err;
    return run.status == 0 ? nlohmann::json::parse(run.out) : nlohmann::json();
  }

  /// No row that fits has at least the chosen one's validation accuracy in at most its bytes.
  static void expect_undominated(const nlohmann::json& rows) {
    const nlohmann::json& chosen = rows[0];
    for (const nlohmann::json& row : rows) {
      if (!row.value("fits", false) || row["is_chosen"].get<bool>()) continue;
      EXPECT_FALSE(row["validation_accuracy"] >= chosen["validation_accuracy"] &&
                   row["ram_bytes"] <= chosen["ram_bytes"])
          << row.dump();
    }
  }
};

TEST_F(SearchAnswersSlow, ResNet8OnSixHundredImages) {
  THAW_REQUIRE_SHARED();
  const nlohmann::json found =
      search("pretrainedResnet_quant.tflite", "cifar10-small",
             {"--samples", "600", "--effort", "quick", "--seeds", "2", "--goal", "bytes"});
  ASSERT_FALSE(found.is_null());
  expect_undominated(found["comparison"]);
  EXPECT_GE(found["promise"]["accuracy"].get<double>(), 0.65);
  EXPECT_LE(found["promise"]["ram_bytes"].get<int64_t>(), 64 * 1024);
  EXPECT_EQ(found["comparison"].back()["name"], "as it is");
}

TEST_F(SearchAnswersSlow, PersonDetectionIsShownAsItIsShipped) {
  THAW_REQUIRE_SHARED();
  const nlohmann::json found =
      search("person_detect.tflite", "vww-coco-mini", {"--epochs", "2", "--effort", "quick", "--seeds", "2"});
  ASSERT_FALSE(found.is_null());
  expect_undominated(found["comparison"]);
  const nlohmann::json& shipped = found["comparison"].back();
  EXPECT_EQ(shipped["name"], "as it is");
  EXPECT_DOUBLE_EQ(shipped["accuracy"].get<double>(), 29.0 / 32.0);  // as thaw infer measures
}

}  // namespace
}  // namespace thaw
