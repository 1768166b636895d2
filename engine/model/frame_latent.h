// Piece of a generated thaw_model.c: what stands for a sample that was seen before, where it crosses the cut
// between the layers that are always the same and those that training changes.
#pragma once

// What a latent is made of, piece after piece.
static const struct {
  int8_t* place;
  uint32_t bytes;
} latent_pieces[] = {PLAN_LATENT_PIECES};

enum { LATENT_PIECES = sizeof latent_pieces / sizeof latent_pieces[0] };

// The forward pass before the cut, where the input is there.
static void prefix(void) {
  PLAN_PREFIX_STEPS;
}

static void keep_latent(int8_t* latent) {
  prefix();
  for (uint32_t p = 0; p < LATENT_PIECES; ++p)
    for (uint32_t i = 0; i < latent_pieces[p].bytes; ++i) *latent++ = latent_pieces[p].place[i];
}

static void take_latent(const int8_t* latent) {
  for (uint32_t p = 0; p < LATENT_PIECES; ++p)
    for (uint32_t i = 0; i < latent_pieces[p].bytes; ++i) latent_pieces[p].place[i] = *latent++;
}

thaw_status thaw_store_latent(const int8_t* input, int8_t* latent) {
  if (state.session.ready != READY) return THAW_NOT_READY;
  if (!input || !latent) return THAW_BAD_ARGUMENT;
  state.session.row = 0;
  take_image(input);
  keep_latent(latent);
  return THAW_OK;
}

thaw_status thaw_finish_latent(int8_t* latent) {
  if (!latent) return THAW_BAD_ARGUMENT;
  if (!ends_image()) return THAW_NOT_READY;
  keep_latent(latent);
  return THAW_OK;
}
