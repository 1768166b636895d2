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

namespace thaw {
namespace {

/// Activations made before the layer (or the input) and read by it, by a later one or by the classifier.
std::vector<TensorId> tensors_across(const Network& network, size_t layer) {
  std::vector<bool> made(network.graph.tensors.size(), false);
  made[network.input.index()] = true;
  for (size_t i = 0; i < layer; ++i) made[network.layers[i].output.index()] = true;
  std::vector<TensorId> result;
  const auto read = [&](TensorId tensor) {
    if (made[tensor.index()]) result.push_back(tensor);
  };
  for (size_t i = layer; i < network.layers.size(); ++i)
    for (TensorId input : network.layers[i].inputs) read(input);
  read(network.classifier.feature_tensor);
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

/// A cache that holds nothing yet.
PrefixCache cut_before(const Network& network, size_t layer, int64_t count) {
  PrefixCache cache;
  cache.layer = layer;
  cache.count = count;
  cache.tensors = tensors_across(network, layer);
  for (TensorId tensor : cache.tensors) {
    cache.bytes.push_back(network.graph.tensor(tensor).bytes());
    cache.sample_bytes += cache.bytes.back();
  }
  return cache;
}

}  // namespace

PrefixCache empty_prefix_cache(const Network& network, size_t layer, int64_t count, bool mirrored) {
  PrefixCache cache = cut_before(network, layer, count);
  cache.plain.resize(static_cast<size_t>(count * cache.sample_bytes));
  if (mirrored) cache.mirrored.resize(cache.plain.size());
  return cache;
}

PrefixCache uncopied_cut(const Network& network, const Samples& samples) {
  PrefixCache cut = cut_before(network, 0, samples.count);
  assert(cut.sample_bytes == samples.sample_bytes());
  cut.images = &samples;
  return cut;
}

namespace {

void store_sample(Executor& executor, PrefixCache& cache, int64_t id, bool flip) {
  int8_t* to = (flip ? cache.mirrored : cache.plain).data() + id * cache.sample_bytes;
  for (size_t i = 0; i < cache.tensors.size(); ++i) {
    const BufferId buffer = executor.plan().buffer_of_tensor[cache.tensors[i].index()];
    std::memcpy(to, executor.bytes(buffer).data(), static_cast<size_t>(cache.bytes[i]));
    to += cache.bytes[i];
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
  const OpId op = layer < network.layers.size() ? network.layers[layer].op : network.classifier.op;
  const auto step =
      std::find_if(plan.steps.begin(), plan.steps.end(), [&](const Step& s) { return s.op == op; });
  assert(step != plan.steps.end());
  return static_cast<size_t>(step - plan.steps.begin());
}

void load_sample(Executor& executor, const PrefixCache& cache, int64_t id, bool flip) {
  if (const Samples* samples = cache.images; samples != nullptr) {
    const std::span<int8_t> input = executor.values<int8_t>(executor.plan().inputs[0]);
    std::memcpy(input.data(), samples->images.data() + id * cache.sample_bytes, input.size());
    if (flip) flip_left_right(input, samples->height, samples->width, samples->channels);
    return;
  }
  const int8_t* from = cache.sample(id, flip).data();
  for (size_t i = 0; i < cache.tensors.size(); ++i) {
    const BufferId buffer = executor.plan().buffer_of_tensor[cache.tensors[i].index()];
    std::memcpy(executor.bytes(buffer).data(), from, static_cast<size_t>(cache.bytes[i]));
    from += cache.bytes[i];
  }
}

PrefixCache cache_prefix(const Network& network, size_t layer, const Samples& samples, bool mirrored,
                         int32_t threads) {
  return advance_prefix(network, layer, uncopied_cut(network, samples), mirrored, threads);
}

PrefixCache advance_prefix(const Network& network, size_t layer, const PrefixCache& from, bool mirrored,
                           int32_t threads) {
  assert(layer >= from.layer);
  PrefixCache cache = empty_prefix_cache(network, layer, from.count, mirrored);
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
                      load_sample(*executor, from, id, flip);
                      executor->infer(first, nullptr, last);
                      store_sample(*executor, cache, id, flip);
                    });
  return cache;
}

}  // namespace thaw
