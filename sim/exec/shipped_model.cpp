#include "sim/exec/shipped_model.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "sim/base/paired_test.h"
#include "sim/base/parallel.h"
#include "sim/exec/executor.h"
#include "sim/plan/lower.h"

namespace thaw {
namespace {

template <class T>
int32_t largest(std::span<const T> values) {
  return static_cast<int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

int32_t prediction(const Graph& graph, Executor& executor) {
  const BufferId output = executor.plan().outputs[0];
  if (graph.tensor(graph.outputs[0]).type == DataType::float32)
    return largest<float>(executor.values<float>(output));
  return largest<int8_t>(executor.values<int8_t>(output));
}

}  // namespace

void feed_shipped_model(const Graph& graph, Executor& executor, TensorId input,
                        std::span<const int8_t> sample) {
  const BufferId fed = executor.plan().inputs[0];
  if (input == graph.inputs[0]) {
    std::memcpy(executor.bytes(fed).data(), sample.data(), sample.size());
    return;
  }
  const Quantization& q = graph.tensor(input).quantization;
  const std::span<float> values = executor.values<float>(fed);
  for (size_t i = 0; i < sample.size(); ++i)
    values[i] = static_cast<float>(sample[i] - q.zero_point()) * q.scale();
}

std::vector<int32_t> predict_as_shipped(const Graph& graph, TensorId input, const Samples& samples,
                                        int32_t threads, const std::function<void()>& done,
                                        const std::function<bool()>& stopped) {
  const Plan plan = lower_inference(graph);
  std::vector<int32_t> predictions(static_cast<size_t>(samples.count));
  std::mutex lock;
  const auto bytes = static_cast<size_t>(samples.sample_bytes());
  const auto executor_of_thread = [&](int32_t) {
    return std::make_unique<Executor>(plan, std::span<const std::optional<int64_t>>(), KernelSet::host, 0);
  };
  for_each_parallel(samples.count, threads, executor_of_thread,
                    [&](const std::unique_ptr<Executor>& executor, int64_t id) {
                      if (stopped && stopped()) return;
                      const auto place = static_cast<size_t>(id);
                      executor->reset_variables();
                      for (int32_t step = 0; step < samples.steps; ++step) {
                        const size_t at = place * bytes + static_cast<size_t>(step * samples.step_bytes());
                        feed_shipped_model(
                            graph, *executor, input,
                            std::span(samples.images).subspan(at, static_cast<size_t>(samples.step_bytes())));
                        executor->infer();
                      }
                      predictions[place] = prediction(graph, *executor);
                      if (!done) return;
                      const std::lock_guard guard(lock);
                      done();
                    });
  return predictions;
}

bool knows_classes(const std::vector<int32_t>& predictions, const std::vector<int32_t>& labels,
                   int32_t classes) {
  const auto count = static_cast<size_t>(classes);
  std::vector<std::vector<int64_t>> given(count, std::vector<int64_t>(count, 0));
  std::vector<int64_t> samples(count, 0);
  for (size_t i = 0; i < labels.size(); ++i) {
    ++given[static_cast<size_t>(labels[i])][static_cast<size_t>(predictions[i])];
    ++samples[static_cast<size_t>(labels[i])];
  }
  size_t own = 0;  // classes that are most often given their own label
  for (size_t c = 0; c < count; ++c)
    own += samples[c] > 0 && std::max_element(given[c].begin(), given[c].end()) - given[c].begin() ==
                                 static_cast<std::ptrdiff_t>(c)
               ? 1
               : 0;
  const auto frequent = std::max_element(samples.begin(), samples.end()) - samples.begin();
  std::vector<bool> right, guessed;
  for (size_t i = 0; i < labels.size(); ++i) {
    right.push_back(predictions[i] == labels[i]);
    guessed.push_back(labels[i] == frequent);
  }
  return 2 * own > count && paired_difference({right}, {guessed}).low() > 0.0;
}

}  // namespace thaw
