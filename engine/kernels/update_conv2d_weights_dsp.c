// See update.h. For 1x1 convolutions four trained channels at a time: their inputs at all positions are
// packed once and multiplied with the gradient of every output channel. Larger kernels go weight by weight.
#include <stddef.h>

#include "engine/kernels/columns.h"
#include "engine/kernels/random.h"
#include "engine/kernels/tile.h"
#include "engine/kernels/trained_weight.h"
#include "engine/kernels/update.h"
#include "engine/kernels/update_rule.h"
#include "engine/kernels/weight_gradient.h"

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

// Adds the products of four gradients, at positions 0 .. 3 of a group, with the group's columns.
static inline void add_products(const uint32_t* group, const int32_t g[4], uint32_t sums[THAW_COLUMNS]) {
  const uint32_t even = thaw_pack_low((uint32_t)g[0], (uint32_t)g[2]);
  const uint32_t odd = thaw_pack_low((uint32_t)g[1], (uint32_t)g[3]);
  for (int32_t k = 0; k < THAW_COLUMNS; ++k)
    sums[k] = thaw_smlad(odd, group[THAW_COLUMNS + k], thaw_smlad(even, group[k], sums[k]));
}

// Sums over the positions of the gradient of channel o times a tile of inputs.
THAW_NOINLINE static void tile_sums(const layer_update* layer, int32_t o, const uint32_t* tile,
                                    uint32_t sums[THAW_COLUMNS]) {
  const thaw_gradient_values gradient = layer->update->gradient;
  const int32_t channels = layer->conv->output_channels;
  const int32_t positions = layer->conv->output_height * layer->conv->output_width;
  uint32_t total[THAW_COLUMNS] = {0, 0, 0, 0};
  int32_t p = 0;
  if (!gradient.is_16) {
    const int8_t* values = (const int8_t*)gradient.values + o;
    for (; p + 3 < positions; p += 4, values += 4 * channels, tile += 8) {
      const int32_t g[4] = {values[0], values[channels], values[2 * channels], values[3 * channels]};
      add_products(tile, g, total);
    }
  }
  for (; p < positions; p += 4, tile += 8) {
    int32_t g[4] = {0, 0, 0, 0};
    for (int32_t k = 0; k < 4 && p + k < positions; ++k)
      g[k] = thaw_gradient_at(gradient, (p + k) * channels + o);
    add_products(tile, g, total);
  }
  for (int32_t k = 0; k < THAW_COLUMNS; ++k) sums[k] = total[k];
}

// Channels of rank first .. first + count - 1.
static void update_block(const layer_update* layer, int32_t first, int32_t count, uint32_t* tile) {
  const thaw_conv2d* conv = layer->conv;
  const thaw_trained_weights* trained = layer->trained;
  // A gathered input has the trained channels side by side; so has the whole one where all are trained.
  const bool adjacent = layer->input.gathered || trained->count == layer->input.channels;
  const thaw_tile_source from = {layer->input.values,
                                 conv->output_height * conv->output_width,
                                 layer->input.channels,
                                 adjacent ? NULL : trained->channels + first,
                                 first,
                                 count,
                                 conv->input_zero_point};
  thaw_tile_fill(&from, tile);
  for (int32_t o = 0; o < conv->output_channels; ++o) {
    const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
    uint32_t sums[THAW_COLUMNS];
    tile_sums(layer, o, tile, sums);
    for (int32_t k = 0; k < count; ++k)
      thaw_weight_step(trained, o * trained->count + first + k, (int32_t)sums[k], multiplier, layer->shift,
                       layer->key);
  }
}

static void update_one_by_one(const layer_update* layer) {
  const thaw_conv2d* conv = layer->conv;
  int32_t index = 0;
  for (int32_t o = 0; o < conv->output_channels; ++o) {
    const int32_t multiplier = thaw_update_multiplier(&layer->update->scale, o, &layer->update->step);
    for (int32_t j = 0; j < layer->trained->count; ++j) {
      const int32_t column = layer->input.gathered ? j : layer->trained->channels[j];
      for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
        for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++index) {
          const int32_t sum =
              thaw_weight_gradient(conv, layer->update->gradient, layer->input, o, column, ky, kx);
          thaw_weight_step(layer->trained, index, sum, multiplier, layer->shift, layer->key);
        }
      }
    }
  }
}

void thaw_update_conv2d_weights(const thaw_conv2d* conv, const thaw_update* update, thaw_saved_input input,
                                const thaw_trained_weights* trained, int32_t* scratch) {
  const uint32_t stream = THAW_STREAM_WEIGHTS + 2 * (uint32_t)update->convolution;
  const layer_update layer = {conv,
                              update,
                              input,
                              trained,
                              thaw_update_shift(&update->scale, update->gradient_exponent, &update->step),
                              thaw_key(update->step.seed, stream, update->step.step)};
  if (!is_pointwise(conv)) {
    update_one_by_one(&layer);
    return;
  }
  for (int32_t first = 0; first < trained->count; first += THAW_COLUMNS) {
    const int32_t left = trained->count - first;
    update_block(&layer, first, left < THAW_COLUMNS ? left : THAW_COLUMNS, (uint32_t*)scratch);
  }
}
