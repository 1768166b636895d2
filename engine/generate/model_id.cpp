// See model_id.h.
#include "engine/generate/model_id.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>

#include "engine/kernels/random.h"
#include "sim/base/sha256.h"

namespace thaw {

uint32_t model_id(const Plan& plan) {
  std::string text = plan.model_sha256;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == BufferKind::state) text += fmt::format("\n{} {}", buffer.name, buffer.bytes);
  for (const GradientTensor& tensor : plan.gradient_tensors)
    text += fmt::format("\n{} {} bits", tensor.name, tensor.bits);
  for (const Step& step : plan.steps) {
    if (const auto* weights = std::get_if<UpdateWeights>(&step.kernel))
      text += fmt::format("\nweights {} of {} fraction bits, channels {}",
                          thaw_weight_stream(weights->convolution), weights->fraction_bits,
                          fmt::join(weights->channels, " "));
    if (const auto* biases = std::get_if<UpdateBiases>(&step.kernel))
      text += fmt::format("\nbiases {}", thaw_bias_stream(biases->convolution));
    if (const auto* classifier = std::get_if<UpdateClassifier>(&step.kernel))
      text += fmt::format("\nclassifier{}{}", classifier->update_weights ? " weights" : "",
                          classifier->update_biases ? " biases" : "");
  }
  return static_cast<uint32_t>(
      std::stoul(sha256_hex(std::as_bytes(std::span(text))).substr(0, 8), nullptr, 16));
}

}  // namespace thaw
