// See update.h. Eight trained channels at a time: their inputs at all positions (for larger kernels those
// under one tap) are copied to rows of bytes, then the gradient of one output channel after the other, and
// both multiplied sixteen products an instruction. What the zero point adds to a sum is the sum of the
// gradients.
#include "engine/kernels/hot.h"

#include <stdbool.h>
#include <stddef.h>

#include "engine/kernels/helium/helium.h"
#include "engine/kernels/update.h"
#include "engine/kernels/weight_gradient.h"
#include "engine/kernels/weight_steps.h"

enum { CHANNELS = 2 * THAW_STEP_WEIGHTS };

static bool is_pointwise(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_height == conv->input_height &&
         conv->output_width == conv->input_width;
}

static int32_t positions_of(const thaw_layer_update* layer) {
  return layer->conv->output_height * layer->conv->output_width;
}

// Where the saved input has the trained channel of a rank.
static int32_t column_of(const thaw_layer_update* layer, int32_t rank) {
  return layer->input.gathered ? rank : layer->trained->channels[rank];
}

// Copies the input of one channel under tap (ky, kx) of every output; it is the zero point outside.
static void read_input(const thaw_layer_update* layer, int32_t rank, int32_t ky, int32_t kx, int8_t* row) {
  const thaw_conv2d* conv = layer->conv;
  const int32_t channels = layer->input.channels;
  const int8_t* values = layer->input.values + column_of(layer, rank);
  if (is_pointwise(conv)) {
    thaw_row_spread(row, 1, values, channels, positions_of(layer));
    return;
  }
  thaw_row_fill(row, conv->input_zero_point, positions_of(layer));
  int32_t begin = 0;  // columns of outputs that read the image under the tap
  while (begin < conv->output_width && thaw_conv2d_input_x(conv, begin, kx) < 0) ++begin;
  int32_t end = begin;
  while (end < conv->output_width && thaw_conv2d_input_x(conv, end, kx) < conv->input_width) ++end;
  for (int32_t y = 0; y < conv->output_height && begin < end; ++y, row += conv->output_width) {
    const int32_t in_y = thaw_conv2d_input_y(conv, y, ky);
    if (in_y < 0 || in_y >= conv->input_height) continue;
    const int32_t first = in_y * conv->input_width + thaw_conv2d_input_x(conv, begin, kx);
    thaw_row_spread(row + begin, 1, values + first * channels, conv->stride_width * channels, end - begin);
  }
}

// Moves four weights of output channel o, whose inputs are at `inputs`.
static void update_four(const thaw_layer_update* layer, const int8_t* gradient, int32_t offset, int32_t o,
                        int32_t first, int32_t count, int32_t tap, const int8_t* inputs) {
  const int32_t positions = positions_of(layer);
  int32_t sums[THAW_LANES] = {offset, offset, offset, offset};
  thaw_row_dots(gradient, inputs, inputs + positions, inputs + 2 * positions, inputs + 3 * positions,
                positions, sums);
  const uint32_t totals[THAW_STEP_WEIGHTS] = {(uint32_t)sums[0], (uint32_t)sums[1], (uint32_t)sums[2],
                                              (uint32_t)sums[3]};
  if (thaw_conv2d_taps(layer->conv) == 1)
    thaw_step_weights(layer, o, first, count, totals);
  else
    thaw_step_tap(layer, o, first, count, tap, totals);
}

// The weights of a tap and of channels of rank first .. first + count - 1, whose inputs are at `inputs`,
// [8][positions]; the row of gradients lies behind them.
static void update_tap(const thaw_layer_update* layer, int32_t first, int32_t count, int32_t tap,
                       int8_t* inputs) {
  const thaw_conv2d* conv = layer->conv;
  const int32_t positions = positions_of(layer);
  int8_t* gradient = inputs + CHANNELS * positions;
  for (int32_t o = 0; o < conv->output_channels; ++o) {
    thaw_row_spread(gradient, 1, (const int8_t*)layer->update->gradient.values + o, conv->output_channels,
                    positions);
    const uint32_t sum = (uint32_t)thaw_row_sum(gradient, positions);
    const int32_t offset = (int32_t)(0 - (uint32_t)conv->input_zero_point * sum);
    for (int32_t done = 0; done < count; done += THAW_STEP_WEIGHTS) {
      const int32_t some = count - done < THAW_STEP_WEIGHTS ? count - done : THAW_STEP_WEIGHTS;
      update_four(layer, gradient, offset, o, first + done, some, tap, inputs + done * positions);
    }
  }
}

// All weights from a gradient of 16 bits, one by one.
static void update_wide(const thaw_layer_update* layer) {
  const thaw_conv2d* conv = layer->conv;
  int32_t index = 0;
  for (int32_t o = 0; o < conv->output_channels; ++o) {
    const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
    for (int32_t rank = 0; rank < layer->trained->count; ++rank) {
      for (int32_t tap = 0; tap < thaw_conv2d_taps(conv); ++tap, ++index) {
        const int32_t sum =
            thaw_weight_gradient(conv, layer->update->gradient, layer->input, o, column_of(layer, rank),
                                 tap / conv->kernel_width, tap % conv->kernel_width);
        thaw_weight_step(layer->trained, index, sum, multiplier, layer->shift, layer->key);
      }
    }
  }
}

void thaw_update_conv2d_weights(const thaw_conv2d* conv, const thaw_update* update, thaw_saved_input input,
                                const thaw_trained_weights* trained, int32_t* scratch) {
  const thaw_layer_update layer = thaw_layer_update_of(conv, update, input, trained);
  if (update->gradient.is_16) {
    update_wide(&layer);
    return;
  }
  int8_t* const inputs = (int8_t*)scratch;
  const int32_t positions = positions_of(&layer);
  for (int32_t first = 0; first < trained->count; first += CHANNELS) {
    const int32_t left = trained->count - first;
    const int32_t count = left < CHANNELS ? left : CHANNELS;
    for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
      for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
        for (int32_t k = 0; k < count; ++k) read_input(&layer, first + k, ky, kx, inputs + k * positions);
        update_tap(&layer, first, count, ky * conv->kernel_width + kx, inputs);
      }
    }
  }
}
