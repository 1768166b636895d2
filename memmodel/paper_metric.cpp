// The rules of tests/golden/schedules/schedules.json, "about.rules", a layer at a time.
#include "memmodel/paper_metric.h"

namespace thaw {
namespace {

constexpr int64_t kBiasBits = 32, kWeightBits = 8, kActivationBits = 8, kMaskBits = 1;

int64_t updated_channels(const LayerUpdate& update, const Convolution& convolution) {
  switch (update.weights) {
    case UpdatedWeights::none:
      return 0;
    case UpdatedWeights::all:
      return convolution.selectable_channels();
    case UpdatedWeights::channels:
      return static_cast<int64_t>(update.channels.size());
  }
  return 0;
}

PaperLayer layer_of(const LayerUpdate* update, const Layer& layer) {
  const Convolution& convolution = std::get<Convolution>(layer.kind);
  PaperLayer result{convolution.index, layer.name};
  if (update == nullptr) return result;  // between updated ones: the paper counts nothing for it
  const int64_t channels = updated_channels(*update, convolution);
  if (!update->bias && channels == 0) return result;
  const Window& window = convolution.window;
  result.weight_bits = (update->bias ? kBiasBits * window.output_channels : 0) +
                       kWeightBits * channels * convolution.weights_per_channel();
  result.activation_bits =
      kMaskBits * window.output_elements() + kActivationBits * channels * window.input_positions();
  return result;
}

}  // namespace

double PaperMetric::total_kib() const {
  constexpr int64_t kBitsOfKib = 8 * 1024;
  const int64_t tenfold = total_bits() * 10;
  int64_t tenths = tenfold / kBitsOfKib;
  const int64_t rest = tenfold % kBitsOfKib * 2;
  if (rest > kBitsOfKib || (rest == kBitsOfKib && tenths % 2 == 1)) ++tenths;
  return static_cast<double>(tenths) / 10;
}

PaperMetric paper_metric(const Network& network, const Schedule& schedule) {
  PaperMetric metric;
  const int32_t count = network.convolution_count();
  for (int32_t index = 0; index < count; ++index) {
    PaperLayer layer = layer_of(schedule.find(index), network.convolution_layer(index));
    if (!metric.layers.empty() || layer.bits() > 0) metric.layers.push_back(std::move(layer));
  }
  if (const LayerUpdate* classifier = schedule.find(count)) {
    const bool saves_input = classifier->weights != UpdatedWeights::none;
    metric.layers.push_back({count, network.classifier.name, 0, 0,
                             saves_input ? kActivationBits * network.classifier.features : 0});
  }
  for (const PaperLayer& layer : metric.layers) {
    metric.weight_bits += layer.weight_bits;
    metric.momentum_bits += layer.momentum_bits;
    metric.activation_bits += layer.activation_bits;
  }
  return metric;
}

}  // namespace thaw
