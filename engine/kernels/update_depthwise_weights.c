// See update.h.
#include "engine/kernels/random.h"
#include "engine/kernels/trained_weight.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"
#include "engine/kernels/weight_gradient.h"

void thaw_update_depthwise_weights(const thaw_depthwise* depthwise, const thaw_update* update,
                                   thaw_saved_input input, const thaw_trained_weights* trained) {
  const thaw_conv2d* conv = &depthwise->conv;
  const uint32_t stream = thaw_weight_stream(update->convolution);
  const uint32_t key = thaw_key(update->step.seed, stream, update->step.step);
  const int32_t shift = thaw_update_shift(&update->scale, update->gradient_exponent, &update->step);
  int32_t index = 0;
  for (int32_t j = 0; j < trained->count; ++j) {
    const int32_t c = trained->channels[j];
    const int32_t column = input.gathered ? j : c / depthwise->depth_multiplier;
    const int32_t multiplier = thaw_update_multiplier(&update->scale, c, &update->step);
    for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
      for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++index) {
        const int32_t sum = thaw_weight_gradient(conv, update->gradient, input, c, column, ky, kx);
        thaw_weight_step(trained, index, sum, multiplier, shift, key);
      }
    }
  }
}
