#include "sim/train/trainer.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/base/error.h"
#include "sim/base/sha256.h"
#include "sim/data/random.h"
#include "sim/plan/fixed_point_plan.h"
#include "sim/train/lesson.h"

namespace thaw {
namespace {

constexpr int64_t kDivergenceWindow = 512;  // samples over which the loss is averaged
constexpr double kDivergenceFactor = 2.0;   // times the loss of guessing
constexpr double kLossUnit = 65536.0;       // losses are in Q16

std::string signature_of(std::vector<std::byte> state, const std::vector<int64_t>& losses) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(losses));
  state.insert(state.end(), bytes.begin(), bytes.end());
  return sha256_hex(state);
}

/// Sum of the last kDivergenceWindow losses.
struct LossWindow {
  int64_t sum = 0;
  double guessing = 0.0;  // the loss that no sound run doubles; 0: that of the first window

  explicit LossWindow(int32_t classes)
      : guessing(classes > 0 ? std::log(static_cast<double>(classes)) : 0.0) {}

  bool diverged(const std::vector<int64_t>& losses) {
    sum += losses.back();
    const auto window = static_cast<size_t>(kDivergenceWindow);
    if (losses.size() > window) sum -= losses[losses.size() - 1 - window];
    if (losses.size() < window) return false;
    const double mean = static_cast<double>(sum) / (kLossUnit * static_cast<double>(kDivergenceWindow));
    if (guessing == 0.0) guessing = std::max(mean, 1.0);
    return mean > kDivergenceFactor * guessing;
  }
};

/// What the loss needs of a sample.
StepInput truth_of(const CachedSamples& samples, size_t place) {
  StepInput input;
  input.label = samples.label(place);
  input.target = samples.target(place);
  return input;
}

/// Mean of |output - target|, in steps.
double absolute_error(std::span<const int8_t> output, const int8_t* target) {
  int64_t sum = 0;
  for (size_t i = 0; i < output.size(); ++i) sum += std::abs(output[i] - target[i]);
  return static_cast<double>(sum) / static_cast<double>(output.size());
}

}  // namespace

Judgement judge(Executor& executor, const Network& network, const CachedSamples& samples) {
  const size_t first = first_step_of_layer(executor.plan(), network, samples.cache->layer);
  Judgement result;
  int64_t loss = 0;
  for (size_t place = 0; place < samples.count(); ++place) {
    load_sample(executor, *samples.cache, static_cast<int64_t>(samples.id(place)), false);
    const StepInput truth = truth_of(samples, place);
    const StepResult judged = executor.judge(truth, first);
    result.predictions.push_back(judged.prediction);
    result.losses.push_back(static_cast<double>(judged.loss) / kLossUnit);
    if (truth.target != nullptr)
      result.absolute_errors.push_back(
          absolute_error(executor.values<int8_t>(executor.plan().output), truth.target));
    loss += judged.loss;
  }
  result.loss = static_cast<double>(loss) / kLossUnit / static_cast<double>(samples.count());
  return result;
}

double output_scale(const Network& network) {
  return static_cast<double>(network.graph.tensor(network.classifier.feature_tensor).quantization.scale());
}

std::vector<double> output_errors(const Network& network, const Judgement& judgement) {
  const double scale = output_scale(network);
  const bool squared = network.task == Task::reconstruct;
  std::vector<double> errors = squared ? judgement.losses : judgement.absolute_errors;
  for (double& error : errors) error *= squared ? scale * scale : scale;
  return errors;
}

double accuracy_of(const std::vector<int32_t>& predictions, const CachedSamples& samples) {
  int64_t right = 0;
  for (size_t place = 0; place < predictions.size(); ++place)
    right += int64_t{predictions[place] == samples.label(place)};
  return predictions.empty() ? 0.0 : static_cast<double>(right) / static_cast<double>(predictions.size());
}

TrainingResult train(const Network& network, const Plan& plan, const Schedule& schedule,
                     const TrainingData& data, const TrainingControl& control) {
  const TrainingRecipe& recipe = schedule.training;
  Executor executor(plan, {}, control.kernels, recipe.seed);
  assert(data.train.cache->layer <= first_updated_layer(network, schedule));
  const auto count = static_cast<uint32_t>(data.train.count());
  const uint64_t total =
      steps_with_replay(uint64_t{count} * static_cast<uint64_t>(recipe.epochs), control.replay);
  if (total > UINT32_MAX)  // the device counts steps in 32 bits
    throw Error("training", std::to_string(total) + " steps are more than " + std::to_string(UINT32_MAX),
                "Train for fewer epochs");
  const auto rates =
      cosine_learning_rates(recipe.learning_rate, static_cast<double>(total),
                            recipe.warmup_epochs * static_cast<double>(count) * (1 + control.replay.samples));
  TrainingResult result;
  Lesson lesson(executor, network, data.train, control.replay, recipe.seed, rates,
                static_cast<uint32_t>(total));
  std::vector<int64_t> losses;  // of fresh samples
  LossWindow window(plan.classes);
  for (int32_t epoch = 0; epoch < recipe.epochs && result.outcome == Outcome::ok; ++epoch) {
    const std::vector<uint32_t> order = shuffle(recipe.seed, static_cast<uint32_t>(epoch), count);
    EpochReport report;
    report.epoch = epoch + 1;
    int64_t right = 0;
    int64_t loss_sum = 0;
    for (uint32_t id : order) {
      if (control.cancelled && losses.size() % 64 == 0 && control.cancelled())
        throw Error("training", "interrupted", "Run the same command again to go on");
      const bool flip = recipe.flip && flipped(recipe.seed, static_cast<uint32_t>(epoch), id);
      const StepResult step = lesson.learn(id, flip);
      losses.push_back(step.loss);
      loss_sum += step.loss;
      right += int64_t{plan.task == Task::classify && step.prediction == data.train.label(id)};
      if (window.diverged(losses)) {
        result.outcome = Outcome::diverged;
        break;
      }
    }
    report.loss = static_cast<double>(loss_sum) / kLossUnit / count;
    if (plan.task == Task::classify) report.train_accuracy = static_cast<double>(right) / count;
    const bool last = epoch + 1 == recipe.epochs || result.outcome == Outcome::diverged;
    if (data.test.cache != nullptr && (last || control.test_every_epoch)) {
      Judgement judged = judge(executor, network, data.test);
      result.predictions = std::move(judged.predictions);
      report.test_loss = result.test_loss = judged.loss;
      if (plan.task == Task::classify)
        report.test_accuracy = result.accuracy = accuracy_of(result.predictions, data.test);
      else
        result.errors = output_errors(network, judged);
    }
    result.epochs.push_back(report);
    if (control.on_epoch) control.on_epoch(report);
  }
  result.state = executor.state();
  result.steps = lesson.steps();
  result.signature = signature_of(result.state, lesson.losses());
  return result;
}

}  // namespace thaw
