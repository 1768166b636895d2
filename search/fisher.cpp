#include "search/fisher.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "search/schedules.h"
#include "sim/base/error.h"
#include "sim/float/float_prefix.h"
#include "sim/float/float_trainer.h"

namespace thaw {
namespace {

constexpr int64_t kClassifierSamples = 512, kGradientSamples = 256;
constexpr int32_t kClassifierEpochs = 20;
constexpr int64_t kBatch = 16;
constexpr float kClassifierRate = 0.1F;

/// The first samples of a list whose order has no pattern, or all.
Samples first_samples(const SearchProblem& problem, int64_t count) {
  const Samples& all = *problem.train;
  Samples result = {0, all.height, all.width, all.channels, {}, {}};
  for (const uint32_t id : problem.folds.front().train) {
    if (result.count == count) break;
    const auto first = all.images.begin() + static_cast<std::ptrdiff_t>(id * all.sample_bytes());
    result.images.insert(result.images.end(), first, first + all.sample_bytes());
    result.labels.push_back(all.labels[id]);
    ++result.count;
  }
  return result;
}

FloatBatch batch_of(const PrefixCache& cache, const Samples& samples, int64_t first, int64_t count) {
  FloatBatch batch;
  for (int64_t i = first; i < std::min(first + count, samples.count); ++i) {
    batch.samples.push_back(cache.sample(i, false).data());
    batch.labels.push_back(samples.labels[static_cast<size_t>(i)]);
  }
  return batch;
}

/// The file's parameters with a classifier that knows the classes a little.
FloatParameters with_classifier(const FloatModel& model, const SearchProblem& problem,
                                const TrainingRecipe& recipe) {
  const Samples samples = first_samples(problem, kClassifierSamples);
  const Schedule schedule = last_layer_schedule(model.network, recipe);
  const size_t cut = model.network.layers.size();
  const PrefixCache cache = cache_float_prefix(model, cut, samples, false, problem.jobs);
  FloatTrainer trainer(model, schedule, cache, initial_float_parameters(model, recipe.seed), true);
  for (int32_t epoch = 0; epoch < kClassifierEpochs; ++epoch)
    for (int64_t first = 0; first < samples.count; first += kBatch)
      trainer.step(batch_of(cache, samples, first, kBatch), kClassifierRate);
  return trainer.parameters();
}

/// Mean squared gradients by convolution, each divided by its tensor's scale squared.
struct Information {
  std::vector<double> weights, biases;
};

Information information_of(const FloatModel& model, FloatTrainer& trainer, const PrefixCache& cache,
                           const Samples& samples) {
  const size_t count = model.convolutions.size();
  Information result = {std::vector<double>(count, 0.0), std::vector<double>(count, 0.0)};
  for (int64_t i = 0; i < samples.count; ++i) {
    trainer.compute_gradients(batch_of(cache, samples, i, 1));
    const FloatGradients plain = trainer.gradients();
    trainer.scale_gradients();  // by 1 / scale^2: its product with the plain one is g^2 / scale^2
    const FloatGradients& scaled = trainer.gradients();
    for (size_t op = 0; op < count; ++op) {
      const auto product = [&](const std::vector<float>& a, const std::vector<float>& b) {
        double sum = 0.0;
        for (size_t k = 0; k < a.size(); ++k) sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
        return sum / static_cast<double>(samples.count);
      };
      result.weights[op] += product(plain.weights[op], scaled.weights[op]);
      result.biases[op] += product(plain.biases[op], scaled.biases[op]);
    }
  }
  return result;
}

}  // namespace

Contributions fisher_contributions(const SearchProblem& problem, const TrainingRecipe& recipe,
                                   const SearchSpace& space) {
  if (compares_output(problem.network->task))
    throw Error("--strategy fisher", fmt::format("cannot {}", task_name(problem.network->task)),
                "Its gradients are those of classifiers: choose another strategy");
  const NetworkOptions options = {problem.network->classifier.classes, problem.network->classifier.fresh,
                                  false};
  const FloatModel model = float_model(reduce(problem.network->graph, options));
  const int32_t count = model.network.convolution_count();
  const Schedule everything = last_layers_schedule(model.network, recipe, space.first_op);
  const Samples samples = first_samples(problem, kGradientSamples);
  const PrefixCache cache = cache_float_prefix(model, 0, samples, false, problem.jobs);
  FloatTrainer trainer(model, everything, cache, with_classifier(model, problem, recipe), true);
  const Information information = information_of(model, trainer, cache, samples);

  Contributions result;
  result.learning_rate = recipe.learning_rate;
  result.base = count;
  double biases = 0.0;
  for (int32_t op = count - 1; op >= space.first_op; --op) {
    biases += information.biases[static_cast<size_t>(op)];
    result.biases.insert(result.biases.begin(), {op, {biases, 0.0}});
  }
  for (const int32_t op : space.weights)
    for (const int32_t eighths : space.eighths)
      result.weights.push_back(
          {{op, eighths}, {information.weights[static_cast<size_t>(op)] * eighths / 8.0, 0.0}});
  return result;
}

}  // namespace thaw
