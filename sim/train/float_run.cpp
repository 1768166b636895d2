#include "sim/train/float_run.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "sim/base/error.h"
#include "sim/base/sha256.h"
#include "sim/data/random.h"

namespace thaw {
namespace {

constexpr int64_t kDivergenceSamples = 512;  // as the integer run: the loss over this many in a row
constexpr double kDivergenceFactor = 2.0;    // times the loss of guessing

void append(std::vector<std::byte>& bytes, const auto& values) {
  const std::span<const std::byte> raw = std::as_bytes(std::span(values));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}

std::vector<std::byte> state_of(const FloatParameters& p) {
  std::vector<std::byte> bytes;
  for (size_t k = 0; k < p.weights.size(); ++k) {
    append(bytes, p.weights[k]);
    append(bytes, p.biases[k]);
  }
  append(bytes, p.classifier_weights);
  append(bytes, p.classifier_biases);
  return bytes;
}

/// Mean loss of the last samples, batch by batch.
class LossWindow {
 public:
  bool diverged(const FloatScore& score, int32_t classes) {
    scores_.push_back(score);
    loss_sum_ += score.loss_sum;
    samples_ += score.samples;
    while (samples_ - scores_[first_].samples >= kDivergenceSamples) {
      loss_sum_ -= scores_[first_].loss_sum;
      samples_ -= scores_[first_++].samples;
    }
    if (std::isnan(score.loss_sum) || std::isinf(score.loss_sum)) return true;
    return samples_ >= kDivergenceSamples && loss_sum_ / static_cast<double>(samples_) >
                                                 kDivergenceFactor * std::log(static_cast<double>(classes));
  }

 private:
  std::vector<FloatScore> scores_;
  size_t first_ = 0;
  double loss_sum_ = 0.0;
  int64_t samples_ = 0;
};

FloatBatch whole(const CachedSamples& samples) {
  FloatBatch batch;
  for (size_t place = 0; place < samples.count(); ++place) {
    batch.samples.push_back(samples.sample(place, false).data());
    batch.labels.push_back(samples.label(place));
  }
  return batch;
}

/// Steps of a run and their rates.
struct Pace {
  int64_t steps_per_epoch = 0, warmup = 0, decay = 1;
  double rate = 0.0;  // of a batch

  float rate_of(int64_t step) const {
    return static_cast<float>(float_learning_rate(rate, step, warmup, decay));
  }
};

Pace pace_of(const TrainingRecipe& recipe, int64_t samples, int32_t batch) {
  if (batch < 1 || samples < batch)
    throw Error("training",
                "a batch of " + std::to_string(batch) + " samples does not fit the " +
                    std::to_string(samples) + " there are",
                "Give a smaller --batch");
  Pace pace;
  pace.steps_per_epoch = samples / batch;
  pace.warmup = std::llround(recipe.warmup_epochs * static_cast<double>(pace.steps_per_epoch));
  pace.decay = std::max<int64_t>(1, pace.steps_per_epoch * recipe.epochs - pace.warmup);
  pace.rate = recipe.learning_rate * batch;
  return pace;
}

/// Batch number `number` of an epoch.
FloatBatch batch_of(const CachedSamples& samples, const EpochOrder& order, size_t number, size_t size) {
  FloatBatch batch;
  for (size_t i = number * size; i < (number + 1) * size; ++i) {
    batch.samples.push_back(samples.sample(order.places[i], order.mirrored[i] != 0).data());
    batch.labels.push_back(samples.label(order.places[i]));
  }
  return batch;
}

/// Asks about every 64 samples.
void stop_if_cancelled(const TrainingControl& control, uint32_t samples_seen, uint32_t& next_question) {
  if (!control.cancelled || samples_seen < next_question) return;
  next_question += 64;
  if (control.cancelled()) throw Error("training", "interrupted", "Run the same command again to go on");
}

}  // namespace

EpochOrder recipe_order(const TrainingRecipe& recipe, int32_t epoch, uint32_t samples) {
  EpochOrder order;
  order.places = shuffle(recipe.seed, static_cast<uint32_t>(epoch), samples);
  for (uint32_t place : order.places)
    order.mirrored.push_back(recipe.flip && flipped(recipe.seed, static_cast<uint32_t>(epoch), place) ? 1
                                                                                                      : 0);
  return order;
}

FloatRun train_float(const FloatModel& model, const Schedule& schedule, const TrainingData& data,
                     const FloatRunOptions& options, const TrainingControl& control) {
  const TrainingRecipe& recipe = schedule.training;
  const auto count = static_cast<uint32_t>(data.train.count());
  const Pace pace = pace_of(recipe, count, options.batch);
  FloatTrainer trainer(model, schedule, *data.train.cache,
                       options.initial ? *options.initial : initial_float_parameters(model, recipe.seed),
                       options.quantization_aware_scaling);
  const bool tested = data.test.cache != nullptr;
  const FloatBatch test = tested ? whole(data.test) : FloatBatch{};
  FloatRun result;
  TrainingResult& run = result.run;
  std::vector<double> losses;
  LossWindow window;
  uint32_t next_question = 0;
  for (int32_t epoch = 0; epoch < recipe.epochs && run.outcome == Outcome::ok; ++epoch) {
    const EpochOrder order = options.order ? options.order(epoch) : recipe_order(recipe, epoch, count);
    FloatScore sum;
    for (int64_t b = 0; b < pace.steps_per_epoch && run.outcome == Outcome::ok; ++b) {
      stop_if_cancelled(control, run.steps, next_question);
      const FloatBatch batch =
          batch_of(data.train, order, static_cast<size_t>(b), static_cast<size_t>(options.batch));
      const FloatScore score = trainer.step(batch, pace.rate_of(epoch * pace.steps_per_epoch + b));
      losses.push_back(score.loss_sum);
      sum += score;
      run.steps += static_cast<uint32_t>(options.batch);
      if (window.diverged(score, model.network.classifier.classes)) run.outcome = Outcome::diverged;
    }
    EpochReport report{epoch + 1, sum.loss(), sum.accuracy(), {}, {}};
    const bool last = epoch + 1 == recipe.epochs || run.outcome == Outcome::diverged;
    if (tested && (last || control.test_every_epoch))
      report.test_accuracy = run.accuracy = trainer.evaluate(test, &run.predictions).accuracy();
    run.epochs.push_back(report);
    if (control.on_epoch) control.on_epoch(report);
  }
  result.parameters = trainer.parameters();
  run.state = state_of(result.parameters);
  std::vector<std::byte> signed_bytes = run.state;
  append(signed_bytes, losses);
  run.signature = sha256_hex(signed_bytes);
  return result;
}

FloatRun train_float(const FloatModel& model, const Schedule& schedule, const TrainingData& data,
                     int32_t batch, const TrainingControl& control) {
  FloatRunOptions options;
  options.batch = batch;
  return train_float(model, schedule, data, options, control);
}

}  // namespace thaw
