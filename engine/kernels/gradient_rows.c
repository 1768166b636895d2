// See gradient_rows.h.
#include "engine/kernels/gradient_rows.h"

#include <stddef.h>

#include "engine/kernels/conv2d_input_gradient.h"
#include "engine/kernels/depthwise_input_gradient.h"
#include "engine/kernels/gradient_pass.h"

// The exponent of a source's int32 values: a stored gradient is shifted up by 16 bits.
static int32_t source_exponent(const thaw_gradient_source* source) {
  if (source->kind == THAW_SOURCE_ROWS) return source->exponent - source->left_shift;
  return source->kind == THAW_SOURCE_STORED ? source->exponent - 16 : source->exponent;
}

thaw_gradient_pass thaw_gradient_pass_of(const thaw_gradient_target* target,
                                         const thaw_gradient_source* sources, int32_t source_count,
                                         int32_t offset, thaw_gradient_state state) {
  thaw_gradient_pass pass;
  pass.source_count = source_count;
  pass.channels = target->channels;
  pass.bits = target->bits;
  pass.mask = target->mask;
  int32_t exponents[THAW_GRADIENT_SOURCES];
  for (int32_t j = 0; j < source_count; ++j) {
    pass.scales[j] = sources[j].scale;
    exponents[j] = source_exponent(&sources[j]);
  }
  thaw_gradient_begin(&pass, state, offset, exponents);
  return pass;
}

// Values position * channels + c of the input gradient of a layer, c < channels. The layer may read the
// target in another shape (RESHAPE between them): elements keep their order.
static void input_gradient_row(const thaw_gradient_source* source, int32_t channels, int32_t position,
                               int32_t* row) {
  const thaw_conv2d* conv = source->kind == THAW_SOURCE_CONV2D ? source->conv : &source->depthwise->conv;
  for (int32_t c = 0; c < channels;) {
    int32_t at_position = position;
    thaw_input_channels at = {0, 0, 0, channels};
    if (conv->input_channels != channels) {
      const int32_t element = position * channels + c;
      at_position = element / conv->input_channels;
      at.first = element % conv->input_channels;
      at.count = conv->input_channels - at.first;
      if (at.count > channels - c) at.count = channels - c;
    }
    at.y = at_position / conv->input_width;
    at.x = at_position % conv->input_width;
    if (source->kind == THAW_SOURCE_CONV2D)
      thaw_conv2d_input_gradient_row(conv, source->gradient, source->weights, source->trained, &at, row + c);
    else
      thaw_depthwise_input_gradient_row(source->depthwise, source->gradient, source->weights, source->trained,
                                        &at, row + c);
    c += at.count;
  }
}

// The channels of a source at one position: a pointer to where they are, or `scratch` filled with them.
static const int32_t* source_row(const thaw_gradient_source* source, int32_t channels, int32_t position,
                                 int32_t* scratch) {
  switch (source->kind) {
    case THAW_SOURCE_FEATURES:
      return source->accumulators;
    case THAW_SOURCE_ELEMENTS:
      return source->accumulators + position * channels;
    case THAW_SOURCE_STORED:
      for (int32_t c = 0; c < channels; ++c)
        scratch[c] = thaw_gradient_at(source->gradient, position * channels + c) * (INT32_C(1) << 16);
      return scratch;
    case THAW_SOURCE_CONV2D:
    case THAW_SOURCE_DEPTHWISE:
      input_gradient_row(source, channels, position, scratch);
      return scratch;
    case THAW_SOURCE_ROWS:
      source->row(source, position * channels, channels, scratch);
      return scratch;
  }
  return scratch;
}

uint32_t thaw_gradient_by_rows(const thaw_gradient_target* target, const thaw_gradient_source* sources,
                               const thaw_gradient_pass* pass, int32_t* scratch) {
  uint32_t magnitudes = 0;
  for (int32_t p = 0; p < target->positions; ++p) {
    const int32_t* rows[THAW_GRADIENT_SOURCES] = {NULL, NULL};
    for (int32_t j = 0; j < pass->source_count; ++j)
      rows[j] = source_row(&sources[j], target->channels, p, scratch + j * target->channels);
    magnitudes |= target->bits == 7 ? thaw_gradient_row_s8(pass, rows, p, (int8_t*)target->values)
                                    : thaw_gradient_row_s16(pass, rows, p, (int16_t*)target->values);
  }
  return magnitudes;
}
