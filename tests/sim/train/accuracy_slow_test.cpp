// What training in integers reaches on real images, against the figures of docs/arithmetic.md, section 11.
#include <gtest/gtest.h>

#include "sim/base/parallel.h"
#include "sim/data/dataset.h"
#include "sim/data/to_int8.h"
#include "sim/float/float_model.h"
#include "sim/float/float_prefix.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "sim/train/float_run.h"
#include "sim/train/trainer.h"
#include "tests/support/project_folders.h"
#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

Samples samples_of(const Dataset& data, const Split& split) {
  Samples samples;
  samples.count = split.count;
  samples.height = data.shape[0];
  samples.width = data.shape[1];
  samples.channels = data.shape[2];
  samples.images = to_int8(data, split, {});
  samples.labels = split.labels;
  return samples;
}

/// mcunet-5fps on cifar10-small, the prefix of the deepest published schedule used here cached once.
struct Cifar {
  Cifar() {
    network = reduce(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"), {10, true, true});
    const Dataset data = read_dataset(*testing::shared_folder() / "data/cifar10-small", {128, 128, 3});
    train = samples_of(data, data.train);
    test = samples_of(data, data.test);
    const size_t layer = first_updated_layer(network, schedule("99kb"));
    train_cache = cache_prefix(network, layer, train, true, 2);
    test_cache = cache_prefix(network, layer, test, false, 2);
  }

  static Schedule schedule(const std::string& label) {
    return read_schedule_file(std::filesystem::path(testing::source_folder()) /
                              "configs/schedules/mcunet-5fps" / (label + ".json"));
  }

  /// Mean test accuracy over seeds 1 to 3, in percent.
  double mean_accuracy(Schedule schedule) const {
    const Plan plan = training_plan(network, schedule);
    double accuracies[3];
    for_each_parallel(3, 2, [&](int64_t i) {
      Schedule one = schedule;
      one.training.seed = static_cast<uint32_t>(i) + 1;
      const TrainingData data = {{&train_cache, &train.labels, {}}, {&test_cache, &test.labels, {}}};
      accuracies[i] = 100.0 * thaw::train(network, plan, one, data, {}).accuracy;
    });
    return (accuracies[0] + accuracies[1] + accuracies[2]) / 3.0;
  }

  Network network;
  Samples train, test;
  PrefixCache train_cache, test_cache;
};

TEST(AccuracySlow, PublishedSchedulesReachTheFiguresOfTheContract) {
  THAW_REQUIRE_SHARED();
  const Cifar cifar;
  const Schedule published = Cifar::schedule("99kb");
  EXPECT_EQ(published.training.learning_rate, 2 * 0.1 / 256);
  EXPECT_EQ(published.training.epochs, 4);
  const double accuracy_99 = cifar.mean_accuracy(published);
  const double accuracy_49 = cifar.mean_accuracy(Cifar::schedule("49kb"));
  Schedule last_layer = published;
  std::erase_if(last_layer.update, [](const LayerUpdate& u) { return u.op < 42; });
  const double accuracy_last = cifar.mean_accuracy(last_layer);
  std::printf("mean of 3 seeds: 99 KB %.2f %%, 49 KB %.2f %%, last layer %.2f %%\n", accuracy_99, accuracy_49,
              accuracy_last);
  EXPECT_GE(accuracy_99, 76.8);
  EXPECT_GE(accuracy_49, 74.2);
  EXPECT_NEAR(accuracy_last, 64.5, 1.5);
}

TEST(AccuracySlow, IntegersLoseAtMostSevenTenthsOfAPointToFloatsInTheSameOrder) {
  THAW_REQUIRE_SHARED();
  const Cifar cifar;
  const Schedule published = Cifar::schedule("99kb");
  const FloatModel model = float_model(
      reduce(read_tflite(*testing::shared_folder() / "models/mcunet-5fps.tflite"), {10, true, false}));
  const size_t layer = cifar.train_cache.layer;
  const PrefixCache train_cache = cache_float_prefix(model, layer, cifar.train, true, 2);
  const PrefixCache test_cache = cache_float_prefix(model, layer, cifar.test, false, 2);
  double sum = 0.0;
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    Schedule one = published;
    one.training.seed = seed;
    const TrainingData data = {{&train_cache, &cifar.train.labels, {}},
                               {&test_cache, &cifar.test.labels, {}}};
    sum += 100.0 * train_float(model, one, data, 1, {}).run.accuracy;
  }
  const double integers = cifar.mean_accuracy(published);
  std::printf("99 KB, mean of 3 seeds: integers %.2f %%, floats at batch 1 %.2f %%\n", integers, sum / 3.0);
  EXPECT_GE(integers, sum / 3.0 - 0.7);
}

}  // namespace
}  // namespace thaw
