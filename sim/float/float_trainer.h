// Training in the float arithmetic: float master weights and biases, any batch size, plain stochastic
// gradient descent with quantisation-aware scaling. Rules: docs/float-arithmetic.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/exec/prefix_cache.h"
#include "sim/float/float_backward.h"
#include "sim/float/float_forward.h"
#include "sim/float/float_model.h"
#include "sim/plan/schedule.h"

namespace thaw {

/// Loss (nats) summed over samples, and how many were classified right (largest logit, ties to the lower
/// class).
struct FloatScore {
  double loss_sum = 0.0;
  int64_t correct = 0;
  int64_t samples = 0;

  FloatScore& operator+=(const FloatScore& other) {
    loss_sum += other.loss_sum;
    correct += other.correct;
    samples += other.samples;
    return *this;
  }
  double loss() const { return loss_sum / static_cast<double>(samples); }
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(samples); }
};

/// Some cached samples and their labels: what one step or one evaluation reads.
struct FloatBatch {
  std::vector<const int8_t*> samples;  // each as PrefixCache::sample()
  std::vector<int32_t> labels;         // 0 .. classes - 1
};

/// Owns the trained values. A batch is computed in blocks of kFloatBlockSamples samples, in parallel on the
/// threads of OpenMP; their gradients are added in order, so the bits do not depend on the threads.
class FloatTrainer {
 public:
  /// `layout` is any cache at the cut that all batches use, at or before the first trained layer. `qas`
  /// scales gradients by 1 / scale^2 (quantisation-aware scaling). The model must outlive the trainer. Throws
  /// Error where a trained layer cannot be reached by gradients.
  FloatTrainer(const FloatModel& model, const Schedule& schedule, const PrefixCache& layout,
               FloatParameters initial, bool qas);

  /// Mean-loss gradients of a batch, before quantisation-aware scaling; nothing is updated.
  FloatScore compute_gradients(const FloatBatch& batch);
  const FloatGradients& gradients() const { return gradients_; }

  /// One step: gradients, scaling, P -= rate * g. Returns the score before the update.
  FloatScore step(const FloatBatch& batch, float rate);

  /// Scales gradients() in place; step() does this when asked for in the constructor.
  void scale_gradients();

  /// P -= rate * gradients().
  void update(float rate);

  /// Forward passes only; `predictions`, when given, gets one class a sample.
  FloatScore evaluate(const FloatBatch& batch, std::vector<int32_t>* predictions = nullptr);

  const FloatParameters& parameters() const { return parameters_; }
  void set_parameters(FloatParameters parameters);
  const FloatTargets& targets() const { return targets_; }

 private:
  const FloatModel& model_;
  FloatTargets targets_;
  PrefixCache layout_;  // without samples
  FloatParameters parameters_;
  bool qas_;
  std::vector<FloatKernelWeights> weights_;  // of parameters_
  FloatGradients gradients_;
  std::vector<FloatGradients> block_gradients_;  // of one batch
  std::vector<FloatBlock> workspaces_;           // by thread
};

/// Samples that one thread computes together.
constexpr int64_t kFloatBlockSamples = 8;

/// Cross-entropy of softmax(logits) for each sample and, where `gradients` is not empty, dLoss / d logit of
/// the mean over `batch_samples`; binary64 inside. Logits and gradients [sample][class].
FloatScore softmax_cross_entropy(std::span<const float> logits, std::span<const int32_t> labels,
                                 int64_t batch_samples, std::span<float> gradients,
                                 std::span<int32_t> predictions);

/// The learning rate of step `step`: linear from 0 over `warmup_steps`, then half a cosine over
/// `decay_steps`.
double float_learning_rate(double base, int64_t step, int64_t warmup_steps, int64_t decay_steps);

}  // namespace thaw
