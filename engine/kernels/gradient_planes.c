// See gradient_planes.h.
#include "engine/kernels/gradient_planes.h"

#include <stddef.h>

#include "engine/kernels/depthwise_input_gradient.h"

// Copies one channel of the gradient.
static void copy_plane(thaw_gradient_values gradient, int32_t positions, int32_t channels, int32_t channel,
                       void* plane) {
  for (int32_t p = 0; p < positions; ++p) {
    const int32_t value = thaw_gradient_at(gradient, p * channels + channel);
    if (gradient.is_16)
      ((int16_t*)plane)[p] = (int16_t)value;
    else
      ((int8_t*)plane)[p] = (int8_t)value;
  }
}

// Copies the taps of one channel, frozen or trained.
static void copy_taps(const thaw_gradient_source* source, int32_t channel, int8_t* taps) {
  const thaw_conv2d* conv = &source->depthwise->conv;
  const int32_t count = thaw_conv2d_taps(conv);
  for (int32_t tap = 0; tap < count; ++tap)
    taps[tap] = source->weights ? source->weights[tap * conv->output_channels + channel] : 0;
  for (int32_t j = 0; source->trained && j < source->trained->count; ++j)
    for (int32_t tap = 0; source->trained->channels[j] == channel && tap < count; ++tap)
      taps[tap] = source->trained->weights[j * count + tap];
}

uint32_t thaw_gradient_by_planes(const thaw_gradient_target* target, const thaw_gradient_source* source,
                                 const thaw_gradient_pass* pass, int32_t* scratch) {
  thaw_depthwise one = *source->depthwise;
  one.conv.input_channels = one.conv.output_channels = 1;
  const thaw_gradient_values plane = {scratch, source->gradient.is_16};
  int8_t* taps = (int8_t*)scratch + target->positions * (plane.is_16 ? 2 : 1);
  uint32_t magnitudes = 0;
  for (int32_t c = 0; c < target->channels; ++c) {
    copy_plane(source->gradient, target->positions, target->channels, c, scratch);
    copy_taps(source, c, taps);
    for (int32_t p = 0; p < target->positions; ++p) {
      const thaw_input_channels at = {p / one.conv.input_width, p % one.conv.input_width, 0, 1};
      int32_t sum;
      thaw_depthwise_input_gradient_row(&one, plane, taps, NULL, &at, &sum);
      magnitudes |= thaw_gradient_element(pass, sum, p * target->channels + c, c, target->values);
    }
  }
  return magnitudes;
}
