// A whole published training run repeated: the same order, flips and initial classifier.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/data/to_int8.h"
#include "sim/float/float_prefix.h"
#include "sim/train/float_run.h"
#include "tests/sim/float/float_golden.h"

namespace thaw {
namespace {

using namespace thaw::testing;

/// mcunet-5fps and the published run on cifar10-small.
struct Replay {
  GoldenModel golden = golden_model("mcunet-5fps");
  GoldenArrays arrays{golden_file("replay_mcunet-5fps.npz")};
  Schedule schedule = golden_schedule(golden, "99kb");
  Dataset dataset = read_dataset(*shared_folder() / "data" / "cifar10-small", {128, 128, 3});

  /// A split before the first layer of the 99 KB schedule.
  PrefixCache cached(const Split& split, bool mirrored) const {
    const Network& network = golden.model.network;
    const Quantization& input = network.graph.tensor(network.input).quantization;
    const Samples samples{split.count, 128, 128, 3, to_int8(dataset, split, input), split.labels};
    return cache_float_prefix(golden.model, first_updated_layer(network, schedule), samples, mirrored, 2);
  }

  EpochOrder order(int32_t epoch) const {
    const auto places = arrays.values<uint16_t>("order");
    const auto bits = arrays.values<uint8_t>("flip");
    EpochOrder result;
    for (size_t j = 0; j < 5000; ++j) {
      result.places.push_back(places[static_cast<size_t>(epoch) * 5000 + j]);
      const unsigned byte = bits[static_cast<size_t>(epoch) * 625 + j / 8];
      result.mirrored.push_back(static_cast<uint8_t>(byte >> (j % 8) & 1U));
    }
    return result;
  }
};

TEST(FloatReplay, LearningRatesAreThePublishedOnes) {
  THAW_REQUIRE_SHARED();
  const auto rates = GoldenArrays(golden_file("replay_mcunet-5fps.npz")).values<double>("lr");
  ASSERT_EQ(rates.size(), 390U);
  for (size_t step = 0; step < rates.size(); ++step)
    EXPECT_NEAR(float_learning_rate(0.025, static_cast<int64_t>(step), 78, 312), rates[step], 1e-12) << step;
}

TEST(FloatReplaySlow, PublishedFinalParametersClassify1511Of2000) {
  THAW_REQUIRE_SHARED();
  const Replay replay;
  const GoldenModel& golden = replay.golden;
  FloatParameters parameters = initial_float_parameters(golden.model, 0);
  for (size_t i = 0; i < golden.convolution_names.size(); ++i) {
    const std::string name = "final." + golden.convolution_names[i];
    if (replay.arrays.has(name + ".w"))
      parameters.weights[i] = golden.weights_from(replay.arrays.values<float>(name + ".w"), i);
    if (replay.arrays.has(name + ".b")) parameters.biases[i] = replay.arrays.values<float>(name + ".b");
  }
  parameters.classifier_weights = replay.arrays.values<float>("final.fc.w");
  parameters.classifier_biases = replay.arrays.values<float>("final.fc.b");
  const PrefixCache test = replay.cached(replay.dataset.test, false);
  FloatTrainer trainer(golden.model, replay.schedule, test, parameters, true);
  EXPECT_EQ(trainer.evaluate(whole_batch(test, replay.dataset.test.labels)).correct, 1511);
}

TEST(FloatReplaySlow, FiveEpochsFollowThePublishedRun) {
  THAW_REQUIRE_SHARED();
  const Replay replay;
  const PrefixCache train = replay.cached(replay.dataset.train, true);
  const PrefixCache test = replay.cached(replay.dataset.test, false);
  Schedule schedule = replay.schedule;
  schedule.training.learning_rate = 0.025 / 64;  // of one sample
  schedule.training.epochs = 5;
  schedule.training.warmup_epochs = 1.0;
  FloatRunOptions options;
  options.batch = 64;
  options.initial = parameters_with_head(replay.golden, replay.arrays);
  options.order = [&](int32_t epoch) { return replay.order(epoch); };
  TrainingControl control;
  control.test_every_epoch = true;
  control.on_epoch = [](const EpochReport& report) {
    std::printf("epoch %d: training loss %.5f, test accuracy %.2f %%\n", report.epoch, report.loss,
                100.0 * report.test_accuracy.value());
  };
  const TrainingData data{{&train, &replay.dataset.train.labels, {}},
                          {&test, &replay.dataset.test.labels, {}}};
  const FloatRun result = train_float(replay.golden.model, schedule, data, options, control);
  ASSERT_EQ(result.run.epochs.size(), 5U);
  EXPECT_EQ(result.run.steps, 5U * 78U * 64U);
  const double losses[] = {1.82172, 0.98173, 0.63381, 0.4672, 0.39334};
  const double accuracies[] = {49.5, 70.2, 72.9, 75.4, 75.55};
  const double bands[] = {10.0, 1.0, 1.0, 1.0, 1.0};  // points; the first epoch's accuracy is chaotic
  for (size_t e = 0; e < 5; ++e) {
    SCOPED_TRACE(e + 1);
    EXPECT_NEAR(result.run.epochs[e].loss, losses[e], 0.02 * losses[e]);
    EXPECT_NEAR(100.0 * result.run.epochs[e].test_accuracy.value(), accuracies[e], bands[e]);
  }
}

}  // namespace
}  // namespace thaw
