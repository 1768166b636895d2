// See update.h. Four trained channels at a time: their inputs at all positions are packed once (for larger
// kernels once a tap, those under it), then the gradients of four output channels at a time, and both
// multiplied.
#include "engine/kernels/hot.h"

#include <stddef.h>

#include "engine/kernels/column_group.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/random.h"
#include "engine/kernels/tile.h"
#include "engine/kernels/trained_weight.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"

// What the updates of one layer share.
typedef struct layer_update {
  const thaw_conv2d* conv;
  const thaw_update* update;
  thaw_saved_input input;
  const thaw_trained_weights* trained;
  int32_t shift;
  uint32_t key;
} layer_update;

static bool is_pointwise(const thaw_conv2d* conv) {
  return thaw_conv2d_taps(conv) == 1 && conv->stride_height == 1 && conv->stride_width == 1 &&
         conv->pad_top == 0 && conv->pad_left == 0 && conv->output_height == conv->input_height &&
         conv->output_width == conv->input_width;
}

// Sums over the positions of column `o` of a tile of gradients times a tile of inputs.
static inline void tile_sums(const uint32_t* gradients, int32_t o, const uint32_t* inputs, int32_t positions,
                             uint32_t sums[THAW_COLUMNS]) {
  uint32_t total[THAW_COLUMNS] = {0, 0, 0, 0};
  const uint32_t* end = inputs + thaw_columns_words(positions);
  for (gradients += o; inputs != end; gradients += 8) {
    thaw_columns_add_pairs(&inputs, gradients[0], total);
    thaw_columns_add_pairs(&inputs, gradients[THAW_COLUMNS], total);
  }
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = total[k];
}

// Fills a tile with the gradient of channels o .. o + count - 1. Positions beyond the last are 0.
static void fill_gradients(const layer_update* layer, int32_t o, int32_t count, uint32_t* tile) {
  const thaw_gradient_values gradient = layer->update->gradient;
  const int32_t channels = layer->conv->output_channels;
  const int32_t positions = layer->conv->output_height * layer->conv->output_width;
  if (!gradient.is_16) {
    const thaw_tile_source from = {(const int8_t*)gradient.values, positions, channels, NULL, o, count, 0};
    thaw_tile_fill(&from, tile);
    return;
  }
  for (int32_t i = 0; i < thaw_columns_words(positions); ++i) tile[i] = 0;
  for (int32_t p = 0; p < positions; ++p)
    for (int32_t k = 0; k < count; ++k)
      thaw_tile_add(tile, p, k, thaw_gradient_at(gradient, p * channels + o + k));
}

// Update of a weight (thaw_update_amount); from a shift of 32 on the high word of the product is enough.
static inline int32_t amount_of(const layer_update* layer, uint32_t sum, int32_t multiplier) {
  if (layer->shift < 32 || layer->shift > 62)
    return thaw_update_amount((int32_t)sum, multiplier, layer->shift);
  return thaw_asr32((int32_t)thaw_asr64((int64_t)(int32_t)sum * multiplier, 32), layer->shift - 32);
}

// thaw_weight_step for the weights `index`, which is even, and index + 1, four fraction bits each: they share
// a random word and a byte of fraction bits. Most do not change, and most of those need no look at their
// value: only an initial -128 lies outside the limits.
static inline void step_pair(const layer_update* layer, int32_t index, const uint32_t sums[2],
                             int32_t multiplier) {
  const uint32_t word = thaw_word(layer->key, (uint32_t)index / 2);
  const int32_t amounts[2] = {amount_of(layer, sums[0], multiplier), amount_of(layer, sums[1], multiplier)};
  const int32_t randoms[2] = {(int32_t)(word & 0xFFFFu), (int32_t)(word >> 16)};
  const int8_t* high = layer->trained->high + index;
  if (thaw_asr32(amounts[0] + thaw_asr32(randoms[0], 4), 12) == 0 &&
      thaw_asr32(amounts[1] + thaw_asr32(randoms[1], 4), 12) == 0 && high[0] != INT8_MIN &&
      high[1] != INT8_MIN)
    return;
  for (int32_t k = 0; k < 2; ++k) {
    const int32_t fixed =
        thaw_update_fixed(thaw_weight_read(layer->trained, index + k), amounts[k], randoms[k], 4);
    thaw_weight_write(layer->trained, index + k, fixed);
  }
}

// Moves the weights of output channel o and ranks first .. first + count - 1.
THAW_NOINLINE static void step_weights(const layer_update* layer, int32_t o, int32_t first, int32_t count,
                                       const uint32_t sums[THAW_COLUMNS]) {
  const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
  const int32_t index = o * layer->trained->count + first;
  if (layer->trained->fraction_bits == 4 && index % 2 == 0 && count == THAW_COLUMNS) {
    step_pair(layer, index, sums, multiplier);
    step_pair(layer, index + 2, sums + 2, multiplier);
    return;
  }
  for (int32_t k = 0; k < count; ++k)
    thaw_weight_step(layer->trained, index + k, (int32_t)sums[k], multiplier, layer->shift, layer->key);
}

// The saved input as the matrix whose columns are channels of rank first .. first + count - 1.
static thaw_tile_source inputs_of(const layer_update* layer, int32_t first, int32_t count) {
  const thaw_trained_weights* trained = layer->trained;
  // A gathered input has the trained channels side by side; so has the whole one where all are trained.
  const bool adjacent = layer->input.gathered || trained->count == layer->input.channels;
  const thaw_tile_source from = {layer->input.values,
                                 layer->conv->input_height * layer->conv->input_width,
                                 layer->input.channels,
                                 adjacent ? NULL : trained->channels + first,
                                 first,
                                 count,
                                 layer->conv->input_zero_point};
  return from;
}

// Fills a tile [output positions] with the inputs under tap (ky, kx), whose value is the zero point outside.
THAW_NOINLINE static void fill_tap(const thaw_conv2d* conv, const thaw_tile_source* from, int32_t ky,
                                   int32_t kx, uint32_t* tile) {
  const uint32_t minus = thaw_twice(-from->zero_point);
  const uint32_t outside = ((uint32_t)from->zero_point & 0xFFu) * 0x01010101u;
  const int32_t positions = conv->output_height * conv->output_width;
  const int32_t left = thaw_conv2d_input_x(conv, 0, kx);
  int32_t in_y = thaw_conv2d_input_y(conv, 0, ky);
  int32_t in_x = left;
  int32_t columns = conv->output_width;  // left in the row
  for (int32_t p = 0; p < positions; p += 4, tile += 8) {
    uint32_t words[4];
    for (int32_t q = 0; q < 4; ++q, in_x += conv->stride_width) {
      words[q] = outside;
      if (thaw_conv2d_inside(conv, in_y, in_x))
        words[q] = thaw_tile_row(from, in_y * conv->input_width + in_x);
      if (--columns > 0) continue;
      columns = conv->output_width;
      in_x = left - conv->stride_width;
      in_y += conv->stride_height;
    }
    thaw_tile_put(words[0], words[2], minus, tile);
    thaw_tile_put(words[1], words[3], minus, tile + 4);
  }
}

// Moves the weights of tap `tap` alone, those of output channel o and ranks first .. first + count - 1.
THAW_NOINLINE static void step_tap(const layer_update* layer, int32_t o, int32_t first, int32_t count,
                                   int32_t tap, const uint32_t sums[THAW_COLUMNS]) {
  const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
  const int32_t taps = thaw_conv2d_taps(layer->conv);
  int32_t index = (o * layer->trained->count + first) * taps + tap;
  for (int32_t k = 0; k < count; ++k, index += taps)
    thaw_weight_step(layer->trained, index, (int32_t)sums[k], multiplier, layer->shift, layer->key);
}

// The weights of one tap, or of a 1x1 kernel, and of channels of rank first .. first + count - 1, whose
// inputs are packed at `inputs`; the tile of gradients lies behind them.
static void update_tap(const layer_update* layer, int32_t first, int32_t count, int32_t tap,
                       uint32_t* inputs) {
  const thaw_conv2d* conv = layer->conv;
  const int32_t positions = conv->output_height * conv->output_width;
  uint32_t* const gradients = inputs + thaw_columns_words(positions);
  for (int32_t o = 0; o < conv->output_channels; ++o) {
    if (o % THAW_COLUMNS == 0) {
      const int32_t left = conv->output_channels - o;
      fill_gradients(layer, o, left < THAW_COLUMNS ? left : THAW_COLUMNS, gradients);
    }
    uint32_t sums[THAW_COLUMNS];
    tile_sums(gradients, o % THAW_COLUMNS, inputs, positions, sums);
    if (thaw_conv2d_taps(conv) == 1)
      step_weights(layer, o, first, count, sums);
    else
      step_tap(layer, o, first, count, tap, sums);
  }
}

// Channels of rank first .. first + count - 1.
static void update_block(const layer_update* layer, int32_t first, int32_t count, uint32_t* scratch) {
  const thaw_conv2d* conv = layer->conv;
  const thaw_tile_source from = inputs_of(layer, first, count);
  if (is_pointwise(conv)) {
    thaw_tile_fill(&from, scratch);
    update_tap(layer, first, count, 0, scratch);
    return;
  }
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx) {
      fill_tap(conv, &from, ky, kx, scratch);
      update_tap(layer, first, count, ky * conv->kernel_width + kx, scratch);
    }
  }
}

void thaw_update_conv2d_weights(const thaw_conv2d* conv, const thaw_update* update, thaw_saved_input input,
                                const thaw_trained_weights* trained, int32_t* scratch) {
  const uint32_t stream = thaw_weight_stream(update->convolution);
  const layer_update layer = {conv,
                              update,
                              input,
                              trained,
                              thaw_update_shift(&update->scale, update->gradient_exponent, &update->step),
                              thaw_key(update->step.seed, stream, update->step.step)};
  for (int32_t first = 0; first < trained->count; first += THAW_COLUMNS) {
    const int32_t left = trained->count - first;
    update_block(&layer, first, left < THAW_COLUMNS ? left : THAW_COLUMNS, (uint32_t*)scratch);
  }
}
