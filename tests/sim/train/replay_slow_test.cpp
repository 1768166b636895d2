// Classes that come two at a time are not forgotten where 16 KiB of latents are replayed; without, they are.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "sim/data/dataset.h"
#include "sim/data/random.h"
#include "sim/data/to_int8.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/plan/latent_cut.h"
#include "sim/plan/schedule_json.h"
#include "sim/plan/training_plan.h"
#include "sim/train/lesson.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

namespace fs = std::filesystem;

constexpr int32_t kTasks = 5, kClassesATask = 2;
constexpr size_t kFreshATask = 600, kTestsATask = 400;

const fs::path kFashion = "/usr/share/datasets/fashion-mnist";

/// The first samples of each task, two classes each, in the order in which the data have them.
std::vector<uint32_t> places_of_task(const Samples& samples, int32_t task, size_t count) {
  std::vector<uint32_t> places;
  for (uint32_t i = 0; i < samples.labels.size() && places.size() < count; ++i)
    if (samples.labels[i] / kClassesATask == task) places.push_back(i);
  return places;
}

/// Samples of all tasks, task after task.
Samples samples_of_tasks(const Dataset& data, Split split, const Tensor& input, size_t count_a_task) {
  Samples all;
  all.count = split.count;
  all.height = input.shape[1];
  all.width = input.shape[2];
  all.channels = input.shape[3];
  all.labels = split.labels;
  all.images = to_int8(data, split, input.quantization);
  Samples chosen = all;
  chosen.images.clear();
  chosen.labels.clear();
  for (int32_t task = 0; task < kTasks; ++task)
    for (uint32_t place : places_of_task(all, task, count_a_task)) {
      const auto begin = all.images.begin() + place * all.sample_bytes();
      chosen.images.insert(chosen.images.end(), begin, begin + all.sample_bytes());
      chosen.labels.push_back(all.labels[place]);
    }
  chosen.count = std::ssize(chosen.labels);
  return chosen;
}

struct Problem {
  Problem() {
    const fs::path configs = fs::path(testing::source_folder()) / "configs";
    Schedule schedule = read_schedule_file(configs / "schedules/reference/last-layer.json");
    rate = 4 * schedule.training.learning_rate;
    network =
        reduce(read_tflite(configs / "models/reference.tflite"), {.classes = 10, .fresh_classifier = true});
    plan = training_plan(network, schedule);
    const Tensor& input = network.graph.tensor(network.input);
    Dataset data = read_dataset(kFashion, {input.shape[1], input.shape[2], input.shape[3]});
    const size_t layer = first_updated_layer(network, schedule);
    train = samples_of_tasks(data, data.train, input, kFreshATask);
    test = samples_of_tasks(data, data.test, input, kTestsATask);
    train_cut = cache_prefix(network, layer, train, false, 2);
    test_cut = cache_prefix(network, layer, test, false, 2);
  }

  CachedSamples tests_of(int32_t task) const {
    CachedSamples samples = {&test_cut, &test.labels, {}};
    for (size_t i = 0; i < kTestsATask; ++i)
      samples.ids.push_back(static_cast<uint32_t>(static_cast<size_t>(task) * kTestsATask + i));
    return samples;
  }

  Network network;
  Plan plan;
  double rate = 0.0;
  Samples train, test;
  PrefixCache train_cut, test_cut;
};

/// Percent of a task's test samples that are told from all ten classes.
double accuracy_on(const Problem& problem, Executor& executor, int32_t task) {
  const CachedSamples tests = problem.tests_of(task);
  return 100 * accuracy_of(judge(executor, problem.network, tests).predictions, tests);
}

double accuracy_on_all(const Problem& problem, Executor& executor) {
  double sum = 0.0;
  for (int32_t task = 0; task < kTasks; ++task) sum += accuracy_on(problem, executor, task);
  return sum / kTasks;
}

struct Incremental {
  double accuracy = 0.0;  // in the end, of all classes, percent
  double drop = 0.0;      // points that a task lost since it was the last, in the mean
};

/// One rate for all: a device does not know what comes.
Incremental learn_two_classes_at_a_time(const Problem& problem, const Replay& replay) {
  Executor executor(problem.plan, {}, KernelSet::host, 1);
  std::array<LearningRate, 128> rates;
  rates.fill(quantize_learning_rate(problem.rate));
  const CachedSamples list = {&problem.train_cut, &problem.train.labels, {}};
  Lesson lesson(executor, problem.network, list, replay, 1, rates,
                static_cast<uint32_t>(steps_with_replay(kTasks * kFreshATask, replay)));
  Incremental result;
  for (int32_t task = 0; task < kTasks; ++task) {
    for (uint32_t place : shuffle(1, static_cast<uint32_t>(task), kFreshATask))
      lesson.learn(static_cast<size_t>(task) * kFreshATask + place, false);
    if (task + 1 < kTasks) result.drop += accuracy_on(problem, executor, task) / (kTasks - 1);
  }
  for (int32_t task = 0; task + 1 < kTasks; ++task)
    result.drop -= accuracy_on(problem, executor, task) / (kTasks - 1);
  result.accuracy = accuracy_on_all(problem, executor);
  return result;
}

/// All classes mixed, every sample as often as there are steps for with replay: nothing to forget.
double accuracy_of_all_at_once(const Problem& problem, int32_t passes) {
  Executor executor(problem.plan, {}, KernelSet::host, 1);
  constexpr auto kCount = static_cast<uint32_t>(kTasks * kFreshATask);
  const uint32_t steps = kCount * static_cast<uint32_t>(passes);
  const auto rates = cosine_learning_rates(problem.rate, steps, steps / 4.0);
  const CachedSamples list = {&problem.train_cut, &problem.train.labels, {}};
  Lesson lesson(executor, problem.network, list, {}, 1, rates, steps);
  for (int32_t pass = 0; pass < passes; ++pass)
    for (uint32_t place : shuffle(1, static_cast<uint32_t>(pass), kCount)) lesson.learn(place, false);
  return accuracy_on_all(problem, executor);
}

/// What a task lost since it was the last also holds that it is harder to tell ten classes apart than two:
/// the cost of forgetting is what is missing to the network that saw all classes mixed.
TEST(ReplaySlow, ClassesThatComeTwoAtATimeAreNotForgotten) {
  if (!fs::exists(kFashion)) GTEST_SKIP() << "needs Debian's dataset-fashion-mnist";
  const Problem problem;
  Replay replay;
  replay.memory_bytes = 16384;
  const Incremental without = learn_two_classes_at_a_time(problem, replay);
  replay.samples = 16;
  const Incremental with = learn_two_classes_at_a_time(problem, replay);
  const double mixed = accuracy_of_all_at_once(problem, 1 + replay.samples);
  std::printf(
      "latents of %lld bytes; all at once %.1f %%; two at a time %.1f %% with replay, %.1f %% without; a "
      "task "
      "lost %.1f and %.1f points\n",
      static_cast<long long>(latent_cut(problem.plan).bytes), mixed, with.accuracy, without.accuracy,
      with.drop, without.drop);
  EXPECT_LE(mixed - with.accuracy, 3.0);
  EXPECT_GT(mixed - without.accuracy, 20.0);
  EXPECT_LT(with.drop, without.drop / 3);
}

}  // namespace
}  // namespace thaw
