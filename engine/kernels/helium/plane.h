// One channel of a depthwise convolution as Helium takes it: the rows under the kernel lie in a ring, column
// by column (byte x * rows + slot; row y of the padded image is in slot y % rows), so that a window is one
// run of bytes wherever it begins. The kernel lies there column by column too, every column twice, so that it
// can be read turned to the ring's beginning.
// Used by the *_helium.c kernels of depthwise convolutions and of their input gradients.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/kernels/conv2d.h"
#include "engine/kernels/helium/helium.h"

enum { THAW_PLANE_PIECES = 4 };  // vectors of the largest kernel that is kept in registers

/// Where the taps lie in a window: tap (ky, kx) in row `row` + ky * row_step and column `column` + kx *
/// column_step.
typedef struct thaw_plane_taps {
  int32_t row, row_step, column, column_step;
} thaw_plane_taps;

/// The ring and the kernel of one channel.
typedef struct thaw_plane {
  int32_t rows, columns;  // of the ring; rows are those under a window
  int32_t width;          // columns under a window
  int32_t zero_point;     // what padding holds
  thaw_plane_taps taps;
  int8_t* ring;     // [columns][rows]
  int8_t* kernel;   // [width][2][rows], then rows + 1 times 0
  uint8_t* window;  // offset in `kernel` of every byte of a window, in whole vectors
  uint8_t* places;  // offset in `kernel` of every tap
} thaw_plane;

/// Bytes of a window, and of the vectors that hold them.
THAW_INSIDE int32_t thaw_plane_window_bytes(const thaw_plane* plane) {
  return plane->rows * plane->width;
}
THAW_INSIDE int32_t thaw_plane_padded_bytes(const thaw_plane* plane) {
  return (thaw_plane_window_bytes(plane) + THAW_BYTES - 1) / THAW_BYTES * THAW_BYTES;
}

/// Whether a kernel fits into registers, and offsets into it into bytes. Others are read where they are.
THAW_INSIDE bool thaw_plane_is_small(const thaw_plane* plane) {
  return thaw_plane_window_bytes(plane) <= THAW_PLANE_PIECES * THAW_BYTES;
}

/// Bytes that thaw_plane_begin takes at most.
THAW_INSIDE int32_t thaw_plane_bytes(const thaw_plane* plane, int32_t taps) {
  const int32_t bytes = thaw_plane_window_bytes(plane);
  // A window at the ring's end is read in whole vectors.
  const int32_t behind = 2 * bytes + plane->rows + 1 + thaw_plane_padded_bytes(plane) + taps;
  return plane->rows * plane->columns + (thaw_plane_is_small(plane) ? behind : 0) + THAW_BYTES;
}

// The offsets of a small kernel.
static inline void thaw_plane_set_offsets(const thaw_plane* plane, const thaw_conv2d* conv) {
  const int32_t bytes = thaw_plane_window_bytes(plane);
  thaw_row_fill((int8_t*)plane->window, 2 * bytes, thaw_plane_padded_bytes(plane));
  for (int32_t x = 0; x < plane->width; ++x)
    for (int32_t y = 0; y < plane->rows; ++y)
      plane->window[x * plane->rows + y] = (uint8_t)(2 * x * plane->rows + y);
  const thaw_plane_taps* taps = &plane->taps;
  uint8_t* place = plane->places;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky)
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, ++place)
      *place = (uint8_t)(2 * (taps->column + kx * taps->column_step) * plane->rows + taps->row +
                         ky * taps->row_step);
}

/// Lays a plane out in scratch, padding everywhere.
static inline void thaw_plane_begin(thaw_plane* plane, const thaw_conv2d* conv, int8_t* scratch) {
  const int32_t bytes = thaw_plane_window_bytes(plane);
  const int32_t kernel_bytes = 2 * bytes + plane->rows + 1;
  plane->ring = scratch;
  thaw_row_fill(plane->ring, plane->zero_point, plane->rows * plane->columns);
  if (!thaw_plane_is_small(plane)) return;
  plane->kernel = scratch + plane->rows * plane->columns;
  plane->window = (uint8_t*)plane->kernel + kernel_bytes;
  plane->places = plane->window + thaw_plane_padded_bytes(plane);
  thaw_row_fill(plane->kernel, 0, kernel_bytes);
  thaw_plane_set_offsets(plane, conv);
}

/// Reads the weights of a channel: `taps` of them, `step` bytes apart.
THAW_INSIDE void thaw_plane_read_kernel(const thaw_plane* plane, const int8_t* weights, int32_t step,
                                        int32_t taps) {
  thaw_row_place(plane->kernel, plane->places, weights, step, taps);
  thaw_row_place(plane->kernel + plane->rows, plane->places, weights, step, taps);
}

/// The slot of row y of the padded image, which may lie above it.
THAW_INSIDE int32_t thaw_plane_slot(const thaw_plane* plane, int32_t y) {
  const int32_t slot = y % plane->rows;
  return slot < 0 ? slot + plane->rows : slot;
}

/// The kernel for windows that begin at a slot: [width][rows] at offsets `window`.
THAW_INSIDE const int8_t* thaw_plane_turned(const thaw_plane* plane, int32_t slot) {
  return plane->kernel + plane->rows - slot;
}

/// Puts `count` pixels, `step` bytes apart, into a slot of the ring, from column `column` on and `every`
/// columns apart.
THAW_INSIDE void thaw_plane_put_row(const thaw_plane* plane, int32_t slot, int32_t column, int32_t every,
                                    const int8_t* from, int32_t step, int32_t count) {
  thaw_row_spread(plane->ring + column * plane->rows + slot, every * plane->rows, from, step, count);
}

/// Fills a slot of the ring with padding.
THAW_INSIDE void thaw_plane_clear_row(const thaw_plane* plane, int32_t slot) {
  const int8_t padding = (int8_t)plane->zero_point;
  thaw_row_spread(plane->ring + slot, plane->rows, &padding, 0, plane->columns);
}

/// The slot of the row `more` rows below that of `slot`; more is at most the number of rows.
THAW_INSIDE int32_t thaw_plane_below(const thaw_plane* plane, int32_t slot, int32_t more) {
  slot += more;
  return slot >= plane->rows ? slot - plane->rows : slot;
}

/// The products of the window at row y and column x with a kernel of any size, whose weights are `step` bytes
/// apart where they are.
static inline int32_t thaw_plane_any_sum(const thaw_plane* plane, const thaw_conv2d* conv,
                                         const int8_t* weights, int32_t step, int32_t y, int32_t x) {
  const thaw_plane_taps* taps = &plane->taps;
  int32_t sum = 0;
  for (int32_t ky = 0; ky < conv->kernel_height; ++ky) {
    const int32_t slot = thaw_plane_slot(plane, y + taps->row + ky * taps->row_step);
    for (int32_t kx = 0; kx < conv->kernel_width; ++kx, weights += step)
      sum += plane->ring[(x + taps->column + kx * taps->column_step) * plane->rows + slot] * *weights;
  }
  return sum;
}

#ifdef THAW_HELIUM
// The first vector of the window at %[window], the next ones, and the step to the next window.
#define THAW_WINDOW_FIRST(sum) "vldrb.8 q0, [%[window]]\n\tvmladav.s8 %[" sum "], q0, %q[first]\n\t"
#define THAW_WINDOW_NEXT(sum, place, piece) \
  "vldrb.8 q0, [%[window], " place "]\n\tvmladava.s8 %[" sum "], q0, %q[" piece "]\n\t"
#define THAW_WINDOW_STEP "add %[window], %[window], %[step]\n\t"
#define THAW_FOUR_WINDOWS(more)                                                                         \
  __asm__(THAW_WINDOW_FIRST("a") more("a") THAW_WINDOW_STEP THAW_WINDOW_FIRST("b") more("b")            \
              THAW_WINDOW_STEP THAW_WINDOW_FIRST("c") more("c") THAW_WINDOW_STEP THAW_WINDOW_FIRST("d") \
                  more("d")                                                                             \
          : [a] "=&Te"(sums[0]), [b] "=&Te"(sums[1]), [c] "=&Te"(sums[2]), [d] "=&Te"(sums[3]),         \
            [window] "+r"(window)                                                                       \
          : [step] "r"(step), [first] "w"(held[0]), [second] "w"(held[1]), [third] "w"(held[2]),        \
            [fourth] "w"(held[3])                                                                       \
          : "q0", "memory")
#define THAW_ONE_PIECE(sum) ""
#define THAW_TWO_PIECES(sum) THAW_WINDOW_NEXT(sum, "#16", "second")
#define THAW_THREE_PIECES(sum) THAW_TWO_PIECES(sum) THAW_WINDOW_NEXT(sum, "#32", "third")
#define THAW_FOUR_PIECES(sum) THAW_THREE_PIECES(sum) THAW_WINDOW_NEXT(sum, "#48", "fourth")
#endif

/// The sums of four windows, `step` bytes apart, with a kernel of `pieces` vectors, which is a constant. The
/// compiler would keep an address for every load.
THAW_INSIDE void thaw_plane_four_sums(const thaw_bytes held[THAW_PLANE_PIECES], int32_t pieces,
                                      const int8_t* window, int32_t step, int32_t sums[THAW_LANES]) {
#ifdef THAW_HELIUM
  if (pieces == 1) THAW_FOUR_WINDOWS(THAW_ONE_PIECE);
  if (pieces == 2) THAW_FOUR_WINDOWS(THAW_TWO_PIECES);
  if (pieces == 3) THAW_FOUR_WINDOWS(THAW_THREE_PIECES);
  if (pieces == 4) THAW_FOUR_WINDOWS(THAW_FOUR_PIECES);
#else
  for (int32_t k = 0; k < THAW_LANES; ++k, window += step) {
    sums[k] = 0;
    for (int32_t i = 0; i < pieces; ++i)
      sums[k] = thaw_bytes_dot(sums[k], held[i], thaw_bytes_load(window + THAW_BYTES * i));
  }
#endif
}
