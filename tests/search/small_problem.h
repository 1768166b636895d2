// A search problem small enough for tests: the reference model and pictures of four kinds of stripes.
#pragma once

#include <filesystem>
#include <string>

#include "search/local_trainer.h"
#include "search/training_evaluator.h"
#include "sim/data/random.h"
#include "sim/graph/tflite_reader.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw::testing {

/// Stripes whose direction and width tell the class, with counter-based noise.
inline Samples striped_samples(int64_t count, uint32_t seed) {
  Samples samples;
  samples.count = count;
  samples.height = samples.width = 28;
  for (int64_t id = 0; id < count; ++id) {
    const auto label = static_cast<int32_t>(id % 4);
    samples.labels.push_back(label);
    for (int32_t y = 0; y < 28; ++y)
      for (int32_t x = 0; x < 28; ++x) {
        const int32_t along = label % 2 == 0 ? x : y;
        const int32_t period = label < 2 ? 4 : 8;
        const uint32_t noise =
            random_word(random_key(seed, 77, static_cast<uint32_t>(id)), static_cast<uint32_t>(y * 28 + x)) %
            128;
        const int32_t pixel = (along / (period / 2) % 2) * 127 + static_cast<int32_t>(noise);
        samples.images.push_back(static_cast<int8_t>(pixel - 128));
      }
  }
  return samples;
}

struct SmallProblem {
  explicit SmallProblem(int64_t ram_bytes)
      : network(reduce(
            read_tflite(std::filesystem::path(testing::source_folder()) / "configs/models/reference.tflite"),
            {4, true, true})),
        train(striped_samples(120, 1)),
        test(striped_samples(40, 2)) {
    problem.network = &network;
    problem.train = &train;
    problem.test = &test;
    problem.folds = validation_folds(train.labels, 5, 1);
    problem.board.name = "test";
    problem.board.ram_bytes = ram_bytes;
    problem.board.flash_bytes = 1 << 20;
    problem.board.stack_bytes = 4096;
  }

  Network network;
  Samples train, test;
  SearchProblem problem;
};

struct OwnStore {
  Store store;
  LocalTrainer trainer;
};

/// Trains in this process, with a store of its own: in memory unless a file is named.
class LocalEvaluator : private OwnStore, public TrainingEvaluator {
 public:
  LocalEvaluator(const SearchProblem& problem, TrialRecord& record, const std::filesystem::path& file = "")
      : OwnStore{Store(file), LocalTrainer(problem)}, TrainingEvaluator(problem, record, store, trainer) {}
};

}  // namespace thaw::testing
