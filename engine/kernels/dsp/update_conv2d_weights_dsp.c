// See update.h. Four trained channels at a time: their inputs at all positions are packed once (for larger
// kernels once a tap, those under it), then the gradients of four output channels at a time, and both
// multiplied.
#include "engine/kernels/hot.h"

#include <stddef.h>

#include "engine/kernels/column_group.h"
#include "engine/kernels/columns.h"
#include "engine/kernels/tile.h"
#include "engine/kernels/update.h"
#include "engine/kernels/weight_steps.h"

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
static void fill_gradients(const thaw_layer_update* layer, int32_t o, int32_t count, uint32_t* tile) {
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

// The saved input as the matrix whose columns are channels of rank first .. first + count - 1.
static thaw_tile_source inputs_of(const thaw_layer_update* layer, int32_t first, int32_t count) {
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

// The weights of one tap, or of a 1x1 kernel, and of channels of rank first .. first + count - 1, whose
// inputs are packed at `inputs`; the tile of gradients lies behind them.
static void update_tap(const thaw_layer_update* layer, int32_t first, int32_t count, int32_t tap,
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
      thaw_step_weights(layer, o, first, count, sums);
    else
      thaw_step_tap(layer, o, first, count, tap, sums);
  }
}

// Channels of rank first .. first + count - 1.
static void update_block(const thaw_layer_update* layer, int32_t first, int32_t count, uint32_t* scratch) {
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
  const thaw_layer_update layer = thaw_layer_update_of(conv, update, input, trained);
  for (int32_t first = 0; first < trained->count; first += THAW_COLUMNS) {
    const int32_t left = trained->count - first;
    update_block(&layer, first, left < THAW_COLUMNS ? left : THAW_COLUMNS, (uint32_t*)scratch);
  }
}
