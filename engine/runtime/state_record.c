// See state_record.h.
#include "engine/runtime/state_record.h"

#include "engine/runtime/crc32.h"

enum { CHUNK_BYTES = 64 };  // on the stack while a record is checked

// Offsets of the header's words.
enum {
  MAGIC_AT = 0,
  VERSION_AT = 4,
  MODEL_AT = 8,
  SEQUENCE_AT = 12,
  SEED_AT = 16,
  STEP_AT = 20,
  BYTES_AT = 24
};

static const uint32_t magic = UINT32_C(0x57414854);  // "THAW"

static void put_word(uint8_t* at, uint32_t value) {
  for (int32_t i = 0; i < 4; ++i) at[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t word_at(const uint8_t* at) {
  uint32_t value = 0;
  for (int32_t i = 0; i < 4; ++i) value |= (uint32_t)at[i] << (8 * i);
  return value;
}

uint32_t thaw_state_values_crc(const thaw_state_view* view) {
  uint32_t crc = 0;
  for (uint32_t i = 0; i < view->piece_count; ++i)
    crc = thaw_crc32(crc, view->pieces[i].place, view->pieces[i].bytes);
  return crc;
}

void thaw_state_start(const thaw_state_view* view) {
  for (uint32_t i = 0; i < view->piece_count; ++i) {
    uint8_t* place = (uint8_t*)view->pieces[i].place;
    const uint8_t* initial = (const uint8_t*)view->pieces[i].initial;
    for (uint32_t b = 0; b < view->pieces[i].bytes; ++b) place[b] = initial ? initial[b] : 0;
  }
}

thaw_status thaw_record_write(const thaw_state_view* view, uint32_t sequence, thaw_write_bytes write,
                              void* context) {
  uint8_t header[THAW_RECORD_HEADER_BYTES];
  put_word(header + MAGIC_AT, magic);
  put_word(header + VERSION_AT, THAW_RECORD_VERSION);
  put_word(header + MODEL_AT, view->model);
  put_word(header + SEQUENCE_AT, sequence);
  put_word(header + SEED_AT, *view->seed);
  put_word(header + STEP_AT, *view->step);
  put_word(header + BYTES_AT, view->value_bytes);
  uint32_t crc = thaw_crc32(0, header, sizeof header);
  if (!write(context, 0, header, sizeof header)) return THAW_STORAGE_FAILED;
  uint32_t offset = sizeof header;
  for (uint32_t i = 0; i < view->piece_count; ++i) {
    const thaw_state_piece* piece = &view->pieces[i];
    crc = thaw_crc32(crc, piece->place, piece->bytes);
    if (!write(context, offset, piece->place, piece->bytes)) return THAW_STORAGE_FAILED;
    offset += piece->bytes;
  }
  uint8_t end[4];
  put_word(end, crc);
  return write(context, offset, end, sizeof end) ? THAW_OK : THAW_STORAGE_FAILED;
}

// Reads the header and holds it against the model.
static thaw_status check_header(const thaw_state_view* view, thaw_read_bytes read, void* context,
                                uint8_t header[THAW_RECORD_HEADER_BYTES]) {
  if (!read(context, 0, header, THAW_RECORD_HEADER_BYTES)) return THAW_STORAGE_FAILED;
  if (word_at(header + MAGIC_AT) != magic) return THAW_WRONG_VERSION;
  if (word_at(header + VERSION_AT) != THAW_RECORD_VERSION) return THAW_WRONG_VERSION;
  if (word_at(header + MODEL_AT) != view->model) return THAW_WRONG_MODEL;
  if (word_at(header + BYTES_AT) != view->value_bytes) return THAW_WRONG_SIZE;
  return THAW_OK;
}

// Whether the word at `offset`, after the values, is `crc`.
static thaw_status check_end(thaw_read_bytes read, void* context, uint32_t offset, uint32_t crc) {
  uint8_t end[4];
  if (!read(context, offset, end, sizeof end)) return THAW_STORAGE_FAILED;
  return word_at(end) == crc ? THAW_OK : THAW_CORRUPT;
}

// Whether `count` bytes of a piece, from byte `at` on, are values within its limit: sums of the forward pass
// fit into int32 for those alone.
static bool within_limit(const thaw_state_piece* piece, uint32_t at, const uint8_t* bytes, uint32_t count) {
  if (piece->limit == 0) return true;
  if (piece->limit == 127) {
    const uint8_t* initial = (const uint8_t*)piece->initial;
    for (uint32_t i = 0; i < count; ++i)
      if (bytes[i] == 0x80 && !(initial && initial[at + i] == 0x80)) return false;
    return true;
  }
  for (uint32_t i = 0; i + 4 <= count; i += 4) {
    const uint32_t word = word_at(bytes + i);
    const uint32_t magnitude = word >> 31 ? 0 - word : word;
    if (magnitude > (uint32_t)piece->limit) return false;
  }
  return true;
}

thaw_status thaw_record_check(const thaw_state_view* view, thaw_read_bytes read, void* context,
                              uint32_t* sequence) {
  uint8_t header[THAW_RECORD_HEADER_BYTES];
  const thaw_status status = check_header(view, read, context, header);
  if (status != THAW_OK) return status;
  uint32_t crc = thaw_crc32(0, header, sizeof header);
  uint32_t offset = sizeof header;
  bool good = true;
  for (uint32_t i = 0; i < view->piece_count; ++i) {
    const thaw_state_piece* piece = &view->pieces[i];
    uint32_t count;
    for (uint32_t at = 0; at < piece->bytes; at += count) {
      uint8_t chunk[CHUNK_BYTES];
      count = piece->bytes - at < CHUNK_BYTES ? piece->bytes - at : CHUNK_BYTES;
      if (!read(context, offset, chunk, count)) return THAW_STORAGE_FAILED;
      crc = thaw_crc32(crc, chunk, count);
      good = good && within_limit(piece, at, chunk, count);
      offset += count;
    }
  }
  *sequence = word_at(header + SEQUENCE_AT);
  const thaw_status end = check_end(read, context, offset, crc);
  return end == THAW_OK && !good ? THAW_CORRUPT : end;
}

thaw_status thaw_record_read(const thaw_state_view* view, thaw_read_bytes read, void* context,
                             bool* changed) {
  *changed = false;
  uint32_t sequence;
  thaw_status status = thaw_record_check(view, read, context, &sequence);
  if (status != THAW_OK) return status;
  uint8_t header[THAW_RECORD_HEADER_BYTES];
  status = check_header(view, read, context, header);
  if (status != THAW_OK) return status;
  *changed = true;
  uint32_t crc = thaw_crc32(0, header, sizeof header);
  uint32_t offset = sizeof header;
  for (uint32_t i = 0; i < view->piece_count; ++i) {
    const thaw_state_piece* piece = &view->pieces[i];
    if (!read(context, offset, piece->place, piece->bytes)) return THAW_STORAGE_FAILED;
    crc = thaw_crc32(crc, piece->place, piece->bytes);
    offset += piece->bytes;
  }
  *view->seed = word_at(header + SEED_AT);
  *view->step = word_at(header + STEP_AT);
  return check_end(read, context, offset, crc);
}
