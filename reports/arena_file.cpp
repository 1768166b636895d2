#include "reports/arena_file.h"

namespace thaw {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 48;  // sums of offsets and sizes stay exact

ArenaStep read_step(const JsonView& view) {
  const auto stream = view.optional_field("stream");
  return {view.field("name").string(), view.field("phase").string(),
          view.field("live_bytes").integer(0, kMostBytes), view.field("at_peak").boolean(),
          stream ? stream->integer(0) : -1};
}

ArenaBuffer read_buffer(const JsonView& view, int64_t steps) {
  ArenaBuffer buffer;
  buffer.name = view.field("name").string();
  buffer.kind = view.field("kind").string();
  buffer.offset = view.field("offset").integer(0, kMostBytes);
  buffer.bytes = view.field("bytes").integer(0, kMostBytes);
  buffer.first_step = view.field("first_step").integer(0, steps - 1);
  buffer.last_step = view.field("last_step").integer(buffer.first_step, steps - 1);
  return buffer;
}

}  // namespace

ArenaMap read_arena_map(const JsonView& view) {
  check_schema_version(view, 1);
  ArenaMap map;
  const JsonView layout = view.field("layout");
  map.peak_bytes = layout.field("peak_bytes").integer(0, kMostBytes);
  map.lower_bound_bytes = layout.field("lower_bound_bytes").integer(0, kMostBytes);
  map.proven_optimal = layout.field("proven_optimal").boolean();
  if (const auto trains = view.optional_field("trains")) map.trains = trains->boolean();
  if (const auto board = view.optional_field("board")) map.board = board->field("name").string();
  const JsonView totals = view.field("totals");
  map.ram_bytes = totals.field("ram_bytes").integer(0);
  map.flash_bytes = totals.field("flash_bytes").integer(0);
  map.macs_per_step = totals.field("macs_per_step").integer(0);
  if (const auto predicted = totals.optional_field("instructions_estimate");
      predicted && !predicted->is_null())
    map.instructions_per_step = predicted->field("per_step").integer(0);
  map.arena_bytes = totals.field("arena_bytes").integer(0);
  map.persistent_bytes = totals.field("persistent_bytes").integer(0);
  map.stack_bytes = totals.field("stack_bytes").integer(0);
  map.constant_bytes = totals.field("constant_bytes").integer(0);
  map.code_bytes = totals.field("code_bytes_estimate").integer(0);
  for (const JsonView& item : view.field("steps").items()) map.steps.push_back(read_step(item));
  if (map.steps.empty()) view.field("steps").fail("the plan has no steps");
  for (const JsonView& item : view.field("buffers").items())
    if (item.field("region").string() == "arena")
      map.buffers.push_back(read_buffer(item, static_cast<int64_t>(map.steps.size())));
  return map;
}

}  // namespace thaw
