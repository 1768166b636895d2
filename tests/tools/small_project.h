// What a user of `thaw` has on disk, as small as it gets: a model, a data set that it can learn, a schedule.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "sim/base/file.h"
#include "sim/graph/tflite_reader.h"
#include "sim/graph/tflite_writer.h"
#include "sim/plan/network.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/project_folders.h"
#include "tests/tools/run_thaw.h"

namespace thaw::testing {

/// A fresh folder a test, with model.tflite (input 1x4x4x3, 2 classes), cifar/ (dark and bright images),
/// schedule.json (bias and weights of `project`, and the classifier) and schedule.flags (the same).
class SmallProject : public ::testing::Test {
 protected:
  SmallProject() {
    const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("thaw-" + std::to_string(getpid()) + "-" + test->test_suite_name() + "-" + test->name());
    std::filesystem::create_directories(folder_ / "cifar");
    write_file_atomically(file("model.tflite"), write_tflite(SmallModel(false, 3).graph()));
    write_file_atomically(file("stopped.tflite"), write_tflite(SmallModel(true, 3).graph()));
    write_text("cifar/batches.meta.txt", "dark\nbright\n");
    write_images("cifar/data_batch_1.bin", 200);
    write_images("cifar/test_batch.bin", 60);
    write_text("schedule.json", write_schedule(schedule()));
    write_text("schedule.flags", "--n_bias_update 1 --manual_weight_idx 2 --weight_update_ratio 1\n");
  }

  ~SmallProject() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }

  /// The repository's configs/ beside the project, where commands look for boards first.
  void link_configs() const {
    std::filesystem::create_directory_symlink(std::filesystem::path(source_folder()) / "configs",
                                              file("configs"));
  }

  void write_text(const std::string& name, const std::string& text) const {
    write_file_atomically(file(name), text);
  }

  Schedule schedule() const {
    const Network network = reduce(read_tflite(file("model.tflite")), {});
    Schedule s;
    describe_model(s, network);
    s.training.epochs = 3;
    s.training.learning_rate = 0.01;
    s.update = {{2, "project", true, UpdatedWeights::all, {}},
                {3, "classifier", true, UpdatedWeights::all, {}}};
    return s;
  }

  Finished thaw(const std::vector<std::string>& arguments,
                const std::vector<std::string>& variables = {}) const {
    return RunningThaw(arguments, folder_, variables).wait();
  }

  std::filesystem::path folder_;

 private:
  /// CIFAR records: label, then 3,072 bytes around 60 (dark) or 190 (bright).
  void write_images(const std::string& name, int count) const {
    std::vector<std::byte> bytes;
    uint32_t noise = static_cast<uint32_t>(count);
    for (int i = 0; i < count; ++i) {
      const int label = i % 2;
      bytes.push_back(static_cast<std::byte>(label));
      for (int p = 0; p < 3072; ++p) {
        noise = noise * 1664525U + 1013904223U;
        bytes.push_back(static_cast<std::byte>((label == 0 ? 40U : 170U) + (noise >> 24) % 40U));
      }
    }
    write_file_atomically(file(name), bytes);
  }
};

}  // namespace thaw::testing
