// schedule.json: what `thaw search` exports and every other command, the device build and the regression gate
// read. Strict: what a reader does not know, it refuses by name.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sim/plan/schedule.h"

namespace thaw {

class JsonView;

/// Version of the format that this program writes; a file with a larger one is refused by name.
constexpr int kScheduleSchemaVersion = 1;

/// Reads the text of a schedule; `where` names it in messages. Throws Error naming the field, for example
/// "schedule.json: update[3].weights.input_channels[7]", at anything but a complete, well-formed schedule:
/// unknown, missing or repeated keys, wrong types, values out of range, layers or channels out of order.
/// Whether it fits a model is `check_schedule`'s question.
Schedule read_schedule(std::string_view text, const std::string& where);

/// The same for a schedule within a larger document.
Schedule read_schedule(const JsonView& view);

/// The same for a file of at most 16 MiB.
Schedule read_schedule_file(const std::filesystem::path& path);

/// Canonical text: equal schedules give equal bytes, and read_schedule(write_schedule(s)) == s.
std::string write_schedule(const Schedule& schedule);

}  // namespace thaw
