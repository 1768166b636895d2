// Piece of a generated thaw_model.c: where the input goes, whole or row by row, and the steps that rows make
// possible. `state.session.row` says how many were given.
#pragma once

#if PLAN_BY_ROWS
// Where in the arena the rows of an image go; -1: nothing of the row is read.
static const int32_t row_places[THAW_INPUT_ROWS] = {PLAN_ROW_PLACES};

static int8_t* row_place(uint32_t row) {
  return row_places[row] < 0 ? NULL : ARENA(int8_t, row_places[row]);
}

// The steps that the rows up to this one suffice for.
static void run_row(uint32_t row) {
  switch (row) {
    // One case for each row that makes steps possible.
    PLAN_ROW_CASES;
  }
}

#else
int8_t* thaw_input(void) {
  return PLAN_INPUT;
}

static int8_t* row_place(uint32_t row) {
  return thaw_input() + row * THAW_INPUT_ROW_BYTES;
}

#endif
static void take_row(uint32_t row, const int8_t* from) {
  int8_t* place = row_place(row);
  if (place && place != from)
    for (uint32_t i = 0; i < THAW_INPUT_ROW_BYTES; ++i) place[i] = from[i];
#if PLAN_BY_ROWS
  run_row(row);
#endif
}

static void take_image(const int8_t* input) {
  for (uint32_t row = 0; row < THAW_INPUT_ROWS; ++row) take_row(row, input + row * THAW_INPUT_ROW_BYTES);
}

int8_t* thaw_input_row(void) {
  const uint32_t row = state.session.row;
  return row != 0 && row <= THAW_INPUT_ROWS ? row_place(row - 1) : NULL;
}

thaw_status thaw_rows(const int8_t* rows, int32_t count) {
  if (state.session.row == 0) return THAW_NOT_READY;
  if (!rows || count < 0 || count > THAW_INPUT_ROWS + 1 - state.session.row) return THAW_BAD_ARGUMENT;
  for (; count > 0; --count, rows += THAW_INPUT_ROW_BYTES) take_row(state.session.row++ - 1u, rows);
  return THAW_OK;
}

// True where all rows of an image are there; it is used up then.
static bool ends_image(void) {
  if (state.session.row != THAW_INPUT_ROWS + 1) return false;
  state.session.row = 0;
  return true;
}
