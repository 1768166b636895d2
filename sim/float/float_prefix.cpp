#include "sim/float/float_prefix.h"

#include <algorithm>
#include <cassert>

#include "sim/base/parallel.h"
#include "sim/data/random.h"
#include "sim/float/float_forward.h"

namespace thaw {
namespace {

void store_sample(const FloatModel& model, const FloatBlock& block, PrefixCache& cache, int64_t id,
                  bool flip) {
  int8_t* to = (flip ? cache.mirrored : cache.plain).data() + id * cache.sample_bytes;
  for (TensorId tensor : cache.tensors) {
    const float zero_point = model.tensors[tensor.index()].zero_point;
    const std::vector<float>& values = block.values[tensor.index()];
    to = std::transform(values.begin(), values.end(), to,
                        [&](float v) { return static_cast<int8_t>(v + zero_point); });
  }
}

}  // namespace

PrefixCache cache_float_prefix(const FloatModel& model, size_t layer, const Samples& samples, bool mirrored,
                               int32_t threads) {
  assert(samples.sample_bytes() == model.tensors[model.network.input.index()].elements);
  const PrefixCache input = empty_prefix_cache(model.network, 0, 0, false);
  PrefixCache cache = empty_prefix_cache(model.network, layer, samples.count, mirrored);
  const FloatParameters parameters = initial_float_parameters(model, 0);
  const std::vector<FloatKernelWeights> weights = prepare_kernel_weights(model, parameters);
  const auto sample_bytes = static_cast<size_t>(samples.sample_bytes());
  const int64_t variants = mirrored ? 2 : 1;
  struct Workspace {
    FloatBlock block;
    std::vector<int8_t> image;
  };
  const auto start = [&](int32_t) {
    Workspace workspace = {float_block(model), std::vector<int8_t>(sample_bytes)};
    workspace.block.keep_masks = false;
    return workspace;
  };
  for_each_parallel(samples.count * variants, threads, start, [&](Workspace& workspace, int64_t i) {
    auto& [block, image] = workspace;
    const int64_t id = i / variants;
    const bool flip = i % variants == 1;
    std::copy_n(samples.images.data() + static_cast<size_t>(id) * sample_bytes, sample_bytes, image.data());
    if (flip) flip_left_right(image, samples.height, samples.width, samples.channels);
    const int8_t* const entry[] = {image.data()};
    load_block(model, input, entry, block);
    forward_layers(model, weights, parameters.biases, 0, layer, block);
    store_sample(model, block, cache, id, flip);
  });
  return cache;
}

}  // namespace thaw
