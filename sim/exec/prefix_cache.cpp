#include "sim/exec/prefix_cache.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "sim/base/parallel.h"
#include "sim/data/random.h"
#include "sim/plan/lower.h"
#include "sim/plan/state_copies.h"

namespace thaw {
namespace {

/// Activations made before the layer (or the input) and read by it, by a later one or by the classifier.
std::vector<TensorId> tensors_across(const Network& network, size_t layer) {
  std::vector<bool> made(network.graph.tensors.size(), false);
  made[network.input.index()] = true;
  for (size_t i = 0; i < layer; ++i) made[network.layers[i].output.index()] = true;
  const std::vector<StateVariable> variables = state_variables(network);
  const std::vector<VariablePlace> places = variable_places(variables, users_of(network));
  for (size_t v = 0; v < variables.size(); ++v)
    if (places[v].read < layer) made[variables[v].content.index()] = true;
  std::vector<TensorId> result;
  const auto read = [&](TensorId tensor) {
    if (made[tensor.index()]) result.push_back(tensor);
  };
  for (size_t i = layer; i < network.layers.size(); ++i)
    for (TensorId input : network.layers[i].inputs) read(input);
  read(network.classifier.feature_tensor);
  if (network.task == Task::reconstruct) read(network.input);  // the target
  for (size_t v = 0; v < variables.size(); ++v)
    if (places[v].assign != SIZE_MAX && places[v].assign >= layer) read(variables[v].next);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool reads_variables_behind(const Network& network, size_t layer) {
  for (const VariablePlace& place : variable_places(state_variables(network), users_of(network)))
    if (place.read != SIZE_MAX && place.read >= layer) return true;
  return false;
}

OpId op_of_layer(const Network& network, size_t layer) {
  return layer < network.layers.size() ? network.layers[layer].op : network.classifier.op;
}

size_t first_step_of(const Plan& plan, OpId op) {
  const auto step = std::ranges::find(plan.steps, op, &Step::op);
  assert(step != plan.steps.end());
  return static_cast<size_t>(step - plan.steps.begin());
}

/// A cache that holds nothing yet.
PrefixCache cut_before(const Network& network, size_t layer, int64_t count, int32_t steps) {
  PrefixCache cache;
  cache.first_op = op_of_layer(network, layer);
  cache.steps = reads_variables_behind(network, layer) ? steps : 1;
  cache.layer = layer;
  cache.count = count;
  cache.tensors = tensors_across(network, layer);
  for (TensorId tensor : cache.tensors) {
    cache.bytes.push_back(network.graph.tensor(tensor).bytes());
    cache.step_bytes += cache.bytes.back();
  }
  cache.sample_bytes = cache.steps * cache.step_bytes;
  return cache;
}

}  // namespace

PrefixCache empty_prefix_cache(const Network& network, size_t layer, int64_t count, bool mirrored,
                               int32_t steps) {
  PrefixCache cache = cut_before(network, layer, count, steps);
  cache.plain.resize(static_cast<size_t>(count * cache.sample_bytes));
  if (mirrored) cache.mirrored.resize(cache.plain.size());
  return cache;
}

PrefixCache uncopied_cut(const Network& network, const Samples& samples) {
  PrefixCache cut = cut_before(network, 0, samples.count, 1);
  assert(cut.step_bytes == samples.step_bytes());
  cut.steps = samples.steps;
  cut.sample_bytes = samples.sample_bytes();
  cut.images = &samples;
  return cut;
}

namespace {

void store_step(Executor& executor, PrefixCache& cache, int64_t id, bool flip, int32_t step) {
  int8_t* to =
      (flip ? cache.mirrored : cache.plain).data() + id * cache.sample_bytes + step * cache.step_bytes;
  for (size_t i = 0; i < cache.tensors.size(); ++i) {
    const BufferId buffer = executor.plan().buffer_of_tensor[cache.tensors[i].index()];
    std::memcpy(to, executor.bytes(buffer).data(), static_cast<size_t>(cache.bytes[i]));
    to += cache.bytes[i];
  }
}

void load_step(Executor& executor, const PrefixCache& cache, int64_t id, bool flip, int32_t step) {
  const int64_t at = id * cache.sample_bytes + step * cache.step_bytes;
  if (const Samples* samples = cache.images; samples != nullptr) {
    const std::span<int8_t> input = executor.values<int8_t>(executor.plan().inputs[0]);
    std::memcpy(input.data(), samples->images.data() + at, input.size());
    if (flip) flip_left_right(input, samples->height, samples->width, samples->channels);
    return;
  }
  const int8_t* from = (flip ? cache.mirrored : cache.plain).data() + at;
  for (size_t i = 0; i < cache.tensors.size(); ++i) {
    const BufferId buffer = executor.plan().buffer_of_tensor[cache.tensors[i].index()];
    std::memcpy(executor.bytes(buffer).data(), from, static_cast<size_t>(cache.bytes[i]));
    from += cache.bytes[i];
  }
}

}  // namespace

size_t first_updated_layer(const Network& network, const Schedule& schedule) {
  for (size_t i = 0; i < network.layers.size(); ++i)
    if (const auto* c = std::get_if<Convolution>(&network.layers[i].kind))
      if (const LayerUpdate* update = schedule.find(c->index);
          update != nullptr && (update->bias || update->weights != UpdatedWeights::none))
        return i;
  return network.layers.size();
}

size_t first_step_of_layer(const Plan& plan, const Network& network, size_t layer) {
  return first_step_of(plan, op_of_layer(network, layer));
}

void load_sample(Executor& executor, const PrefixCache& cache, int64_t id, bool flip) {
  executor.reset_variables();
  for (int32_t step = 0; step + 1 < cache.steps; ++step) {
    load_step(executor, cache, id, flip, step);
    executor.infer(first_step_of(executor.plan(), cache.first_op));
  }
  load_step(executor, cache, id, flip, cache.steps - 1);
}

PrefixCache cache_prefix(const Network& network, size_t layer, const Samples& samples, bool mirrored,
                         int32_t threads) {
  return advance_prefix(network, layer, uncopied_cut(network, samples), mirrored, threads);
}

PrefixCache advance_prefix(const Network& network, size_t layer, const PrefixCache& from, bool mirrored,
                           int32_t threads) {
  assert(layer >= from.layer);
  PrefixCache cache = empty_prefix_cache(network, layer, from.count, mirrored, from.steps);
  const Plan plan = lower(network, Schedule{});
  const size_t first = first_step_of_layer(plan, network, from.layer);
  const size_t last = first_step_of_layer(plan, network, layer);
  const int64_t variants = mirrored ? 2 : 1;
  const auto executor_of_thread = [&](int32_t) {
    return std::make_unique<Executor>(plan, std::span<const std::optional<int64_t>>(), KernelSet::host, 0);
  };
  for_each_parallel(cache.count * variants, threads, executor_of_thread,
                    [&](const std::unique_ptr<Executor>& executor, int64_t i) {
                      const int64_t id = i / variants;
                      const bool flip = i % variants == 1;
                      const int32_t unkept = from.steps - cache.steps;
                      executor->reset_variables();
                      for (int32_t step = 0; step < from.steps; ++step) {
                        load_step(*executor, from, id, flip, step);
                        executor->infer(first, nullptr, last);
                        if (step >= unkept) store_step(*executor, cache, id, flip, step - unkept);
                      }
                    });
  return cache;
}

}  // namespace thaw
