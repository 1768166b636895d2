// `thaw search` where the model's own output is compared, from data to report, gate and firmware.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "sim/base/json.h"
#include "tests/support/autoencoder.h"
#include "tests/support/json_schema.h"
#include "tests/support/shared_folder.h"
#include "tests/tools/small_project.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;
using testing::Finished;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::text_of;

class SearchTasks : public testing::SmallProject {
 protected:
  SearchTasks() { link_configs(); }

  /// An autoencoder, and recordings of sines in its units.
  void write_autoencoder() const {
    const Graph graph = testing::Autoencoder(6).graph();
    write_file_atomically(file("auto.tflite"), write_tflite(graph));
    write_recording("sound/train/fine", graph, 160);
    write_recording("sound/test/fine", graph, 50);
  }

  void write_recording(const std::string& folder, const Graph& graph, int32_t windows) const {
    const Tensor& input = graph.tensor(graph.inputs[0]);
    const auto scale = static_cast<double>(input.quantization.scale());
    std::string text = "time,x\n";
    for (int32_t row = 0; row < windows * input.shape[1]; ++row) {
      const double value = (60 * std::sin(0.4 * row) - input.quantization.zero_point()) * scale;
      text += std::to_string(row) + "," + std::to_string(value) + "\n";
    }
    fs::create_directories(file(folder));
    write_text(folder + "/1.csv", text);
  }

  Finished run(const std::vector<std::string>& arguments) const {
    Finished finished = thaw(arguments);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return finished;
  }

  void expect_schemas(const std::string& folder) const {
    const auto faults = [&](const std::string& schema, const nlohmann::json& document) {
      return testing::SchemaCheck(read_json_file(file("configs/schema") / (schema + ".schema.json")))
          .faults(document);
    };
    for (const char* name : {"run", "schedule", "curve", "pareto", "comparison", "plan"})
      EXPECT_THAT(faults(name, read_json_file(file(folder) / (std::string(name) + ".json"))), IsEmpty())
          << name;
    std::istringstream trials(text_of(file(folder) / "trials.jsonl"));
    for (std::string line; std::getline(trials, line);)
      EXPECT_THAT(faults("trial", nlohmann::json::parse(line)), IsEmpty());
  }

  /// The gate's verdict on the run where `factor` times the error that was accepted had been accepted.
  Finished judged_against(double factor) const {
    nlohmann::json accepted = read_json_file(file("accepted.json"));
    nlohmann::json& metric = accepted["figures"]["metric"];
    metric["mean"] = metric["low"] = metric["high"] = factor * metric["mean"].get<double>();
    accepted.erase("predictions");
    write_text("other.json", accepted.dump());
    return thaw({"report", "run", "-o", "report", "--baseline", "other.json"});
  }

  nlohmann::json promise(const std::string& folder) const {
    return read_json_file(file(folder) / "schedule.json")["promise"];
  }
};

TEST_F(SearchTasks, AnAutoencoderFromRecordingsToFirmware) {
  write_autoencoder();
  const Finished searched = run({"search", "auto.tflite", "sound", "--task", "reconstruct", "--epochs", "4",
                                 "--effort", "quick", "-o", "run"});
  EXPECT_THAT(searched.out, HasSubstr("mean squared error on validation"));
  EXPECT_THAT(searched.out, HasSubstr("as it is"));
  expect_schemas("run");
  ASSERT_EQ(promise("run")["metric"]["name"], "mean squared error");

  // The answer is a schedule like any other: what was promised is measured again, to the bit.
  run({"train", "auto.tflite", "sound", "--schedule", "run/schedule.json", "-o", "check"});
  const nlohmann::json seed = read_json_file(file("check/run.json"))["seeds"][0];
  EXPECT_EQ(seed["signature"], promise("run")["signature"]);
  EXPECT_EQ(seed["metrics"]["test"][0]["value"], promise("run")["metric"]["mean"]);

  for (const char* model : {"auto.tflite", "check/model.tflite"})  // as shipped, and as the run left it
    run({"generate", model, "--schedule", "check/schedule.json", "--run", "check", "--board", "host", "-o",
         "firmware"});
  const auto threshold = seed["metrics"]["threshold"]["loss"].get<int64_t>();
  EXPECT_THAT(text_of(file("firmware/thaw_model.h")),
              HasSubstr("#define THAW_ANOMALY_THRESHOLD INT64_C(" + std::to_string(threshold) + ")"));
  EXPECT_EQ(read_json_file(file("firmware/firmware.json"))["anomaly_threshold"], threshold);
  const Finished other = thaw({"generate", "model.tflite", "--schedule", "schedule.json", "--run", "check",
                               "--board", "host", "-o", "firmware2"});
  EXPECT_THAT(other.err, HasSubstr("the run trained another model"));
}

TEST_F(SearchTasks, WhatOtherTasksCannotHaveIsRefused) {
  write_autoencoder();
  EXPECT_THAT(thaw({"search", "auto.tflite", "sound", "--task", "reconstruct", "--strategy", "fisher"}).err,
              HasSubstr("--strategy fisher: cannot reconstruct"));
  EXPECT_THAT(thaw({"search", "auto.tflite", "sound", "--task", "reconstruct", "--classes", "3"}).err,
              HasSubstr("compares the model's own output"));
  run({"train", "model.tflite", "cifar", "--schedule", "schedule.json", "--epochs", "1", "-o", "classes"});
  EXPECT_THAT(read_json_file(file("classes/run.json"))["seeds"][0]["macro_f1"]["mean"].get<double>(),
              ::testing::Ge(0.0));
  EXPECT_THAT(thaw({"generate", "model.tflite", "--schedule", "classes/schedule.json", "--run", "classes",
                    "--board", "host", "-o", "firmware"})
                  .err,
              HasSubstr("has no threshold"));
}

TEST_F(SearchTasks, ReportsAndTheGateTakeErrors) {
  write_autoencoder();
  run({"search", "auto.tflite", "sound", "--task", "reconstruct", "--epochs", "2", "--effort", "quick",
       "--strategy", "freeze", "-o", "run"});
  run({"report", "run", "-o", "report", "--baseline", "accepted.json", "--update-baseline"});
  EXPECT_THAT(text_of(file("report/summary.md")), HasSubstr("Mean squared error"));
  EXPECT_THAT(text_of(file("report/trials.csv")), HasSubstr(",metric,value,"));
  run({"report", "run", "-o", "report", "--baseline", "accepted.json"});
  const nlohmann::json accepted = read_json_file(file("accepted.json"));
  EXPECT_EQ(accepted["figures"]["metric"]["name"], "mean squared error");
  EXPECT_EQ(accepted["figures"]["metric"]["better"], "lower");
  EXPECT_EQ(accepted["predictions"]["errors"][0]["samples"].size(), accepted["figures"]["metric"]["samples"]);
}

TEST_F(SearchTasks, ARegressionOfOneLayer) {
  const fs::path data = testing::golden_folder() / "cases" / "one-output-fc";
  const std::string model = data / "model.tflite";
  const Finished searched = run({"search", model, data / "data.npz", "--task", "regress", "--epochs", "2",
                                 "--effort", "quick", "-o", "run"});
  EXPECT_THAT(searched.out, HasSubstr("mean absolute error"));
  expect_schemas("run");
  EXPECT_EQ(promise("run")["metric"]["better"], "lower");
  run({"report", "run", "-o", "report", "--baseline", "accepted.json", "--update-baseline"});
  EXPECT_THAT(text_of(file("report/summary.md")), HasSubstr("Mean absolute error"));
  EXPECT_EQ(judged_against(0.5).status, 2) << "twice the error of what was accepted";
  EXPECT_THAT(judged_against(0.5).out, HasSubstr("mean_absolute_error: REGRESSION"));
  EXPECT_THAT(judged_against(2.0).out, HasSubstr("mean_absolute_error: improved"));
  run({"train", model, data / "data.npz", "--schedule", "run/schedule.json", "--seeds", "2", "-o", "check"});
  run({"report", "check", "-o", "report2"});
  EXPECT_THAT(text_of(file("report2/summary.md")), HasSubstr("Mean absolute error"));
  const Finished refused = thaw({"search", model, data / "data.npz", "--task", "regress", "--classes", "3"});
  EXPECT_EQ(refused.status, 1);
}

}  // namespace
}  // namespace thaw
