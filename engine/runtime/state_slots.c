// See state_slots.h.
#include "engine/runtime/state_slots.h"

// One slot as a record's storage.
typedef struct slot_storage {
  const thaw_slots* slots;
  int32_t slot;
} slot_storage;

static bool write_slot(void* context, uint32_t offset, const void* bytes, uint32_t count) {
  const slot_storage* at = (const slot_storage*)context;
  return at->slots->write(at->slots->context, at->slot, offset, bytes, count);
}

static bool read_slot(void* context, uint32_t offset, void* bytes, uint32_t count) {
  const slot_storage* at = (const slot_storage*)context;
  return at->slots->read(at->slots->context, at->slot, offset, bytes, count);
}

// The slot with the newest complete record and its sequence number; -1 where there is none. Sequence numbers
// are compared by their distance, so that they may wrap.
static int32_t newest_slot(const thaw_state_view* view, const thaw_slots* slots, uint32_t* sequence) {
  int32_t newest = -1;
  *sequence = 0;
  for (int32_t slot = 0; slot < 2; ++slot) {
    slot_storage storage = {slots, slot};
    uint32_t found;
    if (thaw_record_check(view, read_slot, &storage, &found) != THAW_OK) continue;
    if (newest >= 0 && found - *sequence >= UINT32_C(0x80000000)) continue;
    newest = slot;
    *sequence = found;
  }
  return newest;
}

thaw_status thaw_slots_save(const thaw_state_view* view, const thaw_slots* slots) {
  uint32_t sequence;
  slot_storage storage = {slots, newest_slot(view, slots, &sequence) == 0 ? 1 : 0};
  if (!slots->erase(slots->context, storage.slot)) return THAW_STORAGE_FAILED;
  return thaw_record_write(view, sequence + 1, write_slot, &storage);
}

thaw_status thaw_slots_load(const thaw_state_view* view, const thaw_slots* slots, bool* changed) {
  *changed = false;
  uint32_t sequence;
  slot_storage storage = {slots, newest_slot(view, slots, &sequence)};
  if (storage.slot < 0) return THAW_NO_STATE;
  return thaw_record_read(view, read_slot, &storage, changed);
}
